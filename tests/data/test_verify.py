"""A check says of every file what it is, and in words what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cifar_studio import paths
from cifar_studio.cli.output import data_report
from cifar_studio.data.cifar100 import verify
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.cifar100.verify import CheckReport, check
from cifar_studio.errors import DataError
from data.copies import (
    BINARY_FILES,
    PYTHON_FILES,
    TINY,
    files_under,
    write_folder,
    write_tar,
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checked(place: Path) -> CheckReport:
    return check(str(place), TINY)


def test_that_whole_copies_are_called_whole_and_nothing_is_written(tmp_path: Path) -> None:
    for path, what in (
        (write_folder(tmp_path), "the python version, unpacked"),
        (write_tar(tmp_path / "a.tar"), "the python version, in an archive that was packed"),
        (write_folder(tmp_path, BINARY_FILES, "cifar-100-binary"), "the binary version, unpacked"),
    ):
        report = checked(path)
        assert report.whole
        assert report.what.startswith(what)
        assert report.remedy == ""
        assert {member.name for member in report.members} >= {"train", "test"} or (
            "train.bin" in {member.name for member in report.members}
        )
    assert not paths.data_cache_folder().exists()


def test_that_each_wrong_file_is_named(tmp_path: Path) -> None:
    flipped = bytearray(PYTHON_FILES["test"])
    flipped[99] ^= 1
    files = {**PYTHON_FILES, "train": b"short", "test": bytes(flipped)}
    report = checked(write_folder(tmp_path, files))
    assert not report.whole
    assert report.verdict == "Not as published: train (wrong size), test (wrong sum)"
    train, test, meta = report.members
    assert (train.size_bytes, train.size_ok) == (5, False)
    assert (test.size_ok, test.md5_ok, test.sha256_ok) == (True, False, False)
    assert (meta.size_ok, meta.md5_ok, meta.sha256_ok) == (True, True, True)
    assert "data fetch" in report.remedy


def test_that_a_binary_copy_of_other_pictures_is_not_whole(tmp_path: Path) -> None:
    data = bytearray(BINARY_FILES["train.bin"])
    data[500] ^= 1
    folder = write_folder(tmp_path, {**BINARY_FILES, "train.bin": data}, "cifar-100-binary")
    report = checked(folder)
    assert not report.whole
    assert "published pictures and labels" in report.verdict


def test_that_damage_and_absence_are_told_apart(tmp_path: Path) -> None:
    torn = write_tar(tmp_path / "a.tar.gz")
    torn.write_bytes(torn.read_bytes()[:5000])
    assert not checked(torn).whole
    assert checked(torn).what == "unreadable"
    assert str(torn) in checked(torn).verdict
    with pytest.raises(DataError, match="does not exist"):
        checked(tmp_path / "none")
    with pytest.raises(DataError, match="found nowhere"):
        check(None, TINY)


def test_that_the_cache_is_checked_to_the_last_byte(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    before = files_under(tmp_path)
    assert check(None, TINY).whole
    assert check(None, TINY).members == ()
    file = paths.data_cache_folder() / "cifar-100" / "train_images.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    report = check(None, TINY)
    assert not report.whole
    assert report.remedy.startswith("Delete that folder")
    assert files_under(tmp_path) == before


def test_that_the_reports_read_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_report, "check", lambda place: verify.check(place, TINY))
    folder = write_folder(tmp_path, {**PYTHON_FILES, "train": b"short"})
    text, whole = data_report.check_place(str(folder), json=False)
    assert not whole
    assert text.splitlines()[0] == f"{folder}: the python version, unpacked"
    assert text.splitlines()[1] == "  train            5 bytes   size WRONG"
    assert text.splitlines()[3].endswith("md5 right   sha256 right")
    assert text.splitlines()[4].startswith("Not as published: train (wrong size). Take another")
    text, whole = data_report.check_place(str(folder), json=True)
    read = json.loads(text)
    assert read["whole"] is whole is False
    assert read["members"][0] == {
        "name": "train",
        "bytes": 5,
        "size_ok": False,
        "md5_ok": False,
        "sha256_ok": False,
    }
    binary = write_folder(tmp_path, BINARY_FILES, "cifar-100-binary")
    assert "no published sums" in data_report.check_place(str(binary), json=False)[0]


def test_that_the_list_of_places_says_which_is_taken(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "data fetch" in data_report.places_as_text()
    assert not any(place["taken"] for place in json.loads(data_report.places_as_json()))
    write_folder(home / "data")
    lines = data_report.places_as_text().splitlines()
    marked = [line for line in lines if line.startswith(">")]
    assert marked == [f"> torchvision's folder {home / 'data'}: python folder cifar-100-python"]
    taken = [place for place in json.loads(data_report.places_as_json()) if place["taken"]]
    assert taken == [
        {
            "found_by": "torchvision's folder",
            "path": str(home / "data"),
            "kind": "python folder",
            "location": str(home / "data" / "cifar-100-python"),
            "taken": True,
        }
    ]
    monkeypatch.setenv("CIFAR100_ROOT", str(tmp_path / "nowhere"))
    assert "correct it or unset it" in data_report.places_as_text()
