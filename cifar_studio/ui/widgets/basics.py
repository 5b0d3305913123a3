"""Plain building blocks that several panels use: buttons, labels, fields, lines."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtGui import (
    QDoubleValidator,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from cifar_studio.ui.widgets import glyphs, theme


def label(text: str = "", role: str = "") -> QLabel:
    """A label in one of the style sheet's roles: muted, small, fault, heading, headline."""
    result = QLabel()
    result.setTextFormat(Qt.TextFormat.PlainText)  # a stranger's file name is no mark-up
    result.setText(text)
    if role:
        result.setProperty("role", role)
    if role == "headline":
        result.setFont(theme.tabular(result.font()))
    return result


def text(content: str = "", role: str = "") -> QLabel:
    """A label that breaks its lines where there is no more room."""
    result = label(content, role)
    result.setWordWrap(True)
    return result


class ElidedLabel(QLabel):
    """One line of plain text that ends in "…" where there is no room for it."""

    def __init__(self, text: str, role: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        if role:
            self.setProperty("role", role)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        self.style().drawItemText(
            QPainter(self), room, flags, self.palette(), self.isEnabled(), text
        )


def button(text: str, on_click: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """A push button; a window has one primary button."""
    result = QPushButton(text)
    result.setProperty("primary", "true" if primary else "false")
    result.clicked.connect(lambda: on_click())
    return result


def link(text: str, on_click: Callable[[], object]) -> QPushButton:
    """A button that looks like a link."""
    result = QPushButton(text)
    result.setProperty("role", "link")
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(lambda: on_click())
    return result


def menu_button(text: str) -> QToolButton:
    """A button that shows its menu at a click."""
    result = QToolButton()
    result.setText(text)
    result.setProperty("role", "button")
    result.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return result


def search_field(hint: str, name: str) -> QLineEdit:
    """A field to search with, which Esc empties; `name` is for assistive technology."""
    result = QLineEdit()
    result.setPlaceholderText(hint)
    result.setAccessibleName(name)
    result.setClearButtonEnabled(True)
    clear = QShortcut(QKeySequence(Qt.Key.Key_Escape), result)
    clear.setContext(Qt.ShortcutContext.WidgetShortcut)
    clear.activated.connect(result.clear)
    return result


def decimal_field(low: float, high: float, decimals: int) -> QLineEdit:
    """A field for a number with a decimal point, whatever the system's language is."""
    result = QLineEdit()
    validator = QDoubleValidator(low, high, decimals, result)
    validator.setNotation(QDoubleValidator.Notation.StandardNotation)
    validator.setLocale(QLocale.c())
    result.setValidator(validator)
    return result


class GlyphButton(QToolButton):
    """A flat button with a glyph of `resources/style/glyphs` that follows the theme."""

    def __init__(self, glyph: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._glyph = glyph
        self.setProperty("role", "flat")
        self.setToolTip(tip)
        self.setAccessibleName(tip.split(" (")[0])
        theme.manager().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_glyph(self, glyph: str) -> None:
        if glyph != self._glyph:
            self._glyph = glyph
            self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        side = theme.px(glyphs.SIZE_PX)
        self.setIconSize(QSize(side, side))
        self.setIcon(glyphs.icon(self._glyph))


def plain_tip(text: str) -> str:
    """A tooltip that shows a text as it is, whatever mark-up it looks like."""
    return f"<qt>{html.escape(text)}</qt>" if text else ""


def line() -> QFrame:
    """A horizontal hairline."""
    result = QFrame()
    result.setProperty("role", "line")
    result.setFixedHeight(1)
    return result


def scrolled(content: QWidget) -> QScrollArea:
    """`content` as large as there is room, with scroll bars where it needs more."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidgetResizable(True)
    area.setWidget(_Filled(content))
    return area


class _Filled(QWidget):
    """Gives its one child all of its room.

    It has no layout: a scroll area would ask that for the height it likes best at a width, and
    scroll where the least height would do.
    """

    def __init__(self, child: QWidget) -> None:
        super().__init__()
        self._child = child
        child.setParent(self)

    @override
    def minimumSizeHint(self) -> QSize:
        return self._child.minimumSizeHint()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._child.resize(self.size())


def restyle(widget: QWidget) -> None:
    """Make a changed style property show."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
