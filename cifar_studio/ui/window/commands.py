"""What menus and keys ask for, and Start: each command of the window in a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.controllers.incoming_files import IncomingFiles
from cifar_studio.ui.controllers.run_exporting import RunExporting
from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.dialogs.study_dialog import ask_study
from cifar_studio.ui.frame.central_tabs import COMPARE
from cifar_studio.ui.frame.on_demand import OnDemand
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.frame.side_panel import RUNS_PAGE, SETUP_PAGE
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.shortcut_keys import ShortcutSheet
from cifar_studio.ui.widgets.type_size import apply_fitting
from cifar_studio.ui.window.window_state import Settings

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.compare_tab import CompareTab


@dataclass(frozen=True)
class Commands:
    """The commands, and what they need.

    Attributes
    ----------
    parts : Parts
    files : IncomingFiles
        Itself the commands that open files.
    exporting : RunExporting
    compare : OnDemand of CompareTab
    settings : Settings
        Keeps the theme that is chosen.
    """

    parts: Parts
    files: IncomingFiles
    exporting: RunExporting
    compare: OnDemand[CompareTab]
    settings: Settings

    def start(self) -> None:
        """Start what the form describes, or put it in the queue."""
        planned = self.parts.setup.planned_run()
        if planned is None:
            self.show_setup()
        elif not self.parts.data_bar.is_busy or planned.data == "demo":
            self.parts.controller.start(planned)

    def repeat_report(self) -> None:
        """Put the report's six runs into the queue, whole or smaller."""
        data = self.parts.setup.data()
        runs = ask_study(self.parts.window, self.parts.costs, data == "demo")
        for run in runs or ():
            self.parts.controller.start(PlannedRun(run.config, data, run.preset.name))
        if runs:
            self.show_runs()

    def export_runs(self) -> None:
        """Export the rows chosen in Compare while that is shown, else the run that is shown."""
        if self.parts.tabs.tab == COMPARE:
            self.exporting.ask(self.compare.part.view.chosen_runs)
            return
        selected = self.parts.selection.selected
        run = self.parts.model.find(selected) if selected is not None else None
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
        if not apply_fitting(self.parts.window, self.settings.theme, scale):
            self.parts.status.show_word("Larger type does not fit on this screen")

    def show_shortcuts(self) -> None:
        ShortcutSheet(self.parts.window).exec()

    def show_places(self) -> None:
        messages.show_places(self.parts.window)

    def show_about(self) -> None:
        messages.show_about(self.parts.window)
