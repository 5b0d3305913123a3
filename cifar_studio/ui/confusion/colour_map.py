"""Colours of the matrix's cells in the theme in force; the maps themselves are `colours.py`'s."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from cifar_studio import colours
from cifar_studio.ui.widgets import theme


def counts_map(name: str, ground: str) -> NDArray[np.uint8]:
    """(256, 3) colours for strengths 0 to 1 of a theme; the first is the ground."""
    return colours.colour_map("counts", name, _rgb(ground))


def difference_maps(name: str, ground: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two maps like `counts_map`: for values above zero, and for those below."""
    rgb = _rgb(ground)
    return colours.colour_map("more", name, rgb), colours.colour_map("less", name, rgb)


def paint(
    strengths: NDArray[np.float64], values: NDArray[np.float64], is_difference: bool
) -> NDArray[np.uint8]:
    """Colours, (..., 3), of values of these strengths, in the theme in force."""
    now = theme.current()
    steps = colours.step_of(strengths)
    if not is_difference:
        return counts_map(now.name, now.surface)[steps]
    more, less = difference_maps(now.name, now.surface)
    return np.where((values >= 0)[..., None], more[steps], less[steps])


def ink_on(rgb: NDArray[np.uint8]) -> QColor:
    """Black or white, whichever stands out more; at least 4.5:1 on any colour."""
    return QColor("#000000") if colours.is_black_better(rgb) else QColor("#FFFFFF")


def _rgb(ground: str) -> tuple[int, int, int]:
    colour = QColor(ground)
    return colour.red(), colour.green(), colour.blue()
