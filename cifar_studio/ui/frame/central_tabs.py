"""The middle of the window: what there is to say on top, then the tabs and their views."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QWidget

from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

TITLES = ("Curves", "Pictures", "Confusion", "Compare", "Experiment")
CURVES, PICTURES, CONFUSION, COMPARE, EXPERIMENT = range(len(TITLES))


class CentralTabs(QWidget):
    """Bars above, and one of the views of the selected run, once `set_view` put it there.

    Signals
    -------
    view_needed(int)
        A view comes into sight that has not been set yet: the last moment for it.
    tab_changed(int)
        Its view is in sight now.
    """

    view_needed = Signal(int)
    tab_changed = Signal(int)

    def __init__(self, bars: Sequence[QWidget]) -> None:
        super().__init__()
        self._tabs, self._views = QTabBar(), QStackedWidget()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setAccessibleName("Views of the selected run")
        self._missing = set(range(len(TITLES)))
        for title in TITLES:
            self._tabs.addTab(title)
            self._views.addWidget(QWidget())
        tabs = row(self._tabs, STRETCH, margins=(1, 0, 0, 0))
        shown = grow(self._views)
        column(*bars, tabs, basics.line(), shown, parent=self, margins=NO_MARGINS, spacing=0)
        self._tabs.currentChanged.connect(self._on_tab_changed)

    @property
    def tab(self) -> int:
        return self._tabs.currentIndex()

    def set_view(self, position: int, view: QWidget) -> None:
        """Put a view where there was none."""
        shown = self._views.currentIndex()
        self._missing.discard(position)
        place = self._views.widget(position)
        has_focus = place is not None and self.window().focusWidget() is place
        if place is not None:
            self._views.removeWidget(place)
            place.deleteLater()
        self._views.insertWidget(position, view)
        self._views.setCurrentIndex(shown)
        if has_focus:
            view.setFocus()

    def show_tab(self, position: int) -> None:
        """Show a view, and give it the keyboard."""
        self._tabs.setCurrentIndex(min(max(position, 0), len(TITLES) - 1))
        if (view := self._views.currentWidget()) is not None:
            view.setFocus()

    def _on_tab_changed(self, position: int) -> None:
        if position in self._missing:
            self.view_needed.emit(position)
        self._views.setCurrentIndex(position)
        self.tab_changed.emit(position)
