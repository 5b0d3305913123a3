"""Rows and columns of widgets, each laid out in one statement; lengths are in units of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from cifar_studio.ui.widgets import theme

STRETCH = None
"""Empty room that grows."""
NO_MARGINS = (0, 0, 0, 0)
_WHOLE_CELL = Qt.AlignmentFlag(0)
_Box = TypeVar("_Box", bound=QBoxLayout)


@dataclass(frozen=True)
class Placed:
    """A widget or layout with its share of the room that is left, or at one side of its cell."""

    part: QWidget | QLayout
    stretch: int = 0
    alignment: Qt.AlignmentFlag = _WHOLE_CELL


def grow(part: QWidget | QLayout) -> Placed:
    """A part that takes the room which the others leave."""
    return Placed(part, 1)


def row(
    *parts: QWidget | QLayout | Placed | None,
    parent: QWidget | None = None,
    margins: tuple[int, int, int, int] | None = None,
    spacing: int | None = None,
) -> QHBoxLayout:
    """Parts from left to right.

    Parameters
    ----------
    parent : QWidget or None
        The widget that is laid out so; None for a layout within another one.
    margins : tuple of left, top, right and bottom, or None
    spacing : int or None
        None is Qt's own.
    """
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    return _fill(layout, parts, margins, spacing)


def column(
    *parts: QWidget | QLayout | Placed | None,
    parent: QWidget | None = None,
    margins: tuple[int, int, int, int] | None = None,
    spacing: int | None = None,
) -> QVBoxLayout:
    """Parts from top to bottom; see `row`."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    return _fill(layout, parts, margins, spacing)


def _fill(
    layout: _Box,
    parts: tuple[QWidget | QLayout | Placed | None, ...],
    margins: tuple[int, int, int, int] | None,
    spacing: int | None,
) -> _Box:
    if margins is not None:
        layout.setContentsMargins(*(side * theme.GRID for side in margins))
    if spacing is not None:
        layout.setSpacing(spacing * theme.GRID)
    for part in parts:
        placed = part if isinstance(part, Placed) or part is None else Placed(part)
        if placed is None:
            layout.addStretch(1)
        elif isinstance(placed.part, QLayout):
            layout.addLayout(placed.part, placed.stretch)
        else:
            layout.addWidget(placed.part, placed.stretch, placed.alignment)
    return layout
