"""The small window that says what a number means."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QVBoxLayout, QWidget

from cifar_studio.ui.widgets import theme

QUESTION = "How is this computed?"


class ExplanationPopup(QFrame):
    """A card at the pointer; a click elsewhere or Esc closes it."""

    WIDTH_PX = 320

    def __init__(self, title: str, text: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "card")
        heading, body = QLabel(title), QLabel(text)
        heading.setProperty("role", "heading")
        body.setWordWrap(True)
        for label in (heading, body):
            label.setFixedWidth(theme.px(self.WIDTH_PX))
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.px(12)] * 4)
        column.setSpacing(theme.px(4))
        column.addWidget(heading)
        column.addWidget(body)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)


def explain(
    key: str, at: QPoint, parent: QWidget, texts: Mapping[str, tuple[str, str]]
) -> ExplanationPopup:
    """Show what a number means, near a point of the screen and wholly on it.

    `texts` are a title and one to three sentences each.
    """
    popup = ExplanationPopup(*texts[key], parent)
    popup.adjustSize()
    screen = parent.screen().availableGeometry()
    x = min(max(at.x(), screen.left()), screen.right() - popup.width())
    y = at.y() + theme.px(4)
    if y + popup.height() > screen.bottom():
        y = at.y() - theme.px(4) - popup.height()
    popup.move(x, max(y, screen.top()))
    popup.show()
    return popup


def offer_explanation(widget: QWidget, key: str, texts: Mapping[str, tuple[str, str]]) -> None:
    """Give a widget a context menu with nothing but the question what its number means."""

    def on_menu_requested(at: QPoint) -> None:
        where = widget.mapToGlobal(at)
        menu = QMenu(widget)
        menu.addAction(QUESTION, lambda: explain(key, where, widget, texts))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(on_menu_requested)
