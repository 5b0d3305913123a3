"""Sealed zips: other readers take them, and every damage shows."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from cifar_studio import sealed


def write_zip(file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", random.Random(0).randbytes(20_000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    sealed.write(tmp_path / "a.zip", write_zip)
    return tmp_path / "a.zip"


def is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            sealed.verify(file)
        except sealed.BrokenSealError:
            return False
        assert file.tell() == 0
        return True


def test_that_a_sealed_zip_is_a_zip_like_any_other(path: Path) -> None:
    assert is_whole(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("a.txt") == random.Random(0).randbytes(20_000)


def test_that_each_bit_of_the_ending_and_of_a_sample_before_it_counts(path: Path) -> None:
    whole = path.read_bytes()
    places = {*range(len(whole) - 300, len(whole)), *range(0, len(whole), 397)}
    for place in places:
        for bit in range(8) if place >= len(whole) - 100 else (place % 8,):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            assert not is_whole(path), (place, bit)


def test_that_what_is_cut_off_or_put_on_shows(path: Path) -> None:
    whole = path.read_bytes()
    for length in (0, 1, 50, 86, 87, 88, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert not is_whole(path), length
    for more in (b"\0", b"x" * 100, whole):
        path.write_bytes(whole + more)
        assert not is_whole(path)


def test_that_a_zip_without_a_seal_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        write_zip(file)
    assert not is_whole(path)


def test_that_the_disks_own_word_comes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_with_another_error(file: BinaryIO) -> None:
        try:
            file.write(b"x" * 10)
        except OSError:
            raise RuntimeError("unexpected pos 64 vs 0") from None

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealed.atomic, "write_file", lambda _path, write, **_: write(Full()))
    with pytest.raises(OSError, match="No space"):
        sealed.write(tmp_path / "a.zip", answer_with_another_error)
