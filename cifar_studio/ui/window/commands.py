"""The commands of the window, each in a few lines, and the menu bar with their shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cifar_studio.config.study import study_runs
from cifar_studio.runs.experiment.report import report_experiment, report_name
from cifar_studio.ui.controllers.experiment_actions import ExperimentActions
from cifar_studio.ui.controllers.incoming_files import IncomingFiles
from cifar_studio.ui.controllers.run_exporting import RunExporting
from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.dialogs.study_dialog import ask_study
from cifar_studio.ui.frame.central_tabs import COMPARE, EXPERIMENT, TITLES
from cifar_studio.ui.frame.parts import OnDemand, Parts
from cifar_studio.ui.frame.side_panel import RUNS_PAGE, SETUP_PAGE
from cifar_studio.ui.widgets import shortcut_keys, theme
from cifar_studio.ui.window.window_state import Settings

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.compare_tab import CompareTab


@dataclass(frozen=True)
class Commands:
    """The commands, and what they need."""

    parts: Parts
    files: IncomingFiles  # itself the commands that open files
    exporting: RunExporting
    experiments: ExperimentActions
    compare: OnDemand[CompareTab]
    settings: Settings  # keeps the theme that is chosen

    def start(self) -> None:
        """Start what the form describes, or put it in the queue."""
        setup = self.parts.setup
        can_read = not self.parts.data_bar.is_busy or setup.data() == "demo"
        if setup.is_experiment:
            if can_read and not setup.request_experiment():
                self.show_setup()
            return
        planned = setup.planned_run()
        if planned is None:
            self.show_setup()
        elif can_read:
            self.parts.controller.start(planned)

    def repeat_report(self) -> None:
        """Train the report's six runs, whole or smaller."""
        data = self.parts.setup.data()
        study = ask_study(self.parts.window, self.parts.costs, data == "demo")
        if study is not None:
            size, as_printed = study
            runs = study_runs(size, as_printed=as_printed)
            name = report_name(size, as_printed=as_printed)
            self.experiments.begin_or_go_on(name, *report_experiment(runs, data=data))

    def export_runs(self) -> None:
        """Export what is shown: the rows chosen in Compare, the experiment, else the run."""
        if self.parts.tabs.tab == COMPARE:
            self.exporting.ask(self.compare.part.view.chosen_runs)
            return
        if self.parts.tabs.tab == EXPERIMENT and (shown := self.experiments.shown) is not None:
            self.exporting.ask_experiment(shown)
            return
        run = self.parts.model.find(self.parts.selection.selected)
        self.exporting.ask([run] if run is not None else [])

    def show_tab(self, position: int) -> None:
        self.parts.tabs.show_tab(position)

    def show_setup(self) -> None:
        self.parts.panel.show_page(SETUP_PAGE)

    def show_runs(self) -> None:
        self.parts.panel.show_page(RUNS_PAGE)

    def search_runs(self) -> None:
        self.show_runs()
        self.parts.runs.focus_search()

    def fold_panel(self) -> None:
        """Fold the left side, or unfold it."""
        self.parts.panel.set_folded(not self.parts.panel.is_folded)

    def choose_theme(self, name: str) -> None:
        """Take "system", "light" or "dark"."""
        self.settings.theme = name
        theme.manager().apply(name, theme.manager().scale)

    def scale_type(self, factor: float) -> None:
        """Scale the type; 0 is its normal size."""
        scale = theme.manager().scale * factor if factor else 1.0
        if not theme.apply_fitting(self.parts.window, self.settings.theme, scale):
            self.parts.status.show_word("Larger type does not fit on this screen")


def build_menus(bar: QMenuBar, commands: Commands) -> None:
    """Fill the window's menu bar."""
    parts, files = commands.parts, commands.files
    window = parts.window
    file = bar.addMenu("&File")
    _add(file, "Open a run folder…", "Ctrl+O", files.ask_run_folder)
    _add(file, "Open runs from files…", "", files.ask_bundles)
    _add(file, "Open pictures…", shortcut_keys.OPEN_PICTURES, files.ask_pictures)
    _add(file, "Use my copy of CIFAR-100…", "", files.ask_data)
    file.addSeparator()
    _add(file, "Export…", shortcut_keys.EXPORT, commands.export_runs)
    file.addSeparator()
    _add(file, "Quit", shortcut_keys.QUIT, window.close)
    run = bar.addMenu("&Run")
    _add(run, "Start", shortcut_keys.START, commands.start)
    _add(run, "Pause or resume", shortcut_keys.PAUSE, parts.controls.toggle_pause)
    _add(run, "Stop…", shortcut_keys.STOP, parts.controls.open_stop_menu)
    run.addSeparator()
    _add(run, "Repeat the report…", "", commands.repeat_report)
    _add(run, "Show the run that trains", shortcut_keys.LIVE, parts.selection.select_live)
    view = bar.addMenu("&View")
    for position, title in enumerate(TITLES):
        _add(view, title, shortcut_keys.TABS[position], partial(commands.show_tab, position))
    view.addSeparator()
    _add(view, "Set up", shortcut_keys.SET_UP, commands.show_setup)
    _add(view, "Runs", shortcut_keys.RUNS, commands.show_runs)
    _add(view, "Search the runs", shortcut_keys.SEARCH, commands.search_runs)
    _add(view, "Look at the runs again", "F5", parts.model.refresh)
    _add(view, "Fold the left side", shortcut_keys.FOLD, commands.fold_panel)
    view.addSeparator()
    _add_themes(view.addMenu("Colours"), commands)
    _add(view, "Larger", shortcut_keys.LARGER, partial(commands.scale_type, 1.1))
    _add(view, "Smaller", shortcut_keys.SMALLER, partial(commands.scale_type, 1 / 1.1))
    _add(view, "Normal size", shortcut_keys.NORMAL, partial(commands.scale_type, 0))
    help_menu = bar.addMenu("&Help")
    sheet = _add(help_menu, "Shortcuts", "", lambda: shortcut_keys.ShortcutSheet(window).exec())
    sheet.setShortcuts([QKeySequence(shortcut_keys.SHEET), QKeySequence("?")])
    _add(help_menu, "Where things are kept", "", partial(messages.show_places, window))
    _add(help_menu, "About CIFAR Studio", "", partial(messages.show_about, window))


def _add(menu: QMenu, text: str, keys: str, slot: Callable[[], object]) -> QAction:
    action = menu.addAction(text)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: slot())
    return action


def _add_themes(menu: QMenu, commands: Commands) -> None:
    group = QActionGroup(menu)
    for name, title in (("system", "As the system"), ("light", "Light"), ("dark", "Dark")):
        action = _add(menu, title, "", partial(commands.choose_theme, name))
        action.setCheckable(True)
        action.setChecked(commands.settings.theme == name)
        group.addAction(action)
