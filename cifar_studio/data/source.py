"""Which copy of the data set is taken, and reading it."""

from __future__ import annotations

from cifar_studio.data.dataset import DEMO, Dataset
from cifar_studio.errors import DataError


def load_dataset(asked: str | None) -> Dataset:
    if asked == DEMO:
        from cifar_studio.data.demo import make_demo

        return make_demo()
    raise DataError("Reading CIFAR-100 is not there yet", "Use the demo set")
