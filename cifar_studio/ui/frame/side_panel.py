"""The left side: Set up and Runs as two pages, or a narrow rail where it is folded."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QTabBar, QWidget

from cifar_studio.ui.frame.control_bar import ControlBar
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

WIDTH_PX = 320
RAIL_PX = 40
WIDE_WINDOW_PX = 1600  # room for the panel beside any view
SETUP_PAGE, RUNS_PAGE = 0, 1


class SidePanel(QFrame):
    """Holds both pages and the buttons below them.

    Signals
    -------
    folded_changed(bool)
    """

    folded_changed = Signal(bool)

    def __init__(self, setup: SetupPanel, runs: RunsPanel, controls: ControlBar) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._pages = QStackedWidget()
        self._pages.addWidget(setup)
        self._pages.addWidget(runs)
        self._tabs = QTabBar()
        self._tabs.setAccessibleName("Set up or Runs")
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.addTab("Set up")
        self._tabs.addTab("Runs")
        self._tabs.currentChanged.connect(self._pages.setCurrentIndex)
        fold = basics.GlyphButton("fold", "Fold this panel (Ctrl+B)")
        fold.clicked.connect(lambda: self.set_folded(True))
        head = row(self._tabs, STRETCH, fold, margins=(1, 0, 2, 0))
        self._full = QWidget()
        parts = (head, basics.line(), grow(self._pages), controls)
        column(*parts, parent=self._full, margins=NO_MARGINS, spacing=0)
        self._rail = _Rail(self, controls)
        self._rail.hide()
        row(self._rail, self._full, parent=self, margins=NO_MARGINS, spacing=0)
        theme.manager().changed.connect(self._fix_width)
        self._fix_width()

    @property
    def is_folded(self) -> bool:
        return self._full.isHidden()

    @property
    def page(self) -> int:
        return self._tabs.currentIndex()

    def set_folded(self, folded: bool) -> None:
        """Fold to the rail, or unfold."""
        if folded != self.is_folded:
            self._full.setHidden(folded)
            self._rail.setHidden(not folded)
            self._fix_width()
            self.folded_changed.emit(folded)

    def show_page(self, page: int) -> None:
        """Unfold, and show Set up or Runs."""
        self.set_folded(False)
        self._tabs.setCurrentIndex(page)

    def show_activity(self, activity: Activity) -> None:
        """While a run is on, the form describes the next one."""
        busy = activity is not Activity.IDLE
        self._tabs.setTabText(SETUP_PAGE, "Next run" if busy else "Set up")
        self._rail.show_activity(activity)

    def show_waiting(self, count: int) -> None:
        """Say on the tab how many runs wait."""
        self._tabs.setTabText(RUNS_PAGE, f"Runs · {count} waiting" if count else "Runs")

    def _fix_width(self) -> None:
        self.setFixedWidth(theme.px(RAIL_PX if self.is_folded else WIDTH_PX))


class _Rail(QWidget):
    """The folded panel: its pages and buttons as glyphs."""

    def __init__(self, panel: SidePanel, controls: ControlBar) -> None:
        super().__init__()
        self._controls = controls
        unfold = basics.GlyphButton("unfold", "Unfold the panel (Ctrl+B)")
        unfold.clicked.connect(lambda: panel.set_folded(False))
        setup = basics.GlyphButton("setup", "Set up")
        setup.clicked.connect(lambda: panel.show_page(SETUP_PAGE))
        runs = basics.GlyphButton("runs", "Runs")
        runs.clicked.connect(lambda: panel.show_page(RUNS_PAGE))
        self._start = basics.GlyphButton("start", "Start (Ctrl+R)")
        self._start.clicked.connect(controls.start_requested)
        self._pause = basics.GlyphButton("pause", "Pause or resume (Ctrl+P)")
        self._pause.clicked.connect(controls.toggle_pause)
        self._stop = basics.GlyphButton("stop", "Stop now, keeping the state")
        self._stop.clicked.connect(controls.stop_now_requested)
        glyphs = (unfold, setup, runs, STRETCH, self._start, self._pause, self._stop)
        column(*glyphs, parent=self, margins=(1, 1, 1, 4), spacing=1)
        self.show_activity(Activity.IDLE)

    def show_activity(self, activity: Activity) -> None:
        busy = activity is not Activity.IDLE
        self._start.setVisible(not busy)
        self._pause.setEnabled(busy)
        self._pause.set_glyph("start" if activity is Activity.PAUSED else "pause")
        self._stop.setEnabled(busy and activity is not Activity.STOPPING)


class PanelFolding(QObject):
    """Folds the panel while a view needs the width; whoever unfolds it is not contradicted."""

    def __init__(self, panel: SidePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._is_mine = self._is_contradicted = False
        panel.folded_changed.connect(self._on_folded_changed)

    @property
    def is_mine(self) -> bool:
        """Whether the panel is folded for a view, and not by the person."""
        return self._is_mine

    def show_view(self, needs_width: bool, window_px: int) -> None:
        """Another view is shown, or the window has so many logical pixels now."""
        needs_room = needs_width and window_px < theme.px(WIDE_WINDOW_PX)
        if needs_room and not self._panel.is_folded and not self._is_contradicted:
            self._panel.set_folded(True)
            self._is_mine = True
        elif not needs_room and self._is_mine:
            self._panel.set_folded(False)
        if not needs_width:
            self._is_contradicted = False

    def _on_folded_changed(self, folded: bool) -> None:
        if not folded:
            # Whoever unfolds it while a view is short of width wants it so, until he leaves it.
            self._is_contradicted = self._is_mine
            self._is_mine = False
