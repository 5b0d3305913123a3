"""Type as large as a person wants it and the screen allows."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtWidgets import QLayout, QWidget

from cifar_studio.ui.widgets import theme

FRAME_PX = 40  # a title bar
STEP = 1.1
LAYOUT_TURNS = 4


def apply_fitting(window: QWidget, choice: str, scale: float) -> bool:
    """Apply a theme with scaled type.

    Returns False where the window would no longer fit on its screen; the scale is then the
    largest one with which it does, and never below the normal one.
    """
    room = window.screen().availableSize() - QSize(0, FRAME_PX)
    layout = window.layout()
    assert layout is not None
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it must not grow by trying
    fitting = scale
    while True:
        theme.manager().apply(choice, fitting)
        _settle()
        needed = window.minimumSizeHint()
        if fitting <= 1 or needed.boundedTo(room) == needed:
            break
        fitting = max(1.0, fitting / STEP)
    layout.setSizeConstraint(QLayout.SizeConstraint.SetDefaultConstraint)
    return fitting == scale


def _settle() -> None:
    """Have every layout know its new size; a view that arranges itself anew asks for another."""
    for _ in range(LAYOUT_TURNS):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
