"""A titled group of rows that folds; its header says in a few words what is on in it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from cifar_studio.paths import resources_folder
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column

HEADER_PX = 32
WORDS_GAP_PX = 8


class FoldingGroup(QWidget):
    """A header that shows and hides what is below it.

    Parameters
    ----------
    says_when_open : bool
        Whether the header says what is on in the group while that is open, too.
    """

    def __init__(self, title: str, *, says_when_open: bool = True) -> None:
        super().__init__()
        self.title = title
        self._header = _Header(title, says_when_open)
        self._header.toggled.connect(self._on_toggled)
        self._body = QWidget()
        self._rows = column(parent=self._body, margins=(0, 0, 0, 2), spacing=1)
        column(self._header, self._body, parent=self, margins=NO_MARGINS, spacing=0)
        theme.manager().changed.connect(self._show_chevron)
        self._show_chevron()

    def add(self, widget: QWidget) -> None:
        self._rows.addWidget(widget)

    @property
    def is_open(self) -> bool:
        return self._header.isChecked()

    def set_open(self, is_open: bool) -> None:
        self._header.setChecked(is_open)

    def set_words(self, words: str, *, is_fault: bool = False) -> None:
        """Say at the header's right what is on in the group, or which of its fields is at fault."""
        self._header.set_words(words, is_fault=is_fault)

    def _on_toggled(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._show_chevron()

    def _show_chevron(self) -> None:
        name = "chevron-down" if self.is_open else "chevron-right"
        path = resources_folder() / "style" / theme.current().name / f"{name}.svg"
        self._header.setIcon(QIcon(str(path)))
        self._header.setIconSize(QSize(theme.px(12), theme.px(12)))
        self._header.setFixedHeight(theme.px(HEADER_PX))


class _Header(QToolButton):
    """The title, and words at the right that end in an ellipsis and are whole in the tool tip."""

    def __init__(self, title: str, says_when_open: bool) -> None:
        super().__init__()
        self._says_when_open = says_when_open
        self._words = ""
        self._is_fault = False
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setProperty("role", "group")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_words(self, words: str, *, is_fault: bool) -> None:
        if (words, is_fault) == (self._words, self._is_fault):
            return
        self._words, self._is_fault = words, is_fault
        self.setToolTip(basics.plain_tip(words))
        self.setAccessibleDescription(words)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.isChecked() and not (self._says_when_open or self._is_fault):
            return
        left = self.sizeHint().width() + theme.px(WORDS_GAP_PX)
        room = QRect(left, 0, self.width() - left, self.height())
        if not self._words or room.width() <= 0:
            return
        painter = QPainter(self)
        painter.setFont(_small(self.font()))
        painter.setPen(QColor(theme.current().error if self._is_fault else theme.current().muted))
        metrics = painter.fontMetrics()
        text = metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


def _small(font: QFont) -> QFont:
    result = theme.tabular(font)
    result.setPixelSize(theme.px(theme.AXIS_PX))
    result.setWeight(QFont.Weight.Normal)
    return result
