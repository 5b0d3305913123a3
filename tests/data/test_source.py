"""Which copy is taken: the order of the places, and what is said where there is none."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from pathlib import Path

import pytest

from cifar_studio import paths
from cifar_studio.data.cifar100 import source
from cifar_studio.data.cifar100.places import locate, places
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import DEMO
from cifar_studio.errors import DataError
from data.copies import PYTHON_FILES, TINY, files_under, write_folder, write_tar


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of its own, for ./data is looked at."""
    folder = tmp_path / "current"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TORCH_HOME", raising=False)
    return folder


@pytest.mark.parametrize("asked", [None, "auto"])
def test_that_nothing_found_names_the_three_ways_on(asked: str | None) -> None:
    assert locate(asked, TINY) is None
    assert not any(place.taken for place in places(TINY))
    with pytest.raises(DataError) as caught:
        load_dataset(asked, TINY)
    for way in ("cifar-studio data fetch", "--data FOLDER", "--data demo"):
        assert way in caught.value.remedy


def test_that_the_places_are_taken_in_their_order(
    tmp_path: Path, elsewhere: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken() -> tuple[str, Path]:
        location = locate("auto", TINY)
        assert location is not None
        assert [place.location for place in places(TINY) if place.taken] == [location]
        return location.found_by, location.path

    usual = ["data", "datasets"]
    holders = [
        home / ".torch" / "datasets",
        home / ".cache" / "torch" / "datasets",
        *(home / name for name in reversed(usual)),
        *(elsewhere / name for name in reversed(usual)),
    ]
    for holder in holders:  # from the last to the first
        folder = write_folder(holder)
        assert taken() == ("torchvision's folder", folder)
    archive = write_tar_in_cache()
    assert taken() == ("cache folder", archive)
    load_dataset("auto", TINY)
    kept = paths.data_cache_folder() / "cifar-100"
    assert taken() == ("cache folder", kept)
    named = write_folder(tmp_path / "named")
    monkeypatch.setenv("CIFAR100_ROOT", str(named.parent))
    assert taken() == ("CIFAR100_ROOT", named)
    assert load_dataset("auto", TINY).source == str(named)


def write_tar_in_cache() -> Path:
    paths.data_cache_folder().mkdir(parents=True, exist_ok=True)
    return write_tar(paths.data_cache_folder() / "cifar-100-python.tar.gz")


@pytest.mark.parametrize("inside", ["", "cifar-100-python-target", "cifar-100-python_extracted"])
def test_that_a_copy_that_keras_has_fetched_is_found(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    for keras in (home / ".keras", tmp_path / "elsewhere"):
        folder = keras / "datasets" / inside
        folder.mkdir(parents=True)
        copy = write_folder(folder)
        if keras.name == "elsewhere":
            assert locate("auto", TINY) is None
            monkeypatch.setenv("KERAS_HOME", str(keras))
        found = locate("auto", TINY)
        assert found is not None
        assert found.found_by == "Keras's folder"
        assert copy.is_relative_to(folder)
        shutil.rmtree(keras)


def test_that_the_listed_places_stand_in_the_order_they_are_looked_at() -> None:
    listed = places(TINY)
    assert [place.found_by for place in listed][:2] == ["CIFAR100_ROOT", "cache folder"]
    others = [place.found_by for place in listed[2:]]
    assert others == sorted(others, reverse=True), "Keras's folders come last"
    assert set(others) == {"torchvision's folder", "Keras's folder"}
    assert listed[0].path is None
    assert listed[1].path == paths.data_cache_folder()
    assert len({place.path for place in listed}) == len(listed)


def test_that_looking_opens_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_folder(tmp_path)
    monkeypatch.setenv("CIFAR100_ROOT", str(tmp_path))
    load_dataset("auto", TINY)
    opened: list[str] = []
    real_open = Path.open

    def counted(path: Path, *arguments: object, **named: object) -> object:
        opened.append(path.name)
        return real_open(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", counted)
    assert locate("auto", TINY) is not None
    assert locate(str(folder), TINY) is not None
    assert locate(str(paths.data_cache_folder()), TINY) is not None
    assert set(opened) <= {"manifest.json"}


@pytest.mark.parametrize("wrong", ["nowhere", "empty", "damaged"])
def test_that_a_wrong_variable_is_said_and_nothing_else_taken_in_its_place(
    wrong: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(home / "data")
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "damaged", {**PYTHON_FILES, "train": b"x"})
    monkeypatch.setenv("CIFAR100_ROOT", str(tmp_path / wrong))
    with pytest.raises(DataError) as caught:
        load_dataset("auto", TINY)
    assert str(tmp_path / wrong) in caught.value.fault
    if wrong != "damaged":
        assert locate("auto", TINY) is None
        assert "CIFAR100_ROOT" in caught.value.fault
        assert "CIFAR100_ROOT" in caught.value.remedy
    monkeypatch.setenv("CIFAR100_ROOT", "")
    assert load_dataset("auto", TINY).source == str(home / "data" / "cifar-100-python")


def test_that_a_damaged_copy_in_a_usual_place_is_passed_over_with_a_warning(
    elsewhere: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = write_folder(elsewhere / "data", {**PYTHON_FILES, "test": b"x"})
    with pytest.raises(DataError, match="test in"):
        load_dataset("auto", TINY)
    good = write_folder(home / "data")
    with caplog.at_level(logging.WARNING, "cifar_studio"):
        assert load_dataset("auto", TINY).source == str(good)
    assert str(damaged) in caplog.text


def test_that_a_whole_archive_beside_a_half_unpacked_folder_is_taken(tmp_path: Path) -> None:
    write_folder(tmp_path, {"train": b"half"})
    archive = write_tar(tmp_path / "cifar-100-python.tar.gz")
    location = locate(str(tmp_path), TINY)
    assert location is not None
    assert (location.path, location.kind) == (archive, "python archive")
    archive.unlink()
    with pytest.raises(DataError, match="incomplete: it has no test, meta"):
        load_dataset(str(tmp_path), TINY)


def test_that_a_path_from_home_and_a_relative_path_are_understood(
    home: Path, elsewhere: Path
) -> None:
    write_folder(home / "mine")
    write_folder(elsewhere / "yours")
    assert load_dataset("~/mine", TINY).source == str(home / "mine" / "cifar-100-python")
    assert load_dataset("yours", TINY).source == str(elsewhere / "yours" / "cifar-100-python")


def test_that_locate_never_raises() -> None:
    for odd in ("", "a\0b", "~nobody-of-that-name/x", "x" * 5000, "/dev/null", "/root/../proc/1"):
        assert locate(odd, TINY) is None


def test_that_the_drawn_set_is_kept_and_drawn_again_when_its_code_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = load_dataset(str(write_folder(tmp_path)), TINY)
    drawn = dataclasses.replace(tiny, name=DEMO, source="built in")
    times = []

    def make_demo() -> object:
        times.append(1)
        return drawn

    code = tmp_path / "code"
    code.mkdir()
    (code / "demo_set.py").write_text("first")
    monkeypatch.setattr(source.demo_set, "make_demo", make_demo)
    monkeypatch.setattr(source.demo_set, "__file__", str(code / "demo_set.py"))
    for _ in range(3):
        assert load_dataset(DEMO).source == "built in"
    assert len(times) == 1
    assert "demo/train_images.npy" in files_under(paths.data_cache_folder())
    (code / "demo_set.py").write_text("changed")
    load_dataset(DEMO)
    assert len(times) == 2
    (code / "demo_set.py").unlink()
    load_dataset(DEMO)
    load_dataset(DEMO)
    assert len(times) == 4
