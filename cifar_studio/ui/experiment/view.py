"""The Experiment tab: how it stands, a picture of all trials, and below it their table."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Limits, Marks
from cifar_studio.ui.experiment.summary import ExperimentSummary
from cifar_studio.ui.experiment.table import EXPLANATIONS, TrialsTable
from cifar_studio.ui.experiment.views.each_setting import EachSettingView
from cifar_studio.ui.experiment.views.history import HistoryView
from cifar_studio.ui.experiment.views.importance import ImportanceView
from cifar_studio.ui.experiment.views.learning_curves import LearningCurvesView
from cifar_studio.ui.experiment.views.parallel_axes import ParallelAxesView
from cifar_studio.ui.experiment.views.repetitions import RepetitionsView
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.plots.throttle import Throttle
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.empty_view import EmptyView
from cifar_studio.ui.widgets.explanation import explain
from cifar_studio.ui.widgets.grip_splitter import GripSplitter
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row
from cifar_studio.ui.widgets.segments import Segments

VIEWS: tuple[type[TrialView], ...] = (
    RepetitionsView,
    HistoryView,
    LearningCurvesView,
    ParallelAxesView,
    EachSettingView,
    ImportanceView,
)
MARGIN_PX, GAP_PX = 16, 12
TABLE_SHARE = 0.42


class ExperimentView(QWidget):
    """Nothing is drawn while it is hidden; a view is built when it is first looked at.

    Signals
    -------
    run_chosen(Path)
        The run folder of the trial that was chosen in the table or in a view.
    pause_requested(), go_on_requested(), stop_requested(), more_requested(), finish_requested()
    widen_requested(str)
        Key of an axis.
    save_requested(str)
        The key of a view, or "trials" for the table, that is to be kept as a file.
    """

    run_chosen = Signal(object)
    pause_requested = Signal()
    go_on_requested = Signal()
    stop_requested = Signal()
    more_requested = Signal()
    finish_requested = Signal()
    widen_requested = Signal(str)
    save_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.data: ExperimentData | None = None
        self.marks = Marks()
        self.summary = ExperimentSummary()
        self.table = TrialsTable()
        self.segments: Segments | None = None
        self.views: dict[str, TrialView] = {}
        self._offered: tuple[type[TrialView], ...] = ()
        self._wished = ""  # the view chosen last, also where another experiment has none of it
        self._drawn: ExperimentData | None = None
        self._chosen_run: Path | None = None
        self._throttle = Throttle(self)
        self._throttle.timeout.connect(self._draw)
        self.limits_words = basics.label("", "muted")
        self.clear_limits = basics.link("Clear", lambda: self._set_limits({}))
        self.clear_limits.setToolTip("Show all trials again (Esc)")
        self._switch = row(STRETCH, self.limits_words, self.clear_limits, spacing=2)
        self._stack = QStackedWidget()
        pictures = QWidget()
        column(self._switch, grow(self._stack), parent=pictures, margins=NO_MARGINS, spacing=2)
        self.splitter = GripSplitter()
        self.splitter.addWidget(pictures)
        self.splitter.addWidget(self.table)
        self.splitter.setStretchFactor(0, round(100 * (1 - TABLE_SHARE)))
        self.splitter.setStretchFactor(1, round(100 * TABLE_SHARE))
        self.splitter.setSizes([round(1000 * (1 - TABLE_SHARE)), round(1000 * TABLE_SHARE)])
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.addWidget(self.summary)
        self._column.addWidget(self.splitter, 1)
        self.empty = EmptyView(*words.EMPTY)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self._content)
        column(self._pages, parent=self, margins=NO_MARGINS)
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._restyle()
        self._show_limits()

    @property
    def shown(self) -> TrialView | None:
        """The view that is in sight."""
        view = self._stack.currentWidget()
        return view if isinstance(view, TrialView) else None

    def show_experiment(self, data: ExperimentData | None) -> None:
        """Show an experiment as it is now; the same one again at the next turn of the throttle."""
        is_another = data is None or self.data is None or data.state.path != self.data.state.path
        self.data = data
        if is_another:
            self.marks = Marks()
            self._show_limits()
            self._drawn = None
            self._throttle.stop()
            self._pages.setCurrentIndex(0 if data is None else 1)
            self.setFocusProxy(self.table)
            self._mark_chosen()
            if self.isVisible():
                self._draw()
        elif data is not self._drawn and self.isVisible() and not self._throttle.isActive():
            self._throttle.start()

    def select_run(self, path: Path | None) -> None:
        """Every tab shows this run now: mark its trial, if it is one of these."""
        self._chosen_run = path
        before = self.marks
        self._mark_chosen()
        if self.marks != before:
            self._draw_marks()

    def choose_view(self, key: str) -> None:
        """Show one of the pictures, where the experiment has it."""
        self._wished = key
        if any(key == view.KEY for view in self._offered):
            self._show_view(key)

    @property
    def chosen_view(self) -> str:
        return self._wished

    def save_layout(self) -> bytes:
        """Where the splitter stands, for the settings."""
        return bytes(self.splitter.saveState().data())

    def restore_layout(self, state: bytes) -> None:
        self.splitter.restoreState(QByteArray(state))

    def _connect(self) -> None:
        summary, table = self.summary, self.table
        summary.pause_requested.connect(self.pause_requested)
        summary.go_on_requested.connect(self.go_on_requested)
        summary.stop_requested.connect(self.stop_requested)
        summary.more_requested.connect(self.more_requested)
        summary.finish_requested.connect(self.finish_requested)
        summary.widen_requested.connect(self.widen_requested)
        table.trial_chosen.connect(self._on_trial_chosen)
        table.save_requested.connect(lambda: self.save_requested.emit("trials"))
        table.explanation_requested.connect(lambda key, at: explain(key, at, self, EXPLANATIONS))
        theme.manager().changed.connect(self._restyle)

    # What is drawn

    def _draw(self) -> None:
        """Everything as the data are now."""
        data = self.data
        if data is None or not self.isVisible():
            return
        with self._throttle.drawing():
            self._drawn = data
            self._mark_chosen()
            self.summary.show_experiment(data)
            self._offer_views(data)
            self._draw_table(data)
            self._draw_view()

    def _draw_table(self, data: ExperimentData) -> None:
        inside = self.marks.within(data) if self.marks.limits else None
        self.table.show_trials(data, inside)
        self.table.choose(self.marks.chosen)
        if inside is not None:
            self.limits_words.setText(f"{int(inside.sum())} of {len(inside)} within limits")

    def _draw_view(self) -> None:
        if self._drawn is not None and (view := self.shown) is not None:
            view.draw(self._drawn, self.marks)

    def _draw_marks(self) -> None:
        """The trial chosen, or the limits, have changed."""
        if self._drawn is not None and self.isVisible():
            self._draw_table(self._drawn)
            self._draw_view()

    def _offer_views(self, data: ExperimentData) -> None:
        """Buttons for the views that have something to say of this experiment."""
        offered = tuple(view for view in VIEWS if view.suits(data))
        if offered == self._offered:
            return
        self._offered = offered
        if self.segments is not None:
            self._switch.removeWidget(self.segments)
            self.segments.deleteLater()
        choices = [(view.KEY, view.TITLE, view.TIP) for view in offered]
        self.segments = Segments("View", choices)
        self.segments.chosen.connect(self.choose_view)
        self._switch.insertWidget(0, self.segments)
        keys = [view.KEY for view in offered]
        self._show_view(self._wished if self._wished in keys else keys[0])

    def _show_view(self, key: str) -> None:
        if self.segments is not None:
            self.segments.choose(key)
        if key not in self.views:
            view = next(one for one in VIEWS if key == one.KEY)()
            view.trial_chosen.connect(self._on_trial_chosen)
            view.limits_changed.connect(self._set_limits)
            view.save_requested.connect(self.save_requested)
            self.views[key] = view
            self._stack.addWidget(view)
        self._stack.setCurrentWidget(self.views[key])
        self._draw_view()

    # What is marked

    def _mark_chosen(self) -> None:
        """The trial of the run that every tab shows."""
        data, path = self.data, self._chosen_run
        trial = data.by_run.get(path.name) if data is not None and path is not None else None
        is_of_these = (
            data is not None and path is not None and path.parent == data.state.runs_folder
        )
        if trial is not None and is_of_these:
            self.marks = Marks(trial.number, self.marks.limits)
        elif self.marks.chosen is not None and self._has_run(self.marks.chosen):
            self.marks = Marks(None, self.marks.limits)

    def _has_run(self, number: int) -> bool:
        trial = self.data.by_number.get(number) if self.data is not None else None
        return trial is None or bool(trial.run)

    def _on_trial_chosen(self, number: int) -> None:
        if self.data is None or number == self.marks.chosen:
            return
        self.marks = Marks(number, self.marks.limits)
        path = self.data.run_path(self.data.by_number[number])
        if path is not None:
            self._chosen_run = path
            self.run_chosen.emit(path)
        self._draw_marks()

    def _set_limits(self, limits: Limits) -> None:
        self.marks = Marks(self.marks.chosen, dict(limits))
        self._show_limits()
        self._draw_marks()

    def _show_limits(self) -> None:
        for part in (self.limits_words, self.clear_limits):
            part.setVisible(bool(self.marks.limits))

    # Looks

    def _restyle(self) -> None:
        self._column.setContentsMargins(*[theme.px(MARGIN_PX)] * 4)
        self._column.setSpacing(theme.px(GAP_PX))
        self.splitter.restyle()
        self.summary.restyle()
        self.table.restyle()
        if self.segments is not None:
            self.segments.restyle()
        for view in self.views.values():
            view.restyle()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.data is not self._drawn:
            self._draw()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._throttle.stop()
