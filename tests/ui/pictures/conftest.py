"""The demo set and made-up answers, read once for all tests of the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from pictures_support import make_answers


@pytest.fixture
def demo(shared_cache: Path) -> Dataset:
    return load_dataset("demo")


@pytest.fixture
def pictures(demo: Dataset) -> PictureSet:
    return PictureSet(demo)


@pytest.fixture
def answers(pictures: PictureSet) -> Answers:
    return make_answers(pictures)


@pytest.fixture(autouse=True)
def _light(light: None) -> None:
    """Every test starts in light colours."""
