"""The Confusion tab: what it shows, and how its parts answer each other."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedLayout, QWidget

from cifar_studio.runs.analysis.calibration import calibrate
from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.ui.confusion.evaluations import Contents, Epoch, Evaluations, contents_of
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.confusion.page import ConfusionPage
from cifar_studio.ui.confusion.summary import difference_in_words
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.empty_view import EmptyView
from cifar_studio.ui.widgets.explanation import explain

_WITHOUT_RUN = "Select a run that has finished an epoch, or press Ctrl+R to start a training."
_STILL_TRAINING = "The first answers come at the end of the first epoch."
_WITHOUT_EVALUATION = (
    "This run has no answers to show yet. They are written at the end of its best epoch; "
    "or let its network answer all test pictures now."
)


class ConfusionView(QWidget):
    """Which classes a run takes for which, alone or compared with a second run.

    Parameters
    ----------
    gallery : QWidget or None
        Shows a cell's pictures; it is placed here, and filled by whoever gave it.

    Signals
    -------
    cell_selected(object, object)
        Class numbers shown and said, as tuples, of the cell that is now the current one.
    evaluate_requested()
    shown_changed()
        `evaluation` is another one now.
    table_requested(Table)
        It is to be kept as a file.
    figure_requested(str)
        "confusion" or "calibration", likewise, as `toolbar.switches` say.
    """

    cell_selected = Signal(object, object)
    evaluate_requested = Signal()
    shown_changed = Signal()
    table_requested = Signal(object)
    figure_requested = Signal(str)

    def __init__(self, gallery: QWidget | None = None) -> None:
        super().__init__()
        self._evaluations: Evaluations | None = None
        self._why_empty = _WITHOUT_RUN
        self._contents: Contents | None = None
        self._second: tuple[Evaluation | None, str] = (None, "")
        self._is_live = False
        self._hovered = ""
        self.page = page = ConfusionPage(gallery)
        self.toolbar, self.matrix, self.tabs = page.toolbar, page.matrix, page.tabs
        self.readout, self.heading, self.back = page.readout, page.heading, page.back
        self.summary, self.notice = page.summary, page.notice
        self.disagreements = page.disagreements
        self.classes, self.mistakes = page.classes, page.mistakes
        self.calibration = page.calibration
        self.setFocusProxy(page.matrix)
        self.evaluate_button = basics.button("Evaluate now", self.evaluate_requested.emit)
        self.empty = EmptyView("Which classes are taken for which", "", self.evaluate_button)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(basics.scrolled(page))
        self._pages.addWidget(self.empty)
        self._connect()
        self._show_all()

    # Outer interface

    def show_evaluations(self, evaluations: Evaluations, *, is_live: bool = False) -> None:
        """Show a run's evaluations; without any, how to get one.

        Parameters
        ----------
        evaluations : Evaluations
            Of run A alone; `show_second_run` adds run B's.
        is_live : bool
            The run is on: where it has no answers yet, they come by themselves.
        """
        self._is_live = is_live
        self._evaluations = self._with_second_run(evaluations)
        switch, has_any = self.toolbar.epoch, (evaluations.best or evaluations.last) is not None
        for key, other in (("best", "last"), ("last", "best")):
            there = evaluations.at(cast("Epoch", key)) is not None
            switch.set_possible(key, there)
            if not there and switch.key == key and has_any:
                switch.choose(other)
        self._show_all()

    def clear(self, why: str = "") -> None:
        """No run is selected, or one without answers; `why` says so in a sentence."""
        self._evaluations = None
        self._why_empty = why or _WITHOUT_RUN
        self._show_all()

    def show_second_run(self, evaluation: Evaluation | None, title: str = "") -> None:
        """Compare the run shown with run B's evaluation; None takes that away."""
        self._second = (evaluation, title if evaluation is not None else "")
        self.toolbar.set_second_run(self._second[1])
        if evaluation is None:
            self.toolbar.side.choose("a")
        if self._evaluations is not None:
            self._evaluations = self._with_second_run(self._evaluations)
        self._show_all()

    def _with_second_run(self, evaluations: Evaluations) -> Evaluations:
        second, title = self._second
        return replace(evaluations, second=second, second_title=title)

    @property
    def evaluation(self) -> Evaluation | None:
        """Whose figures stand beside the matrix: A's, or B's where B is shown."""
        return self._contents.evaluation if self._contents is not None else None

    @property
    def shown_title(self) -> str:
        """Whose answers are shown: run A's title or run B's."""
        if self._evaluations is None:
            return ""
        return self._evaluations.second_title if self._is_of_b else self._evaluations.title

    @property
    def _is_of_b(self) -> bool:
        second = self._second[0]
        return second is not None and self.evaluation is second

    def cell_words(self) -> str:
        """The current cell and the epoch that is shown, in a few words."""
        cells = self.matrix.position.cells
        words = cells.heading(*self.matrix.position.current) if cells is not None else ""
        return f"{words}, epoch {self.evaluation.epoch}" if self.evaluation is not None else words

    def save(self, key: str) -> None:
        """Have something kept as a file; `key` is one of `toolbar.SAVED`."""
        match key:
            case "matrix":
                self.table_requested.emit(self.matrix.as_table())
            case "classes":
                self.table_requested.emit(self.classes.table.as_table("classes"))
            case "confused":
                self.table_requested.emit(self.mistakes.as_table("most confused"))
            case "bins":
                self.table_requested.emit(self.calibration.as_table())
            case _:
                self.figure_requested.emit(key)

    # Showing

    def _show_all(self) -> None:
        """Bring every part up to date after a change of what is shown."""
        evaluations, switches, before = self._evaluations, self.toolbar.switches, self.evaluation
        contents = None
        if evaluations is not None:
            contents = contents_of(evaluations, switches.epoch, switches.side)
        self._contents = contents
        if evaluations is None or contents is None:
            self._show_empty(has_run=evaluations is not None)
        else:
            self._pages.setCurrentIndex(0)
            self._show_contents(evaluations, contents)
        if self.evaluation is not before:
            self.shown_changed.emit()

    def _show_empty(self, *, has_run: bool) -> None:
        waits = has_run and self._is_live
        without = _STILL_TRAINING if waits else _WITHOUT_EVALUATION
        self.empty.body.setText(without if has_run else self._why_empty)
        self.evaluate_button.setVisible(has_run and not waits)
        self.matrix.show_cells({})
        self._pages.setCurrentWidget(self.empty)

    def _show_contents(self, evaluations: Evaluations, contents: Contents) -> None:
        names, answers, side = evaluations.names, contents.evaluation, self.toolbar.side
        side.set_possible("difference", contents.comparison is not None)
        difference = contents.comparison if side.key == "difference" else None
        if side.key == "difference" and difference is None:
            side.choose("a")
        self.matrix.show_cells(contents.cells, scaled_with=contents.scaled_with)
        epoch = self.toolbar.switches.epoch
        origin = evaluations.origin(epoch, of_second=self._is_of_b)
        self.summary.show_evaluation(answers, names, origin)
        self.disagreements.show_comparison(contents.comparison)
        if difference is not None:
            self.page.show_notice(difference_in_words(difference), is_fault=False)
            self.classes.show_matrix(difference.a, names, minus=difference.b)
            self.mistakes.show_difference(difference.a, difference.b, names)
        else:
            self.page.show_notice(contents.fault, is_fault=bool(contents.fault))
            self.classes.show_matrix(answers.confusion, names)
            self.mistakes.show_matrix(answers.confusion, names)
        self.calibration.show_calibration(
            calibrate(answers.true, answers.predicted, answers.probabilities)
        )
        self._show_cell()

    def _show_cell(self) -> None:
        """Say what the pointer, or else the current cell, is about."""
        position = self.matrix.position
        if position.cells is None:
            return
        self.readout.setText(self._hovered or position.describe())
        self.heading.setText(position.cells.heading(*position.current))
        self.page.show_way_back(position.is_in_block)

    # Wiring

    def _connect(self) -> None:
        bar, matrix = self.toolbar, self.matrix
        bar.level.chosen.connect(self._on_level_chosen)
        bar.unit.chosen.connect(lambda key: matrix.set_percent(key == "percent"))
        bar.scale.chosen.connect(lambda key: matrix.set_logarithmic(key == "log"))
        bar.epoch.chosen.connect(self._show_all)
        bar.side.chosen.connect(self._show_all)
        bar.find_field.textChanged.connect(self._on_words_changed)
        bar.find_field.returnPressed.connect(self._on_find_next)
        bar.find_field.left.connect(matrix.setFocus)
        matrix.cell_selected.connect(self._on_cell_selected)
        matrix.cell_hovered.connect(self._on_cell_hovered)
        matrix.level_changed.connect(self._on_level_changed)
        bar.save_chosen.connect(self.save)
        matrix.save_requested.connect(self.save)
        self.calibration.save_requested.connect(self.save)
        for key, table, on_row_chosen in (
            ("classes", self.classes.table, self._on_class_chosen),
            ("confused", self.mistakes, self._on_mistake_chosen),
        ):
            table.row_chosen.connect(on_row_chosen)
            table.row_opened.connect(on_row_chosen)
            table.row_opened.connect(matrix.open_current)
            table.save_requested.connect(functools.partial(self.save, key))
            table.explanation_requested.connect(self._on_explanation_requested)
        find = QShortcut(QKeySequence("/"), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._on_find_activated)
        theme.manager().changed.connect(self._on_theme_changed)

    def _on_level_chosen(self, level: str) -> None:
        self.matrix.set_level(cast("Level", level))
        self._on_level_changed(level)

    def _on_level_changed(self, level: str) -> None:
        self.toolbar.level.choose(level)
        self._on_cell_selected(*self.matrix.position.chosen_classes())

    def _on_cell_selected(self, true: object, said: object) -> None:
        self._show_cell()
        self.cell_selected.emit(true, said)

    def _on_cell_hovered(self, text: str) -> None:
        self._hovered = text
        self._show_cell()

    def _on_class_chosen(self, numbers: tuple[int, ...]) -> None:
        self._go_to("classes" if len(numbers) == 1 else "superclasses", numbers[0], numbers[0])

    def _on_mistake_chosen(self, cell: tuple[int, int]) -> None:
        self._go_to("classes", *cell)

    def _go_to(self, level: Level, true: int, said: int) -> None:
        if self.matrix.position.level != level:
            self.matrix.set_level(level)
            self.toolbar.level.choose(level)
        self.matrix.select_classes(true, said)

    def _on_find_activated(self) -> None:
        if self._contents is not None:
            self.toolbar.find_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.toolbar.find_field.selectAll()

    def _on_words_changed(self, words: str) -> None:
        self.classes.table.search(words)
        self.mistakes.search(words)
        self.matrix.mark(words)

    def _on_find_next(self) -> None:
        if not self.matrix.go_to_next_marked() and self.matrix.position.level == "superclasses":
            self.matrix.set_level("classes")  # no superclass is called so; perhaps a class is
            self.toolbar.level.choose("classes")
            self.matrix.go_to_next_marked()

    def _on_explanation_requested(self, key: str, at: QPoint) -> None:
        explain(key, at, self, EXPLANATIONS)

    def _on_theme_changed(self) -> None:
        self.page.restyle()
        self._show_cell()
