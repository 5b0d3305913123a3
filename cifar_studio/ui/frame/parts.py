"""What the window is made of. Controllers take these parts; nobody takes the window itself.

What is not needed for the window to stand is built on demand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtWidgets import QMainWindow, QWidget

from cifar_studio import paths
from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.ui.curves.data.run_colours import RunColours
from cifar_studio.ui.curves.view import CurvesView
from cifar_studio.ui.frame.central_tabs import CentralTabs
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
    # The middle, and its first view; the others are built when they are first needed.
    curves: CurvesView
    tabs: CentralTabs
    status: StatusLine


class OnDemand(Generic[Part]):
    """Something built once, at the first look at `part`; `built` where it was needed already."""

    def __init__(self, build: Callable[[], Part]) -> None:
        self._build = build
        self.built: Part | None = None

    @property
    def part(self) -> Part:
        if self.built is None:
            self.built = self._build()
        return self.built


def build_parts(window: QMainWindow, run_colours: dict[str, int]) -> Parts:
    """Make all parts and lay them out in the window; `run_colours` were given out before."""
    controller = RunController(str(paths.runs_folder()), window)
    helper = HelperWorker(window)
    costs = CostEstimator(SpeedBook(paths.speeds_file()), helper, window)
    model = RunModel(paths.runs_folder(), window)
    setup = SetupPanel(paths.presets_folder(), costs)
    runs = RunsPanel(model, controller.queue)
    controls = ControlBar()
    data_bar, message, header = DataBar(helper), MessageBar(), RunHeader()
    curves = CurvesView(run_colours=RunColours(len(theme.LIGHT.runs), run_colours))
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
        curves=curves,
        tabs=CentralTabs((data_bar, message, header), curves),
        status=StatusLine(),
    )
    upper = row(parts.panel, grow(parts.tabs), spacing=0)
    whole = QWidget()
    column(grow(upper), parts.status, parent=whole, margins=NO_MARGINS, spacing=0)
    window.setCentralWidget(whole)
    data_bar.hide()
    header.show_nothing()
    return parts
