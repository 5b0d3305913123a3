"""Names of the classes, for who has a run and not its pictures."""

from __future__ import annotations

from cifar_studio.data import demo
from cifar_studio.data.dataset import DEMO
from cifar_studio.data.edition import PUBLISHED


def class_names(data_name: str) -> tuple[str, ...]:
    """The 100 names of CIFAR-100's classes, or of the demo set's."""
    return demo.CLASS_NAMES if data_name == DEMO else PUBLISHED.class_names
