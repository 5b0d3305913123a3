"""A titled group of rows that folds."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from cifar_studio.paths import resources_folder
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column


class FoldingGroup(QWidget):
    """A header that shows and hides what is below it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self._header = QToolButton()
        self._header.setText(title)
        self._header.setCheckable(True)
        self._header.setChecked(True)
        self._header.setProperty("role", "group")
        self._header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
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

    def _on_toggled(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._show_chevron()

    def _show_chevron(self) -> None:
        name = "chevron-down" if self.is_open else "chevron-right"
        path = resources_folder() / "style" / theme.current().name / f"{name}.svg"
        self._header.setIcon(QIcon(str(path)))
        self._header.setIconSize(QSize(theme.px(12), theme.px(12)))
