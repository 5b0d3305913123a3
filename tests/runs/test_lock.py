"""The lock of a run folder: one holder, no trace of those who only ask, free after any death."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import filelock
import pytest

from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder import lock
from cifar_studio.runs.folder.run_folder import RunFolder

HOLD = """
import pathlib, sys
from cifar_studio.runs.folder.run_folder import RunFolder
lock = RunFolder(pathlib.Path(sys.argv[1])).hold()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


@pytest.fixture
def holder(folder: RunFolder) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_that_no_death_leaves_a_lock(
    death: int, folder: RunFolder, holder: subprocess.Popen[bytes]
) -> None:
    assert folder.is_held()
    with pytest.raises(RunFolderError, match="in use by another process"):
        folder.hold()
    holder.send_signal(death)
    holder.wait(20)
    assert folder.lock_file.exists()
    assert not folder.is_held()
    folder.hold().release()


def test_that_asking_neither_writes_nor_makes_a_file(folder: RunFolder) -> None:
    assert not folder.is_held()
    assert not folder.lock_file.exists()
    folder.lock_file.write_bytes(b"a stranger's words")
    os.utime(folder.lock_file, (1, 1))
    assert not folder.is_held()
    assert folder.lock_file.read_bytes() == b"a stranger's words"
    assert folder.lock_file.stat().st_mtime == 1


def test_that_two_who_ask_do_not_take_each_other_for_the_holder(folder: RunFolder) -> None:
    folder.lock_file.touch()
    with folder.lock_file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # as one who asks
        assert not folder.is_held()


def test_that_who_takes_it_waits_for_those_who_ask(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.lock_file.touch()
    monkeypatch.setattr(lock, "WAIT_S", 20)
    with folder.lock_file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        timer = threading.Timer(0.2, lambda: fcntl.flock(other, fcntl.LOCK_UN))
        timer.start()
        held = folder.hold()
        timer.join()
    assert folder.is_held()
    held.release()


def raising(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError(30, "Read-only file system"), "Read-only file system"),
        (OSError(40, "Too many levels of symbolic links"), "Too many levels"),
        (NotImplementedError("no flock"), "the disk knows no locks"),
    ],
)
def test_that_a_disk_that_gives_no_lock_is_told_in_one_line(
    error: Exception, words: str, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelock.FileLock, "acquire", raising(error))
    with pytest.raises(RunFolderError, match=words) as caught:
        folder.hold()
    assert caught.value.remedy
    assert not folder.is_held()


def test_that_a_disk_without_such_locks_is_asked_another_way(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.lock_file.touch()
    monkeypatch.setattr(lock, "_is_locked", lambda _: None)
    assert not folder.is_held()
    held = folder.hold()
    assert folder.is_held()
    held.release()
    assert not folder.is_held()
    monkeypatch.setattr(filelock.FileLock, "acquire", raising(NotImplementedError()))
    assert not folder.is_held()
