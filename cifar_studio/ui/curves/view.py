"""The Curves tab: headline, two plots on one epoch axis, and the table of epochs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.config.report import ReportResult
from cifar_studio.runner.protocol import SaveCurvesRequest
from cifar_studio.runs.analysis.seeds import SeedGroup
from cifar_studio.runs.folder.events import Event, RunStarted
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.curves.controls import CurveControls
from cifar_studio.ui.curves.data.explanations import EXPLANATIONS
from cifar_studio.ui.curves.data.run_colours import RunColours
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.seeds_data import SeedsData
from cifar_studio.ui.curves.data.series import epoch_limit
from cifar_studio.ui.curves.data.shown_runs import ShownRuns
from cifar_studio.ui.curves.headline import Headline
from cifar_studio.ui.curves.plot.marks import Level
from cifar_studio.ui.curves.plot.panel import Options, PlotPanel
from cifar_studio.ui.curves.plot.report_levels import (
    beside_reference,
    reference_data,
    report_levels,
    report_of,
)
from cifar_studio.ui.curves.pointing import EpochPointer
from cifar_studio.ui.curves.run_strip import RunStrip
from cifar_studio.ui.curves.table.epoch_view import EpochTable
from cifar_studio.ui.plots.throttle import Throttle
from cifar_studio.ui.tables.row_table import HEADER_PX, ROW_PX
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import explain
from cifar_studio.ui.widgets.grip_splitter import GripSplitter

STACKED_BELOW_PX = 600
MARGIN_PX = 16
GAP_PX = 12
_HINTS = (
    "Training and test loss will be drawn here",
    "Top-1 and top-5 accuracy will be drawn here",
)


class CurvesView(QWidget):
    """How one run learns, live or from the library, with other runs beside it.

    `begin` and `handle` feed the run that is being trained, whichever run is shown; `show_run`
    chooses what is shown. A redraw happens at most ten times a second, less often where it
    takes long (`Throttle`), only where something is new, and never while the view is hidden.

    Parameters
    ----------
    run_colours : RunColours or None
        Shared with other views that compare runs.

    Signals
    -------
    epoch_hovered(int)
        The crosshair stands at this epoch; 0 when it is gone.
    table_requested(Table)
        It is to be kept as a file.
    figure_requested(SaveCurvesRequest)
        What is drawn is to be kept as a file; without a path.
    """

    table_requested = Signal(object)
    figure_requested = Signal(object)
    epoch_hovered = Signal(int)

    def __init__(self, run_colours: RunColours | None = None) -> None:
        super().__init__()
        self.redraws = 0
        self.run_colours = run_colours or RunColours(len(theme.current().runs))
        self._result: ReportResult | None = None
        self._reference: RunData | None = None
        self._planned_epochs = 10
        self._empty_hint = "Press Ctrl+R to start a training"
        self._fitted = True
        self._pending = True
        self._splitter_is_default = True
        self.controls = CurveControls()
        self.headline = Headline(self.controls)
        self.strip = RunStrip()
        self.loss = PlotPanel("loss")
        self.accuracy = PlotPanel("accuracy")
        self.panels = (self.loss, self.accuracy)
        self.table = EpochTable()
        self.pointer = EpochPointer(self.panels, self.table, self)
        self._runs = ShownRuns(self.run_colours, self)
        self._tick = Throttle(self)
        self._lay_out()
        self._connect()
        self._restyle()

    # Outer interface

    @property
    def shown(self) -> RunData | None:
        """What is shown now."""
        return self._runs.main

    def set_empty_hint(self, text: str, planned_epochs: int) -> None:
        """What stands here while no run is shown, and how far its axes reach."""
        self._empty_hint = text
        self._planned_epochs = planned_epochs
        if self.shown is None:
            self._request_redraw()

    def show_run(self, run: Run | None) -> None:
        """Show a run of the library; the one that is being trained is shown live.

        The run that is shown already is brought up to date, with zoom and crosshair kept.
        """
        live, shown = self._runs.live, self.shown
        if run is None:
            self._show(None)
        elif live is not None and run.path == live.path:
            self.show_live()
        elif shown is not None and shown.catch_up(run):
            self._request_redraw()
            self._runs.read_on()
        else:
            self._show(RunData.from_run(run))

    def begin(self, started: RunStarted, show: bool = True) -> None:
        """A run starts or goes on; its events are to follow through `handle`."""
        live = self._runs.begin(started)
        if show:
            self._show(live)
        else:
            self._runs.read_on()

    def show_live(self) -> None:
        """Show the run that is being trained, or was last."""
        if self._runs.live is not None and self.shown is not self._runs.live:
            self._show(self._runs.live)

    def handle(self, event: Event) -> None:
        """Take an event of the run that `begin` announced; other kinds are left alone."""
        if self._runs.handle(event):
            self._request_redraw()

    def show_groups(self, groups: Sequence[SeedGroup]) -> None:
        """Draw groups of seeds in place of runs, until another run is shown or laid beside."""
        self._runs.set_groups(groups)
        self._show_runs()

    def set_overlays(self, runs: Sequence[Run]) -> None:
        """Draw other runs beside the one shown; colour is then the run."""
        self._runs.set_overlays(runs)
        self._show_runs()

    def save_figure(self) -> None:
        """Have what is drawn kept as a figure; runs that are switched off are left out."""
        hidden = self.strip.hidden_keys()
        drawn = [run for run in self._runs.drawn() if str(run.path) not in hidden]
        groups = [one.group for one in drawn if isinstance(one, SeedsData)]
        runs = [run.path for group in groups for run in group.runs]
        runs += [one.path for one in drawn if not isinstance(one, SeedsData)]
        if runs:
            self.figure_requested.emit(
                SaveCurvesRequest(
                    id=0,
                    folders=[str(path) for path in runs],
                    path="",
                    by_seed=bool(groups),
                    report=self.controls.report.isChecked(),
                )
            )

    def save_layout(self) -> bytes:
        """Where the splitter stands, for the settings."""
        return bytes(self.splitter.saveState().data())

    def restore_layout(self, state: bytes) -> None:
        self._splitter_is_default = not self.splitter.restoreState(QByteArray(state))

    # Drawing

    def _show(self, run: RunData | None) -> None:
        self._runs.set_main(run)
        self._result, exact, why = report_of(run)
        self._reference = reference_data(run)
        self.controls.set_report(self._result is not None, exact, why)
        self.table.show_from_start(run)
        self._show_runs()

    def _show_runs(self) -> None:
        """Take the runs into the plots, those that are switched off left out."""
        self._runs.read_on()
        styled = self._runs.styled()
        self.strip.set_runs(styled)
        hidden = self.strip.hidden_keys()
        styled = [pair for pair in styled if str(pair[0].path) not in hidden]
        self._fitted = True
        self.pointer.clear()
        for panel in self.panels:
            panel.set_runs(styled)
            panel.set_reference(self._reference)
        self._redraw_at_once()

    def _redraw_at_once(self) -> None:
        self._pending = True
        if self.isVisible():
            self._redraw()

    def _request_redraw(self) -> None:
        self._pending = True
        if self.isVisible() and not self._tick.isActive():
            self._tick.start()

    def _redraw(self) -> None:
        with self._tick.drawing():
            self._draw()

    def _draw(self) -> None:
        self._pending = False
        self.redraws += 1
        self._show_headline()
        self._level_legends()
        runs = self._runs.drawn()
        position = max((run.position for run in runs), default=0.0)
        planned = max((run.config.epochs for run in runs), default=self._planned_epochs)
        self._block_link(True)  # each sets its own range here, and is drawn once
        for panel, hint in zip(self.panels, _HINTS, strict=True):
            panel.set_hint("" if runs else hint)
            panel.draw(
                Options(
                    epochs=epoch_limit(position, planned),
                    logarithmic=self.controls.logarithmic.isChecked(),
                    smoothing=self.controls.smoothing_epochs,
                    fitted=self._fitted,
                    references=self._levels(panel),
                    with_rate=self.controls.rate.isChecked(),
                    with_reference=self.controls.report.isChecked() and len(runs) == 1,
                )
            )
        self._block_link(False)
        self._level_legends()
        self.controls.fit.setEnabled(not self._fitted)
        self.table.show_run(self.shown)

    def _block_link(self, blocked: bool) -> None:
        for panel in self.panels:
            panel.plot.item.vb.blockLink(blocked)

    def _levels(self, panel: PlotPanel) -> tuple[Level, ...]:
        if not self.controls.report.isChecked():
            return ()
        return report_levels(self._result, self.shown, panel.name, len(self._runs.drawn()) > 1)

    def _show_headline(self) -> None:
        shown = self.shown
        if shown is None:
            self.headline.show_hint(self._empty_hint)
        else:
            live = shown is self._runs.live and not self._runs.live_ended
            several = len(self._runs.drawn()) > 1 or bool(self._runs.groups)
            way = beside_reference(shown, self._reference)
            self.headline.show_run(shown, live, shown.name if several else "", way)
        self.strip.show_values()

    # Layout

    def _lay_out(self) -> None:
        plots = QWidget()
        self._plots = QBoxLayout(QBoxLayout.Direction.LeftToRight, plots)
        self._plots.setContentsMargins(0, 0, 0, 0)
        for panel in self.panels:
            self._plots.addWidget(panel, 1)
        self.splitter = GripSplitter()
        self.splitter.addWidget(plots)
        self.splitter.addWidget(self.table)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.headline)
        self._column.addWidget(self.strip)
        self._column.addWidget(self.splitter, 1)

    def _restyle(self) -> None:
        self._column.setContentsMargins(*[theme.px(MARGIN_PX)] * 4)
        self._column.setSpacing(theme.px(GAP_PX))
        self._plots.setSpacing(theme.px(GAP_PX))
        for part in (self.splitter, self.controls, self.headline, self.strip, self.table):
            part.restyle()
        for panel in self.panels:
            panel.restyle()

    def _level_legends(self) -> None:
        """Both legends as high as the higher one, so that the plots stand level."""
        heights = [panel.legend_height() for panel in self.panels]
        stacked = self._plots.direction() == QBoxLayout.Direction.TopToBottom
        for panel, height in zip(self.panels, heights, strict=True):
            panel.legend.setFixedHeight(height if stacked else max(heights))

    def _arrange(self) -> None:
        """Fit the parts to the width at hand."""
        narrow = self.width() < theme.px(STACKED_BELOW_PX)
        direction = QBoxLayout.Direction
        self._plots.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self.headline.arrange(self.width() - 2 * theme.px(MARGIN_PX))
        if self._splitter_is_default:
            rows = 5 if self.height() >= theme.px(640) else 2
            table = theme.px(HEADER_PX + rows * ROW_PX)
            self.splitter.setSizes([max(self.splitter.height() - table, 1), table])
        self._level_legends()

    def _order_tabs(self) -> None:
        """The Tab key goes the way the eye does."""
        order: list[QWidget] = [*self.controls.in_order, *self.strip.legend.entries.values()]
        for panel in self.panels:
            order += [*panel.legend.entries.values(), panel.plot]
        order.append(self.table)
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

    # Wiring

    def _connect(self) -> None:
        self.accuracy.plot.item.setXLink(self.loss.plot.item)
        for panel in self.panels:
            panel.plot.zoomed.connect(self._on_zoomed)
            panel.plot.fit_requested.connect(self._on_fit_requested)
            panel.legend.entries_changed.connect(self._order_tabs)
            panel.hidden_changed.connect(self._redraw_at_once)
            panel.resized.connect(self._level_legends)
            panel.values_requested.connect(self.table.copy)
            panel.save_requested.connect(self.save_figure)
        self.table.save_requested.connect(
            lambda: self.table_requested.emit(self.table.as_table("epochs"))
        )
        self.table.explanation_requested.connect(
            lambda key, at: explain(key, at, self, EXPLANATIONS)
        )
        self.strip.legend.entries_changed.connect(self._order_tabs)
        self.strip.toggled.connect(self._show_runs)
        self.controls.fit.clicked.connect(self._on_fit_requested)
        self.controls.changed.connect(self._redraw_at_once)
        self.pointer.epoch_changed.connect(self.epoch_hovered)
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        self._tick.timeout.connect(self._on_tick)
        self._runs.points_read.connect(self._request_redraw)
        theme.manager().changed.connect(self._on_theme_changed)

    def _on_splitter_moved(self) -> None:
        self._splitter_is_default = False

    def _on_tick(self) -> None:
        if self._pending and self.isVisible():
            self._redraw()

    def _on_theme_changed(self) -> None:
        self._restyle()
        self._arrange()
        self._redraw_at_once()

    def _on_zoomed(self) -> None:
        self._fitted = False
        self.controls.fit.setEnabled(True)

    def _on_fit_requested(self) -> None:
        self._fitted = True
        self._redraw_at_once()

    # Visibility and size

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()
        if self._pending:
            self._redraw()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
