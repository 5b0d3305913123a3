"""Small one-colour pictures on buttons, drawn in the theme's colours."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from cifar_studio.paths import resources_folder
from cifar_studio.ui.widgets import theme

SIZE_PX = 20


def icon(name: str) -> QIcon:
    """The glyph of that name, for enabled, disabled and pressed buttons."""
    colours = theme.current()
    result = QIcon(pixmap(name, colours.text))
    result.addPixmap(pixmap(name, colours.disabled), QIcon.Mode.Disabled)
    result.addPixmap(pixmap(name, colours.accent), QIcon.Mode.Normal, QIcon.State.On)
    return result


def pixmap(name: str, colour: str, size: int = SIZE_PX) -> QPixmap:
    """The glyph as a picture of `size` logical pixels, sharp on the screen at hand."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    return _drawn(name, colour, theme.px(size), ratio)


@functools.lru_cache(maxsize=256)
def _drawn(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    text = (resources_folder() / "style" / "glyphs" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))
    result = QPixmap(QSize(side, side) * ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
