"""What was read once is kept whole or not at all, and never read again while it holds."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_studio import paths
from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cache.manifest import Stamp
from cifar_studio.data.cifar100 import source
from cifar_studio.data.cifar100.places import locate
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.errors import DataError
from data.copies import (
    BINARY_FILES,
    PYTHON_FILES,
    SPLITS,
    TINY,
    files_under,
    write_folder,
    write_tar,
)

KEPT = {
    "cifar-100",
    *(
        f"cifar-100/{name}"
        for name in (
            "manifest.json",
            "test_images.npy",
            "test_labels.npy",
            "train_images.npy",
            "train_labels.npy",
        )
    ),
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The sources whose files are read, from now on."""
    seen: list[Path] = []
    real = source.read_contents

    def counted(path: Path, *rest: object) -> object:
        seen.append(path)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(source, "read_contents", counted)
    return seen


def kept_folder() -> Path:
    return paths.data_cache_folder() / "cifar-100"


def assert_right(dataset: Dataset) -> None:
    assert np.array_equal(dataset.train.images_NCHW, SPLITS["train"].images_NCHW)
    assert np.array_equal(dataset.test.labels_N, SPLITS["test"].labels_N)


def is_mapped(dataset: Dataset) -> bool:
    array: object = dataset.train.images_NCHW
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


@pytest.mark.parametrize("kind", ["folder", "archive", "binary"])
def test_that_the_second_start_reads_nothing_of_the_source(
    kind: str, tmp_path: Path, reads: list[Path]
) -> None:
    make = {
        "folder": lambda: write_folder(tmp_path),
        "archive": lambda: write_tar(tmp_path / "a.tar.gz"),
        "binary": lambda: write_folder(tmp_path, BINARY_FILES, "cifar-100-binary"),
    }
    path = make[kind]()
    assert is_mapped(load_dataset(str(path), TINY))
    assert files_under(paths.data_cache_folder()) == KEPT
    dataset = load_dataset(str(path), TINY)
    assert reads == [path]
    assert is_mapped(dataset)
    assert dataset.source == str(path)
    assert_right(dataset)


def test_that_the_cache_stands_without_its_source(tmp_path: Path, reads: list[Path]) -> None:
    folder = write_folder(tmp_path / "data-of-mine")
    load_dataset(str(folder), TINY)
    shutil.rmtree(folder)
    dataset = load_dataset("auto", TINY)
    assert_right(dataset)
    assert dataset.source == str(kept_folder())
    for asked in (kept_folder(), paths.data_cache_folder()):
        assert_right(load_dataset(str(asked), TINY))
    assert len(reads) == 1
    with pytest.raises(DataError, match="does not exist"):
        load_dataset(str(folder), TINY)


def test_that_a_changed_source_is_read_and_judged_again(tmp_path: Path, reads: list[Path]) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    state = (folder / "train").stat()
    os.utime(folder / "train", ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    load_dataset(str(folder), TINY)
    load_dataset(str(folder), TINY)
    assert len(reads) == 2
    (folder / "test").write_bytes(PYTHON_FILES["test"] + b"x")
    with pytest.raises(DataError, match="test in"):
        load_dataset(str(folder), TINY)
    assert_right(load_dataset("auto", TINY))  # what was verified stays


def test_that_several_sources_are_remembered(tmp_path: Path, reads: list[Path]) -> None:
    copies = [write_folder(tmp_path), write_tar(tmp_path / "a.tar"), write_tar(tmp_path / "b.tar")]
    for _ in range(2):
        for path in copies:
            load_dataset(str(path), TINY)
    assert reads == copies
    kept = json.loads((kept_folder() / "manifest.json").read_text())
    assert [known["path"] for known in kept["sources"]] == [str(path) for path in copies]


DAMAGES = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"x"),
    "header": lambda file: file.write_bytes(b"\0" * 20 + file.read_bytes()[20:]),
    "empty": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
    "folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["train_images.npy", "test_labels.npy", "manifest.json"])
def test_that_a_damaged_cache_is_made_again(
    name: str, damage: str, tmp_path: Path, reads: list[Path]
) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    DAMAGES[damage](kept_folder() / name)
    if (name, damage) == ("manifest.json", "longer"):
        (kept_folder() / name).write_text("{" * 100_000)
    assert_right(load_dataset(str(folder), TINY))
    assert_right(load_dataset("auto", TINY))
    assert len(reads) == 2
    assert files_under(paths.data_cache_folder()) == KEPT


def test_that_a_torn_header_is_made_again_from_where_the_arrays_came(tmp_path: Path) -> None:
    load_dataset(str(write_folder(tmp_path)), TINY)
    DAMAGES["header"](kept_folder() / "test_images.npy")
    assert_right(load_dataset("auto", TINY))
    assert_right(load_dataset(str(kept_folder()), TINY))


def test_that_damaged_arrays_are_made_again_from_where_they_came(tmp_path: Path) -> None:
    load_dataset(str(write_folder(tmp_path)), TINY)
    (kept_folder() / "test_images.npy").write_bytes(b"x")
    location = locate("auto", TINY)
    assert location is not None
    assert location.found_by == "source of the cache"
    assert_right(load_dataset("auto", TINY))
    assert_right(load_dataset(str(kept_folder()), TINY))


def test_that_a_damaged_cache_without_a_source_says_how_to_mend_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    shutil.rmtree(folder)
    (kept_folder() / "test_images.npy").write_bytes(b"x")
    assert locate("auto", TINY) is None
    with pytest.raises(DataError, match="are damaged") as caught:
        load_dataset("auto", TINY)
    assert "data fetch" in caught.value.remedy


def test_that_labels_out_of_range_in_the_cache_are_noticed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    file = kept_folder() / "train_labels.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    assert_right(load_dataset(str(folder), TINY))
    assert file.read_bytes()[-1] != 255


def test_that_a_cache_of_other_pictures_is_replaced(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    load_dataset(str(folder), TINY)
    manifest = kept_folder() / "manifest.json"
    manifest.write_text(manifest.read_text().replace(TINY.digest, "0" * 64))
    assert locate("auto", TINY) != locate(str(kept_folder()), TINY)
    assert_right(load_dataset(str(folder), TINY))
    assert TINY.digest in manifest.read_text()


def test_that_a_cache_of_another_folder_is_not_believed(tmp_path: Path) -> None:
    load_dataset(str(write_folder(tmp_path)), TINY)
    shutil.copytree(kept_folder(), tmp_path / "copied")
    with pytest.raises(DataError, match="holds no CIFAR-100"):
        load_dataset(str(tmp_path / "copied"), TINY)


@pytest.mark.parametrize("fault", ["file in the way", "disk full"])
def test_that_a_cache_that_cannot_be_written_is_done_without(
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = write_folder(tmp_path)
    paths.data_cache_folder().parent.mkdir(parents=True)
    if fault == "file in the way":
        paths.data_cache_folder().write_bytes(b"")
    else:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(np, "save", full)
    with caplog.at_level(logging.WARNING, "cifar_studio"):
        assert_right(load_dataset(str(folder), TINY))
    assert "cannot be written" in caplog.text
    assert not kept_folder().exists()
    if fault == "disk full":
        assert files_under(paths.data_cache_folder()) == set()


def test_that_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    left = paths.data_cache_folder() / ".cifar-100.abc.making"
    left.mkdir(parents=True)
    (left / "train_images.npy").write_bytes(b"half")
    load_dataset(str(write_folder(tmp_path)), TINY)
    assert files_under(paths.data_cache_folder()) == KEPT


def _load_in_process(path: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    assert_right(load_dataset(path, TINY))


def test_that_two_processes_at_once_keep_one_whole_set(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    copies = [write_folder(tmp_path), write_tar(tmp_path / "a.tar"), write_tar(tmp_path / "b.tar")]
    start = context.Barrier(len(copies))
    processes = [
        context.Process(target=_load_in_process, args=(str(path), start)) for path in copies
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert files_under(paths.data_cache_folder()) == KEPT
    kept = json.loads((kept_folder() / "manifest.json").read_text())
    assert {known["path"] for known in kept["sources"]} == {str(path) for path in copies}


def test_that_no_more_than_so_many_sources_are_remembered(tmp_path: Path) -> None:
    dataset = load_dataset(str(write_folder(tmp_path)), TINY)
    for number in range(40):
        picture_cache.keep(kept_folder(), dataset, Stamp(f"/{number}", ()))
    kept = json.loads((kept_folder() / "manifest.json").read_text())
    assert len(kept["sources"]) == 32
    assert kept["sources"][-1]["path"] == "/39"


def test_that_an_array_that_looks_like_a_zip_is_noticed_and_closed(tmp_path: Path) -> None:
    load_dataset(str(write_folder(tmp_path)), TINY)
    path = kept_folder() / "train_labels.npy"
    path.write_bytes(b"PK\x03\x04" + path.read_bytes()[4:])
    assert picture_cache.open_kept(kept_folder(), "") is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 2000),
    put=st.binary(min_size=1, max_size=16),
    name=st.sampled_from(["manifest.json", "train_images.npy", "train_labels.npy"]),
)
def test_that_mangled_kept_files_are_noticed_or_harmless(
    at: int, put: bytes, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "cifar-100-python"
    if not folder.exists():
        load_dataset(str(write_folder(tmp_path)), TINY)
        shutil.copytree(kept_folder(), tmp_path / "whole")
    shutil.rmtree(kept_folder())
    shutil.copytree(tmp_path / "whole", kept_folder())
    changed = bytearray((kept_folder() / name).read_bytes())
    changed[at : at + len(put)] = put
    (kept_folder() / name).write_bytes(changed)
    dataset = picture_cache.open_kept(kept_folder(), "")
    if dataset is not None:
        assert dataset.train.images_NCHW.shape == (24, 3, 32, 32)
        assert dataset.train.labels_N.max() < len(dataset.class_names)
