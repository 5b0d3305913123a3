"""Colours that can be told apart and read, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from cifar_studio.colours import Kind, colour_map, luminance
from cifar_studio.ui.confusion import painting
from cifar_studio.ui.widgets import theme


@pytest.fixture(params=["light", "dark"])
def colours(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[theme.Theme]:
    theme.manager().apply(request.param)
    yield theme.current()
    theme.manager().apply("light")


def maps(colours: theme.Theme) -> list[np.ndarray]:
    ground = QColor(colours.surface)
    rgb = (ground.red(), ground.green(), ground.blue())
    return [colour_map(kind, colours.name, rgb) for kind in get_args(Kind)]


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def test_that_zero_is_the_ground_and_each_step_stands_out_more(colours: theme.Theme) -> None:
    for steps in maps(colours):
        assert QColor(*(int(part) for part in steps[0])).name() == colours.surface.lower()
        light = [luminance(rgb) for rgb in steps]
        against = [contrast(value, light[0]) for value in light]
        assert (np.diff(against[1:]) >= -0.02).all()  # but for rounding to bytes
        assert against[1] > 1.1
        assert against[-1] > 6


def test_that_figures_can_be_read_on_every_colour(colours: theme.Theme) -> None:
    for steps in maps(colours):
        for rgb in steps:
            ink = painting.ink_on(rgb)
            on_it = luminance(np.array(ink.getRgb()[:3], dtype=np.uint8))
            assert contrast(on_it, luminance(rgb)) >= 4.5


def test_that_the_least_value_never_falls_on_the_ground(colours: theme.Theme) -> None:
    strengths = np.array([0.0, 1e-9, 1.0])
    painted = painting.paint(strengths, strengths, is_difference=False)
    assert (painted[1] != painted[0]).any()


def test_that_more_and_less_differ_in_hue(colours: theme.Theme) -> None:
    strengths, values = np.array([1.0, 1.0]), np.array([5.0, -5.0])
    more, less = painting.paint(strengths, values, is_difference=True)
    assert more[0] > more[2]  # rather red than blue
    assert less[0] < less[2]
