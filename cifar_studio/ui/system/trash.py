"""Deleting runs without losing them: they go to the system's bin, and come back from there."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder.run_folder import RunFolder


@dataclass(frozen=True)
class Deleted:
    """A run that lies in the bin."""

    path: Path  # where it was
    in_bin: Path | None  # where it is; None where the system does not tell


def move_to_bin(path: Path) -> Deleted:
    """Move a run folder to the system's bin.

    Raises
    ------
    RunFolderError
        The run is in use, or there is no bin that takes it; nothing is deleted then.
    """
    if RunFolder(path).is_held():
        raise RunFolderError(f"{path.name} is in use", "Stop the run, and delete it then")
    if not path.exists():
        raise RunFolderError(f"{path.name} is gone already", "Look at the runs again (F5)")
    _make_bin()
    file = QFile(str(path))
    if not file.moveToTrash():
        raise RunFolderError(
            f"the system's bin did not take {path.name}; nothing was deleted",
            f"Delete the folder {path} yourself",
        )
    now = Path(file.fileName())
    return Deleted(path, now if now != path and file.fileName() else None)


def restore(deleted: Deleted) -> None:
    """Put a run back where it was.

    Raises
    ------
    RunFolderError
        It is not in the bin any more, or something else stands in its place.
    """
    if deleted.in_bin is None or not deleted.in_bin.exists():
        raise RunFolderError(
            f"{deleted.path.name} cannot be found in the bin", "Look for it in the system's bin"
        )
    if os.path.lexists(deleted.path):
        raise RunFolderError(
            f"there is another {deleted.path.name} now", f"It stays in the bin: {deleted.in_bin}"
        )
    try:
        deleted.path.parent.mkdir(parents=True, exist_ok=True)
        deleted.in_bin.rename(deleted.path)
    except OSError as error:
        raise RunFolderError(
            f"{deleted.path} cannot be written ({error.strerror or error})",
            f"It stays in the bin: {deleted.in_bin}",
        ) from error
    # What the bin noted down about it (freedesktop.org's Trash specification).
    info = deleted.in_bin.parent.parent / "info" / f"{deleted.in_bin.name}.trashinfo"
    with contextlib.suppress(OSError):
        info.unlink()


def _make_bin() -> None:
    """A home without a bin yet: Qt makes none, and would refuse."""
    if os.name == "posix":
        data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
        with contextlib.suppress(OSError):
            for part in ("files", "info"):
                (Path(data) / "Trash" / part).mkdir(parents=True, exist_ok=True, mode=0o700)
