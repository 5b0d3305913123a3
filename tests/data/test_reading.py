"""Folders and archives are read in every form, and hostile ones end in one clear line."""

from __future__ import annotations

import dataclasses
import gzip
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_studio import paths
from cifar_studio.data.cifar100.archives import MAX_MEMBERS
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.errors import DataError
from data.copies import (
    BINARY_FILES,
    CLASSES,
    PYTHON_FILES,
    SPLITS,
    SUPERCLASS_OF,
    SUPERCLASSES,
    TINY,
    add,
    edition_of,
    files_under,
    python_files,
    write_folder,
    write_tar,
    write_zip,
)

BINARY_FOLDER = "cifar-100-binary"


def load(path: Path) -> Dataset:
    return load_dataset(str(path), TINY)


def refuse(path: Path, home: Path, edition: object = TINY) -> str:
    """Load, which must fail, leave nothing behind, and say so in one line; returns the line."""
    before = files_under(home)
    with pytest.raises(DataError) as caught:
        load_dataset(str(path), edition)  # type: ignore[arg-type]
    assert files_under(home) == before
    assert not files_under(paths.data_cache_folder())
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value.fault


def assert_is_tiny(dataset: Dataset) -> None:
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        assert np.array_equal(split.images_NCHW, SPLITS[name].images_NCHW)
        assert np.array_equal(split.labels_N, SPLITS[name].labels_N)
        assert split.images_NCHW.dtype == split.labels_N.dtype == np.uint8
        assert not split.images_NCHW.flags.writeable
    assert dataset.digest == TINY.digest
    assert (dataset.class_names, dataset.superclass_names) == (CLASSES, SUPERCLASSES)
    assert tuple(dataset.superclass_of) == SUPERCLASS_OF


COPIES: dict[str, Callable[[Path], Path]] = {
    "folder itself": lambda at: write_folder(at),
    "folder that holds it": lambda at: write_folder(at).parent,
    "renamed folder": lambda at: write_folder(at, name="mine"),
    "tar.gz": lambda at: write_tar(at / "a.tar.gz"),
    "tar.xz": lambda at: write_tar(at / "a.tar.xz", mode="w:xz"),
    "tar.bz2": lambda at: write_tar(at / "a.tar.bz2", mode="w:bz2"),
    "tar": lambda at: write_tar(at / "a.tar", mode="w"),
    "misnamed tar.gz": lambda at: write_tar(at / "a.zip"),
    "flat tar": lambda at: write_tar(at / "a.tar", folder=""),
    "tar with ./": lambda at: write_tar(at / "a.tar", folder="./cifar-100-python/"),
    "deep tar": lambda at: write_tar(at / "a.tar", folder="home/me/cifar-100-python/"),
    "zip": lambda at: write_zip(at / "a.zip"),
    "folder that holds the archive": lambda at: write_tar(at / "cifar-100-python.tar.gz").parent,
    "binary folder": lambda at: write_folder(at, BINARY_FILES, BINARY_FOLDER),
    "folder that holds the binary": lambda at: write_folder(at, BINARY_FILES, BINARY_FOLDER).parent,
    "binary tar.gz": lambda at: write_tar(at / "b.tar.gz", BINARY_FILES, f"{BINARY_FOLDER}/"),
    "binary zip": lambda at: write_zip(at / "b.zip", BINARY_FILES, f"{BINARY_FOLDER}/"),
}


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
def test_that_a_copy_of_any_form_is_read_alike(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = make(tmp_path)
    before = files_under(tmp_path)
    assert_is_tiny(load(path))
    assert_is_tiny(load(path))  # out of the cache
    kept = {name for name in files_under(tmp_path) - before if not name.startswith("home")}
    assert kept == set()


def test_that_a_folder_of_links_to_the_files_is_read(tmp_path: Path) -> None:
    folder, links = write_folder(tmp_path), tmp_path / "links"
    links.mkdir()
    for name in PYTHON_FILES:
        (links / name).symlink_to(folder / name)
    assert_is_tiny(load(links))


def test_that_both_versions_in_one_archive_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "both.tar"
    with tarfile.open(path, "w") as tar:
        for folder, files in ((BINARY_FOLDER, BINARY_FILES), ("cifar-100-python", PYTHON_FILES)):
            for name, data in files.items():
                add(tar, f"{folder}/{name}", data)
    assert_is_tiny(load(path))


def test_that_no_member_is_unpickled_before_its_sum_is_right(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_to_read(data: bytes) -> None:
        raise AssertionError("unpickled")

    monkeypatch.setattr("cifar_studio.data.cifar100.decode.load_pickle", refuse_to_read)
    changed = bytearray(PYTHON_FILES["test"])
    changed[-20] ^= 1
    folder = write_folder(tmp_path, {**PYTHON_FILES, "test": bytes(changed)})
    assert "test in" in refuse(folder, home)


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("name", ["train", "test", "meta"])
def test_that_a_pickle_that_runs_something_never_does(
    name: str, tmp_path: Path, home: Path
) -> None:
    files = {**PYTHON_FILES, name: pickle.dumps({b"data": Runs(tmp_path / "ran")}, 2)}
    folder = write_folder(tmp_path, files)
    assert "not the published file" in refuse(folder, home)
    # even where its sums were published, it is not run
    assert "cannot be read as CIFAR-100" in refuse(folder, home, edition_of(files))
    assert not (tmp_path / "ran").exists()


def test_that_pickles_of_other_contents_are_refused_even_with_right_sums(
    tmp_path: Path, home: Path
) -> None:
    right = pickle.loads(PYTHON_FILES["train"])
    wrong = [
        {},
        {**right, b"data": b"x"},
        {**right, b"data": right[b"data"][:, :100]},
        {**right, b"data": right[b"data"][:3]},
        {**right, b"fine_labels": [1000] * 24},
        {**right, b"fine_labels": [200] * 24},
        {**right, b"fine_labels": ["a"] * 24},
        {**right, b"fine_labels": None},
        {**right, b"coarse_labels": [1] * 24},
        {**right, b"coarse_labels": []},
        [1],
        None,
    ]
    for value in wrong:
        files = {**PYTHON_FILES, "train": pickle.dumps(value, 2)}
        folder = write_folder(tmp_path, files)
        assert "cannot be read as CIFAR-100" in refuse(folder, home, edition_of(files))
    other = python_files({"train": SPLITS["train"], "test": SPLITS["train"]})
    assert "cannot be read" in refuse(write_folder(tmp_path, other), home, edition_of(other))


@pytest.mark.parametrize("change", ["flip", "cut", "longer", "empty", "missing", "folder"])
@pytest.mark.parametrize(
    ("files", "folder"), [(PYTHON_FILES, "cifar-100-python"), (BINARY_FILES, BINARY_FOLDER)]
)
def test_that_a_damaged_file_in_a_folder_is_named_and_refused(
    change: str, files: dict[str, bytes], folder: str, tmp_path: Path, home: Path
) -> None:
    for name, data in files.items():
        at = write_folder(tmp_path, files, folder)
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 4
        if change in ("missing", "folder"):
            (at / name).unlink()
            if change == "folder":
                (at / name).mkdir()
            assert name in refuse(at, home)
        else:
            changes = {"flip": flipped, "cut": data[:-2], "longer": data + b"\0", "empty": b""}
            if change == "longer" and name.endswith(".txt"):
                changes["longer"] = data + b"more\n"
            (at / name).write_bytes(changes[change])
            assert str(at) in refuse(at, home)
        if change == "folder":
            (at / name).rmdir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_that_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path, home: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "train").unlink()
    os.mkfifo(folder / "train")
    assert "it has no train" in refuse(folder, home)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2", "zip"])
def test_that_every_cut_and_many_flips_of_an_archive_are_refused(
    mode: str, tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "a.tar"
    data = (write_zip(path) if mode == "zip" else write_tar(path, mode=mode)).read_bytes()
    for share in range(0, 100, 7):
        path.write_bytes(data[: len(data) * share // 100 * 95 // 100])
        refuse(path, home)
    for place in range(len(data) // 10, len(data) * 8 // 10, len(data) // 9):
        changed = bytearray(data)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        refuse(path, home)


def _link(name: str, kind: bytes, target: str) -> Callable[[tarfile.TarFile], None]:
    def add_link(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        tar.addfile(member)

    return add_link


@pytest.mark.parametrize(
    "hostile",
    [
        lambda tar: add(tar, "../cifar-100-python/train", b"x"),
        lambda tar: add(tar, "cifar-100-python/../../cifar-100-python/train", b"x"),
        lambda tar: add(tar, "/etc/cifar-100-python/train", b"x"),
        _link("cifar-100-python/train", tarfile.SYMTYPE, "/etc/passwd"),
        _link("cifar-100-python/train", tarfile.LNKTYPE, "cifar-100-python/test"),
        _link("cifar-100-python/meta", tarfile.CHRTYPE, ""),
        _link("cifar-100-python/meta", tarfile.FIFOTYPE, ""),
        _link("cifar-100-python/test", tarfile.DIRTYPE, ""),
    ],
)
def test_that_links_and_ways_out_of_a_tar_are_refused(
    hostile: Callable[[tarfile.TarFile], None], tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as tar:
        hostile(tar)
        for name, data in PYTHON_FILES.items():
            add(tar, f"cifar-100-python/{name}", data)
    fault = refuse(path, home)
    assert "not to be trusted" in fault or "holds no" in fault
    assert set(tmp_path.iterdir()) == {path, home}


def test_that_stray_members_are_never_written_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "odd.tar"
    with tarfile.open(path, "w") as tar:
        add(tar, "../../escaped", b"x")
        add(tar, "/train", b"x")
        add(tar, "/tmp/cifar-studio-escaped", b"x")
        _link("out", tarfile.SYMTYPE, "/etc")(tar)
        add(tar, "cifar-10-batches-py/test", b"x")
        for name, data in PYTHON_FILES.items():
            add(tar, f"cifar-100-python/{name}", data)
    assert_is_tiny(load(path))
    assert not (tmp_path.parent / "escaped").exists()
    assert not Path("/tmp/cifar-studio-escaped").exists()


def test_that_a_link_in_a_zip_is_refused(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("cifar-100-python/train")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "not to be trusted" in refuse(path, home)


def test_that_a_bomb_of_zeros_is_given_up_at_the_bound(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.data.cifar100.published_files._STRAY_BYTES", 2**22)
    huge = tarfile.TarInfo("stray")
    huge.size = 2**40
    zeros = gzip.compress(bytes(2**23))
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(huge.tobuf()) + zeros * 50)
    assert "far more than CIFAR-100" in refuse(path, home)
    path.write_bytes(zeros * 50)
    refuse(path, home)


@pytest.mark.parametrize("kind", ["pax", "gnu name", "sparse", "member"])
def test_that_a_huge_declared_size_takes_no_memory(
    kind: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.data.cifar100.published_files._STRAY_BYTES", 2**22)
    member = tarfile.TarInfo("cifar-100-python/train")
    types = {"pax": tarfile.XHDTYPE, "gnu name": tarfile.GNUTYPE_LONGNAME}
    member.type = {**types, "sparse": tarfile.GNUTYPE_SPARSE}.get(kind, tarfile.REGTYPE)
    member.size = 2**42
    path = tmp_path / "huge.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(2**24)))
    refuse(path, home)


def test_that_a_member_longer_than_published_is_cut_and_refused(tmp_path: Path, home: Path) -> None:
    files = {**PYTHON_FILES, "train": PYTHON_FILES["train"] + bytes(10**6)}
    assert "wrong size" in refuse(write_tar(tmp_path / "a.tar.gz", files), home)
    assert "wrong size" in refuse(write_zip(tmp_path / "a.zip", files), home)


def test_that_thousands_of_members_are_not_looked_at(tmp_path: Path, home: Path) -> None:
    many = {f"{number}": b"" for number in range(MAX_MEMBERS + 1)}
    assert "more than 1000 files" in refuse(write_tar(tmp_path / "a.tar", many, mode="w"), home)
    assert "more than 1000 files" in refuse(write_zip(tmp_path / "a.zip", many), home)
    crowd = {f"{number:0100}": b"" for number in range(10_000)}
    assert "zip" in refuse(write_zip(tmp_path / "crowd.zip", crowd), home)


def test_that_what_follows_the_last_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    write_tar(path, mode="w")
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data + bytes(-len(data) % 512) + b"\xff" * 100_000)
    assert_is_tiny(load(path))


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"text\n" * 999]
)
def test_that_a_file_of_another_kind_is_refused(data: bytes, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(data)
    refuse(path, home)


def test_that_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path, home: Path) -> None:
    assert refuse(tmp_path / "none", home) == f"{tmp_path / 'none'} does not exist"
    (tmp_path / "empty").mkdir()
    assert refuse(tmp_path / "empty", home) == f"{tmp_path / 'empty'} holds no CIFAR-100"
    for odd in ("", "a\0b", "~nobody-of-that-name/x", "x" * 5000):
        with pytest.raises(DataError):
            load_dataset(odd, TINY)


def test_that_a_binary_copy_of_other_pictures_is_refused(tmp_path: Path, home: Path) -> None:
    folder = write_folder(tmp_path, BINARY_FILES, BINARY_FOLDER)
    edition = dataclasses.replace(TINY, digest="0" * 64)
    assert "does not hold the published pictures" in refuse(folder, home, edition)


EDITS = st.lists(
    st.tuples(st.integers(0, 4096), st.integers(0, 512), st.binary(max_size=24)),
    min_size=1,
    max_size=6,
)


def _edited(whole: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    changed = bytearray(whole)
    for at, removed, put in edits:
        changed[at : at + removed] = put
    return bytes(changed)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    at = tmp_path_factory.mktemp("archives") / "a"
    small = dict.fromkeys(("meta", "test", "train"), PYTHON_FILES["meta"])
    made = {mode: write_tar(at, small, mode=mode).read_bytes() for mode in ("w", "w:gz", "w:xz")}
    with tarfile.open(at, "w", format=tarfile.PAX_FORMAT, pax_headers={"a": "é" * 200}) as tar:
        add(tar, "é" * 200, b"x")
    return {**made, "pax": at.read_bytes(), "zip": write_zip(at, small).read_bytes()}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
@pytest.mark.parametrize("kind", ["w", "w:gz", "w:xz", "pax", "zip"])
def test_that_a_mangled_archive_ends_in_a_data_error(
    kind: str,
    edits: list[tuple[int, int, bytes]],
    archives: dict[str, bytes],
    tmp_path: Path,
    home: Path,
) -> None:
    path = tmp_path / "mangled"
    path.write_bytes(_edited(archives[kind], edits))
    refuse(path, home)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000))
def test_that_a_file_of_noise_ends_in_a_data_error(data: bytes, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "noise"
    for start in (
        b"",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        bytes(99),
    ):
        path.write_bytes(start + data)
        refuse(path, home)
