"""The published pictures, with torchvision's own reader as the judge."""

from __future__ import annotations

import shutil
import tarfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cifar_studio import paths
from cifar_studio.data.cifar100.edition import PUBLISHED
from cifar_studio.data.cifar100.places import locate
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.cifar100.verify import check
from cifar_studio.data.dataset import Dataset, Split, digest_of
from cifar_studio.data.subset import channel_statistics
from conftest import REAL_DATA
from data.copies import binary_files, write_folder, write_members

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """Read once; its cache is a folder of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield load_dataset(REAL_DATA)


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path) -> Iterator[None]:
    """Copies of the pictures do not stay on the disk, as pytest's folders do."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


def assert_equal(one: Dataset, other: Dataset) -> None:
    assert np.array_equal(one.train.images_NCHW, other.train.images_NCHW)
    assert np.array_equal(one.test.images_NCHW, other.test.images_NCHW)
    assert np.array_equal(one.train.labels_N, other.train.labels_N)
    assert np.array_equal(one.test.labels_N, other.test.labels_N)
    assert one.digest == other.digest


def test_that_all_60000_pictures_are_those_that_torchvision_reads(real: Dataset) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision's own unpickling, with newer NumPy
        from torchvision.datasets import CIFAR100

        for is_train, split in ((True, real.train), (False, real.test)):
            judge = CIFAR100(root=REAL_DATA, train=is_train, download=False)
            assert np.array_equal(split.images_NCHW.transpose(0, 2, 3, 1), judge.data)
            assert split.labels_N.tolist() == judge.targets
            assert list(real.class_names) == judge.classes
    assert real.digest == PUBLISHED.digest == digest_of(real.train, real.test)


def test_that_the_published_numbers_hold(real: Dataset) -> None:
    means, deviations = channel_statistics(real.train.images_NCHW)
    assert means.round(4).tolist() == [0.5071, 0.4865, 0.4409]
    assert deviations.round(4).tolist() == [0.2673, 0.2564, 0.2762]
    assert np.bincount(real.train.labels_N).tolist() == [500] * 100
    assert np.bincount(real.test.labels_N).tolist() == [100] * 100


def test_that_there_are_twenty_superclasses_of_five_classes(real: Dataset) -> None:
    assert len(set(real.class_names)) == 100
    assert len(set(real.superclass_names)) == 20
    assert np.bincount(real.superclass_of).tolist() == [5] * 20
    fish = {
        name
        for name, superclass in zip(real.class_names, real.superclass_of, strict=True)
        if real.superclass_names[superclass] == "fish"
    }
    assert fish == {"aquarium_fish", "flatfish", "ray", "shark", "trout"}


def test_that_a_repacked_archive_reads_equal(real: Dataset, tmp_path: Path) -> None:
    folder = Path(real.source)
    files = {name: (folder / name).read_bytes() for name in ("train", "test", "meta")}
    path = tmp_path / "cifar-100-python.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=0) as tar:  # packing well would take long
        write_members(tar, files)
    assert_equal(load_dataset(str(path)), real)


def test_that_the_binary_version_reads_equal(real: Dataset, tmp_path: Path) -> None:
    splits: dict[str, Split] = {"train": real.train, "test": real.test}
    files = binary_files(
        splits, PUBLISHED.superclass_of, PUBLISHED.class_names, PUBLISHED.superclass_names
    )
    assert_equal(load_dataset(str(write_folder(tmp_path, files, "cifar-100-binary"))), real)


def test_that_auto_takes_the_real_data_and_a_check_calls_it_whole() -> None:
    location = locate("auto")
    assert location is not None
    assert location.found_by == "CIFAR100_ROOT"
    report = check(None)
    assert report.whole
    assert [member.whole for member in report.members] == [True] * 3
    assert not paths.data_cache_folder().exists()
