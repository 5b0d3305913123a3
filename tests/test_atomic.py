"""Writes that are whole or not there, and lead to no other place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest

from cifar_studio import atomic

FULL = OSError(28, "No space left on device")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def test_that_the_old_contents_get_the_other_name(tmp_path: Path) -> None:
    path, before = tmp_path / "a", tmp_path / "b"
    for contents in (b"1", b"2", b"3"):
        atomic.write_file(path, lambda file, c=contents: put(file, c), keep_as=before)  # type: ignore[misc]
    assert (path.read_bytes(), before.read_bytes()) == (b"3", b"2")
    assert names(tmp_path) == ["a", "b"]


def test_that_a_refused_write_keeps_both_old_files(tmp_path: Path) -> None:
    path, before = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"2")
    before.write_bytes(b"1")

    def refuse(_: BinaryIO) -> None:
        raise FULL

    with pytest.raises(OSError, match="No space"):
        atomic.write_file(path, refuse, keep_as=before)
    assert (path.read_bytes(), before.read_bytes()) == (b"2", b"1")
    assert names(tmp_path) == ["a", "b"]


def test_that_a_write_replaces_a_link_and_not_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"somebody's own")
    (tmp_path / "a").symlink_to("outside")
    atomic.write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "outside").read_bytes() == b"somebody's own"
    assert not (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("name", ["x" * 250, "ü" * 120, "🙂" * 60])
def test_that_a_name_may_be_as_long_as_the_file_system_takes(name: str, tmp_path: Path) -> None:
    atomic.write_bytes(tmp_path / name, b"1")
    (tmp_path / "source").write_bytes(b"2")
    atomic.link_or_copy(tmp_path / "source", tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"2"
    assert names(tmp_path) == sorted([name, "source"])


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["link", "dangling", "loop", "pipe", "device", "folder"])
def test_that_lines_are_appended_to_ordinary_files_only(kind: str, tmp_path: Path) -> None:
    path, outside = tmp_path / "a", tmp_path / "outside"
    outside.write_bytes(b"somebody's own")
    targets = {"link": "outside", "dangling": "nothing", "loop": "a", "device": "/dev/null"}
    if kind in targets:
        path.symlink_to(targets[kind])
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(OSError):
        atomic.append_line(path, "1")
    assert names(tmp_path) == ["a", "outside"]
    assert outside.read_bytes() == b"somebody's own"


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_that_a_torn_line_of_any_length_is_cut_off(length: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"whole\n" + b"x" * length)
    atomic.append_line(path, "next")
    assert path.read_bytes() == b"whole\nnext\n"
    path.write_bytes(b"x" * length)
    atomic.append_line(path, "next")
    assert path.read_bytes() == b"next\n"


def test_that_a_second_name_keeps_its_contents_when_the_first_is_written(tmp_path: Path) -> None:
    source, target = tmp_path / "last", tmp_path / "best"
    atomic.write_bytes(source, b"1")
    atomic.link_or_copy(source, target)
    atomic.link_or_copy(source, target)
    atomic.write_bytes(source, b"2")
    assert target.read_bytes() == b"1"
    assert names(tmp_path) == ["best", "last"]


def test_that_a_disk_without_links_gets_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "last").write_bytes(b"1")
    atomic.link_or_copy(tmp_path / "last", tmp_path / "best")
    assert (tmp_path / "best").read_bytes() == b"1"
    assert names(tmp_path) == ["best", "last"]


def test_that_leftovers_go_and_all_else_stays(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"1")
    (tmp_path / ".last.pt.abc.part").write_bytes(b"1")
    (tmp_path / ".link.part").symlink_to("last.pt")
    (tmp_path / ".folder.part").mkdir()
    atomic.remove_leftovers(tmp_path)
    assert names(tmp_path) == [".folder.part", "last.pt"]


def put(file: BinaryIO, data: bytes) -> None:
    file.write(data)


@pytest.mark.parametrize("refusals", [3, 10**6])
def test_that_a_write_waits_for_a_reader_where_that_is_in_the_way(
    refusals: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename, left = tmp_path / "a", Path.replace, [refusals]
    path.write_bytes(b"1")

    def refuse(source: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] >= 0:
            raise PermissionError(13, "Permission denied")
        return rename(source, target)

    monkeypatch.setattr(atomic, "_READERS_ARE_IN_THE_WAY", True)
    monkeypatch.setattr(atomic, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(Path, "replace", refuse)
    if refusals == 3:
        atomic.write_bytes(path, b"2")
        assert path.read_bytes() == b"2"
    else:
        with pytest.raises(PermissionError):
            atomic.write_bytes(path, b"2")
        assert path.read_bytes() == b"1"
    assert names(tmp_path) == ["a"]
