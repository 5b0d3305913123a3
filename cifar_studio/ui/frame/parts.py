"""What the window is made of. Controllers take these parts; nobody takes the window itself.

What is not needed for the window to stand is built on demand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtWidgets import QMainWindow, QWidget

from cifar_studio import paths
from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.ui.curves.data.run_colours import RunColours
from cifar_studio.ui.frame.central_tabs import CURVES, CentralTabs
from cifar_studio.ui.frame.control_bar import ControlBar
from cifar_studio.ui.frame.data_bar import DataBar
from cifar_studio.ui.frame.run_header import RunHeader
from cifar_studio.ui.frame.side_panel import SidePanel
from cifar_studio.ui.frame.status_line import StatusLine
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.training.run_controller import RunController
from cifar_studio.ui.training.run_selection import RunSelection
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row
from cifar_studio.ui.widgets.message_bar import MessageBar
from cifar_studio.ui.workers.cost_estimator import CostEstimator
from cifar_studio.ui.workers.helper_worker import HelperWorker

if TYPE_CHECKING:
    from cifar_studio.ui.curves.view import CurvesView

Part = TypeVar("Part")


@dataclass(frozen=True)
class Parts:
    """The built parts."""

    window: QMainWindow  # parent of dialogs, and nothing else
    controller: RunController  # of the worker that trains
    helper: HelperWorker  # the worker for all else
    costs: CostEstimator
    model: RunModel  # the library
    selection: RunSelection  # which of its runs every tab shows
    # The left side: its two pages, the buttons below, and the whole.
    setup: SetupPanel
    runs: RunsPanel
    controls: ControlBar
    panel: SidePanel
    # What stands above the tabs.
    data_bar: DataBar
    message: MessageBar
    header: RunHeader
    # The middle, and its first view; all views are built when they are first needed.
    tabs: CentralTabs
    curves_view: OnDemand[CurvesView]
    status: StatusLine

    @property
    def curves(self) -> CurvesView:
        """The first view, built now at the latest."""
        return self.curves_view.part


class OnDemand(Generic[Part]):
    """Something built once, at the first look at `part`; `built` where it was needed already."""

    def __init__(self, build: Callable[[], Part]) -> None:
        self._build = build
        self._waiting: list[Callable[[Part], object]] = []
        self.built: Part | None = None

    @property
    def part(self) -> Part:
        if self.built is None:
            self.built = self._build()
            for use in self._waiting:
                use(self.built)
        return self.built

    def when_built(self, use: Callable[[Part], object]) -> None:
        """Have something done with it: now, or when it is built."""
        if self.built is not None:
            use(self.built)
        else:
            self._waiting.append(use)


def build_parts(window: QMainWindow, run_colours: dict[str, int]) -> Parts:
    """Make all parts and lay them out in the window; `run_colours` were given out before."""
    controller = RunController(str(paths.runs_folder()), window)
    helper = HelperWorker(window)
    costs = CostEstimator(SpeedBook(paths.speeds_file()), helper, window)
    model = RunModel(paths.runs_folder(), window)
    setup = SetupPanel(paths.presets_folder(), paths.experiments_folder(), costs)
    runs = RunsPanel(model, controller.queue)
    controls = ControlBar()
    data_bar, message, header = DataBar(helper), MessageBar(), RunHeader()
    tabs = CentralTabs((data_bar, message, header))

    def build_curves() -> CurvesView:
        # Imported here and not above: with pyqtgraph a third of what the window would wait for.
        from cifar_studio.ui.curves.view import CurvesView

        curves = CurvesView(run_colours=RunColours(len(theme.LIGHT.runs), run_colours))
        tabs.set_view(CURVES, curves)
        return curves

    parts = Parts(
        window=window,
        controller=controller,
        helper=helper,
        costs=costs,
        model=model,
        selection=RunSelection(controller.live, window),
        setup=setup,
        runs=runs,
        controls=controls,
        panel=SidePanel(setup, runs, controls),
        data_bar=data_bar,
        message=message,
        header=header,
        tabs=tabs,
        curves_view=OnDemand(build_curves),
        status=StatusLine(),
    )
    upper = row(parts.panel, grow(parts.tabs), spacing=0)
    whole = QWidget()
    column(grow(upper), parts.status, parent=whole, margins=NO_MARGINS, spacing=0)
    window.setCentralWidget(whole)
    data_bar.hide()
    header.show_nothing()
    return parts
