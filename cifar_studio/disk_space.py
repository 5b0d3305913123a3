"""Full disks and places that refuse a write: how they are found out, and told to a person.

The download has words of its own (`data/download/`): it can go on where it broke off.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from cifar_studio.errors import BadInputError, RunFolderError, TrainingError

_MIB = 2**20


def is_full(error: OSError) -> bool:
    """Whether a write failed for want of space, on the disk or in a person's share of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def check_free(folder: Path, needed_bytes: float, what: str) -> None:
    """Raise RunFolderError where less is free; `what` begins its sentence: "a run takes"."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise RunFolderError(
            f"{what} {needed_bytes / _MIB:,.0f} MiB in {folder}, and {free_bytes / _MIB:,.0f} MiB "
            "are free",
            "Free space there, or choose another place with --runs",
            "disk",
        )


def unwritable_run(
    path: Path, error: OSError, way_out: str = "choose another place with --runs"
) -> RunFolderError:
    """The error of a run folder, or a folder of runs, that cannot be written."""
    remedy = f"Free space or mend the folder, or {way_out}"
    return RunFolderError(_refused(path, error), remedy, "disk")


def unwritable_file(path: Path, error: OSError) -> BadInputError:
    """The error of a file that a person asked for and that cannot be written."""
    return BadInputError(_refused(path, error), "Choose another place, or free space")


def refused_save(folder: Path, error: OSError) -> TrainingError:
    """The error of a training whose run folder cannot be written."""
    if not folder.is_dir():
        return TrainingError(
            f"the run's folder {folder} is gone",
            "Put it back, from the bin perhaps, then go on",
            "disk",
        )
    remedy = "Free space there" if is_full(error) else "See to it that it can be written"
    return TrainingError(_refused(folder, error), f"{remedy}, then go on", "disk")


def _refused(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror or error})"
