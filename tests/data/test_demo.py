"""The demo set: the same bytes everywhere, honest names, and the shape of CIFAR-100."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cifar_studio.data.dataset import Dataset, digest_of
from cifar_studio.data.demo import grid
from cifar_studio.data.demo.demo_set import draw_class, make_demo

DIGEST = "b31dcbe20965d94107c7d59ebff956366628774a87c53f0fed280d715d9de7bd"


@pytest.fixture(scope="module")
def demo() -> Dataset:
    return make_demo()


def test_that_it_is_the_same_bytes_on_every_machine(demo: Dataset) -> None:
    assert demo.digest == DIGEST
    assert digest_of(demo.train, demo.test) == DIGEST


def test_that_no_table_entry_hangs_on_a_last_bit() -> None:
    """Tables are rounded from floats: an entry near a half could differ between computers."""
    for step in range(grid.TURN):
        exact = 1024 * math.cos(math.tau * step / grid.TURN)
        assert abs(abs(exact - math.floor(exact)) - 0.5) > 1e-6
    side = 256
    for v in range(side):
        for u in range(side):
            turns = math.atan2(v - side // 2 + 0.5, u - side // 2 + 0.5)
            exact = turns * grid.TURN / math.tau
            assert abs(abs(exact - math.floor(exact)) - 0.5) > 1e-9


def test_that_it_has_the_shape_of_cifar100(demo: Dataset) -> None:
    assert demo.train.images_NCHW.shape == (50_000, 3, 32, 32)
    assert demo.test.images_NCHW.shape == (10_000, 3, 32, 32)
    assert demo.train.images_NCHW.dtype == demo.train.labels_N.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(demo.train.labels_N), [500] * 100)
    np.testing.assert_array_equal(np.bincount(demo.test.labels_N), [100] * 100)
    np.testing.assert_array_equal(np.bincount(demo.superclass_of), [5] * 20)


def test_that_it_can_never_be_taken_for_cifar100(demo: Dataset) -> None:
    assert demo.is_demo
    assert demo.name == "demo"
    names = demo.class_names + demo.superclass_names
    assert len(set(demo.class_names)) == 100
    assert len(set(demo.superclass_names)) == 20
    assert all(name.startswith("demo: ") for name in names)


def test_that_it_cannot_be_changed(demo: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        demo.train.images_NCHW[0] = 0


def test_that_no_picture_repeats(demo: Dataset) -> None:
    pictures = np.concatenate([demo.train.images_NCHW, demo.test.images_NCHW])
    assert len(np.unique(pictures.reshape(len(pictures), -1)[:, ::7], axis=0)) == 60_000


def test_that_more_pictures_of_a_class_begin_with_the_same_ones(demo: Dataset) -> None:
    few = draw_class(42, 600)
    place = int(np.flatnonzero(demo.train.labels_N == 42)[0])
    np.testing.assert_array_equal(few[0], demo.train.images_NCHW[place])
