"""A splitter whose handle is a gap with a small grip, not a bar."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget
from typing_extensions import override

from cifar_studio.ui.widgets import theme


class _GripHandle(QSplitterHandle):
    def __init__(self, parent: QSplitter) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.muted if self.underMouse() else colours.border))
        grip = QRectF(0, 0, theme.px(32), theme.px(3))
        grip.moveCenter(QRectF(self.rect()).center())
        painter.drawRoundedRect(grip, grip.height() / 2, grip.height() / 2)


class GripSplitter(QSplitter):
    """A vertical splitter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setChildrenCollapsible(False)
        self.restyle()

    def restyle(self) -> None:
        self.setHandleWidth(theme.px(12))

    @override
    def createHandle(self) -> QSplitterHandle:
        return _GripHandle(self)
