"""Reads of files that anybody may have put there."""

from __future__ import annotations

import os
import socket
import time
import tracemalloc
from pathlib import Path

import pytest

from cifar_studio.reading import open_file, read_bytes


def test_that_an_ordinary_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with open_file(path) as file:
        assert file.read() == b"12345"
    with pytest.raises(OSError, match="longer than 4 bytes"):
        read_bytes(path, 4)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "b", 4)


@pytest.mark.timeout(10)
def test_that_a_pipe_is_refused_at_once_also_behind_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="no ordinary file"):
            open_file(tmp_path / name)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_that_a_device_is_refused_and_not_even_opened(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(device)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(OSError, match="no ordinary file"):
        read_bytes(tmp_path / "link", 100)


@pytest.mark.timeout(10)
def test_that_a_pipe_that_takes_the_place_of_a_file_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary, pipe = tmp_path / "ordinary", tmp_path / "pipe"
    ordinary.write_bytes(b"")
    os.mkfifo(pipe)
    facts = ordinary.stat()
    before = set(Path("/dev/fd").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", lambda *_: facts)  # what stood there a moment ago
        with pytest.raises(OSError, match="no ordinary file"):
            open_file(pipe)
    assert set(Path("/dev/fd").iterdir()) == before


def test_that_folders_loops_and_sockets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        for name in ("folder", "loop", "socket"):
            with pytest.raises(OSError):
                read_bytes(tmp_path / name, 100)


def test_that_a_file_of_gigabytes_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    tracemalloc.start()
    start = time.monotonic()
    try:
        with pytest.raises(OSError, match="longer than"):
            read_bytes(path, 64 * 2**20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
    assert time.monotonic() - start < 1
