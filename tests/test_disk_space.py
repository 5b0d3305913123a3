"""Full disks: found out and told, each with what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from cifar_studio.disk_space import (
    check_free,
    is_full,
    refused_save,
    unwritable_file,
    unwritable_run,
)
from cifar_studio.errors import RunFolderError

FULL = OSError(errno.ENOSPC, "No space left on device")
FORBIDDEN = OSError(errno.EACCES, "Permission denied")


def test_that_a_full_disk_and_a_spent_share_of_it_are_told_apart_from_other_faults() -> None:
    assert is_full(FULL)
    assert is_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_full(FORBIDDEN)


def test_that_too_little_room_is_told_with_both_numbers(tmp_path: Path) -> None:
    check_free(tmp_path, 1, "a run takes")
    with pytest.raises(RunFolderError, match=r"a run takes 1,\d{3},\d{3},\d{3} MiB in .* are free"):
        check_free(tmp_path, 2**50, "a run takes")


def test_that_the_remedy_fits_what_cannot_be_written(tmp_path: Path) -> None:
    refused = refused_save(tmp_path, FULL)
    assert (refused.reason, refused.remedy) == ("disk", "Free space there, then go on")
    assert refused.fault == f"{tmp_path} cannot be written (No space left on device)"
    assert "can be written" in refused_save(tmp_path, FORBIDDEN).remedy
    assert "is gone" in refused_save(tmp_path / "none", FULL).fault
    assert "--runs" in unwritable_run(tmp_path, FULL).remedy
    assert "copy" in unwritable_run(tmp_path, FULL, "work on a copy of it").remedy
    assert unwritable_file(tmp_path, OSError("broken")).fault.endswith("(broken)")
