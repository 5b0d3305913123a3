"""The Confusion tab: what it shows, and how its parts answer each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedLayout, QWidget

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.calibration import calibrate
from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.confusion.material import Epoch, Material, Sheet, Side, make_sheet
from cifar_studio.ui.confusion.not_evaluated import NotEvaluated
from cifar_studio.ui.confusion.page import ConfusionPage
from cifar_studio.ui.confusion.saved import FIGURES, FigureSwitches, switches_of, table_of
from cifar_studio.ui.confusion.summary import difference_in_words, figures_of
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import explain


class ConfusionView(QWidget):
    """Which classes a run takes for which, alone or held against another run.

    Parameters
    ----------
    gallery : QWidget or None
        Shows a cell's pictures; it is placed here, and filled by whoever gave it.

    Signals
    -------
    cell_selected(object, object)
        Class numbers shown and said, as tuples, of the cell that is now the current one.
    cell_opened(object, object)
        Likewise, by Enter or a double-click; its pictures are wanted.
    disagreement_opened(str, object)
        "a_only", "b_only", "both_right" or "both_wrong", and (n,) int32 test pictures.
    beside_chosen(object)
        The key of the run that is to stand beside, None for none; `show_beside` answers.
    evaluate_requested()
    shown_changed()
        `evaluation` is another one now.
    table_requested(Table)
        It is to be kept as a file.
    figure_requested(str)
        "confusion" or "calibration", likewise, as `figure_switches` say.
    """

    cell_selected = Signal(object, object)
    cell_opened = Signal(object, object)
    disagreement_opened = Signal(str, object)
    beside_chosen = Signal(object)
    evaluate_requested = Signal()
    shown_changed = Signal()
    table_requested = Signal(object)
    figure_requested = Signal(str)

    def __init__(self, gallery: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gallery = gallery
        self._material: Material | None = None
        self._sheet: Sheet | None = None
        self._beside: tuple[Evaluation | None, str] = (None, "")
        self._hovered = ""
        self._page = page = ConfusionPage(gallery)
        self.toolbar, self.matrix, self.tabs = page.toolbar, page.matrix, page.tabs
        self.readout, self.heading, self.back = page.readout, page.heading, page.back
        self.summary, self.notice = page.summary, page.notice
        self.disagreements = page.disagreements
        self.classes, self.confused = page.classes, page.confused
        self.calibration = page.calibration
        self.setFocusProxy(page.matrix)
        self.empty = NotEvaluated()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(basics.scrolled(page))
        self._pages.addWidget(self.empty)
        self._connect()
        self._show_all()

    # Outer interface

    def show_evaluations(
        self,
        best: Evaluation | None,
        last: Evaluation | None,
        names: ClassNames,
        title: str,
        chosen_by: str,
        *,
        is_live: bool = False,
    ) -> None:
        """Show a run's evaluations; without any, how to get one.

        Parameters
        ----------
        best, last : Evaluation or None
            Of the best epoch and of the latest one.
        title : str
            The run's.
        chosen_by : str
            As a person reads it: "best on test (selected)" or "best on validation".
        is_live : bool
            The run is on: where it has no answers yet, they come by themselves.
        """
        self.empty.set_live(is_live)
        self._material = Material(best, last, names, title, chosen_by, *self._beside)
        for key, there in (("best", best is not None), ("last", last is not None)):
            self.toolbar.epoch.set_possible(key, there)
            if not there and self.toolbar.epoch.key == key and (best or last) is not None:
                self.toolbar.epoch.choose("last" if key == "best" else "best")
        self._show_all()

    def choose_epoch(self, epoch: Epoch) -> None:
        """Prefer the best epoch or the latest one."""
        self.toolbar.epoch.choose(epoch)

    def show_progress(self, text: str) -> None:
        """How far the evaluation is that was asked for."""
        self.empty.show_progress(text)

    @property
    def shown_title(self) -> str:
        """Whose answers are shown: run A's title or run B's."""
        if self._material is None:
            return ""
        of_b = self._sheet is not None and self._sheet.evaluation is self._material.beside
        return self._material.beside_title if of_b else self._material.title

    def cell_words(self) -> str:
        """The current cell and the epoch that is shown, in a few words."""
        cells = self.matrix.cells
        words = cells.heading(*self.matrix.current) if cells is not None else ""
        return f"{words}, epoch {self.evaluation.epoch}" if self.evaluation is not None else words

    def clear(self, text: str = "") -> None:
        """No run is selected; `text` may say what to do about it."""
        self._material = None
        self.empty.set_text(text)
        self._show_all()

    def show_beside(self, evaluation: Evaluation | None, title: str = "") -> None:
        """Hold run B's evaluation against the run shown; None takes it away."""
        self._beside = (evaluation, title if evaluation is not None else "")
        self.toolbar.set_beside(self._beside[1])
        if evaluation is None:
            self.toolbar.side.choose("a")
        if self._material is not None:
            shown = self._material
            self._material = Material(
                shown.best, shown.last, shown.names, shown.title, shown.chosen_by, *self._beside
            )
        self._show_all()

    def offer_runs(self, runs: Sequence[tuple[str, object]]) -> None:
        """Runs that can stand beside, as (title, key)."""
        self.toolbar.offer_runs(runs)

    @property
    def evaluation(self) -> Evaluation | None:
        """Whose figures stand beside the matrix: A's, or B's where B is shown."""
        return self._sheet.evaluation if self._sheet is not None else None

    # Showing

    def _show_all(self) -> None:
        """Bring every part up to date after a change of what is shown."""
        material, epoch = self._material, cast("Epoch", self.toolbar.epoch.key)
        side = cast("Side", self.toolbar.side.key)
        before = self.evaluation
        self._sheet = None if material is None else make_sheet(material, epoch, side)
        sheet = self._sheet
        if material is None or sheet is None:
            self._pages.setCurrentWidget(self.empty)
            self.empty.set_possible(material is not None)
            self.matrix.show_cells(None, None)
            self._tell_if_changed(before)
            return
        self._pages.setCurrentIndex(0)
        self.toolbar.side.set_possible("difference", sheet.comparison is not None)
        if side == "difference" and sheet.comparison is None:
            self.toolbar.side.choose("a")
        self.matrix.show_cells(*sheet.cells, scaled_with=sheet.scaled_with)
        self._show_words(material, sheet, epoch)
        self.disagreements.show_comparison(sheet.comparison)
        self._show_tables(material, sheet)
        answers = sheet.evaluation
        self.calibration.show_calibration(
            calibrate(answers.true, answers.predicted, answers.probabilities)
        )
        self._show_cell()
        self._tell_if_changed(before)

    def _tell_if_changed(self, before: Evaluation | None) -> None:
        if self.evaluation is not before:
            self.shown_changed.emit()

    def _show_tables(self, material: Material, sheet: Sheet) -> None:
        held = sheet.comparison if self.toolbar.side.key == "difference" else None
        if held is not None:
            self.classes.show_matrix(held.a, material.names, minus=held.b)
            self.confused.show_difference(held.a, held.b, material.names)
        else:
            self.classes.show_matrix(sheet.evaluation.confusion, material.names)
            self.confused.show_matrix(sheet.evaluation.confusion, material.names)

    def _show_words(self, material: Material, sheet: Sheet, epoch: Epoch) -> None:
        letters = material.beside is not None
        of_b = letters and sheet.evaluation is material.beside
        if of_b:
            origin = f"B: {material.beside_origin()}"
        else:
            origin = f"{'A: ' if letters else ''}{material.title} · {material.origin(epoch)}"
        self.summary.show_figures(figures_of(sheet.evaluation, material.names), origin)
        words = sheet.fault
        if not words and self.toolbar.side.key == "difference" and sheet.comparison is not None:
            words = difference_in_words(sheet.comparison)
        self._page.show_notice(words, is_fault=bool(sheet.fault))

    def _show_cell(self) -> None:
        """Say what the pointer, or else the current cell, is about."""
        cells = self.matrix.cells
        if cells is None:
            return
        self.readout.setText(self._hovered or self.matrix.describe())
        self.heading.setText(cells.heading(*self.matrix.current))
        self._page.show_way_back(self.matrix.is_in_block)

    def save(self, key: str) -> None:
        """Have something kept as a file; `key` is one of `toolbar.SAVED`."""
        if key in FIGURES:
            self.figure_requested.emit(key)
        else:
            self.table_requested.emit(table_of(self._page, key))

    @property
    def figure_switches(self) -> FigureSwitches:
        """What a figure of what is shown has to be told."""
        return switches_of(self._page)

    def save_layout(self) -> bytes:
        """Where the splitter stands, for the settings."""
        return self._page.save_layout()

    def restore_layout(self, state: bytes) -> None:
        self._page.restore_layout(state)

    @property
    def chosen(self) -> list[str]:
        """The switches that are kept from one start to the next."""
        bar = self.toolbar
        return [bar.level.key, bar.unit.key, bar.scale.key]

    def choose(self, keys: list[str]) -> None:
        """Set the switches; keys that are no such ones are passed over."""
        bar = self.toolbar
        for switch, key in zip((bar.level, bar.unit, bar.scale), keys, strict=False):
            if key in switch.buttons:
                switch.choose(key)
                switch.chosen.emit(key)

    # Wiring

    def _connect(self) -> None:
        bar, matrix = self.toolbar, self.matrix
        bar.level.chosen.connect(self._on_level_chosen)
        bar.unit.chosen.connect(lambda key: matrix.set_percent(key == "percent"))
        bar.scale.chosen.connect(lambda key: matrix.set_logarithmic(key == "log"))
        bar.epoch.chosen.connect(self._show_all)
        bar.side.chosen.connect(self._show_all)
        bar.beside_chosen.connect(self.beside_chosen)
        bar.find_field.textChanged.connect(self._on_words_changed)
        bar.find_field.returnPressed.connect(self._on_find_next)
        bar.find_field.left.connect(matrix.setFocus)
        matrix.cell_selected.connect(self._on_cell_selected)
        matrix.cell_opened.connect(self.cell_opened)
        matrix.cell_hovered.connect(self._on_cell_hovered)
        matrix.level_changed.connect(self._on_level_changed)
        self.classes.table.row_chosen.connect(self._on_class_chosen)
        self.classes.table.row_opened.connect(self._on_class_opened)
        self.confused.row_chosen.connect(self._on_mistake_chosen)
        self.confused.row_opened.connect(self._on_mistake_opened)
        self.disagreements.opened.connect(self.disagreement_opened)
        self.empty.evaluate_requested.connect(self.evaluate_requested)
        bar.save_chosen.connect(self.save)
        matrix.save_requested.connect(self.save)
        self.calibration.save_requested.connect(self.save)
        self.classes.table.save_requested.connect(lambda: self.save("classes"))
        self.confused.save_requested.connect(lambda: self.save("confused"))
        for part in (
            matrix,
            self.summary,
            self.classes.table,
            self.confused,
            self.calibration,
            self.disagreements,
        ):
            part.explanation_requested.connect(self._on_explanation_requested)
        find = QShortcut(QKeySequence("/"), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._on_find_activated)
        theme.manager().changed.connect(self._on_theme_changed)

    def _on_level_chosen(self, level: str) -> None:
        self.matrix.set_level(cast("Level", level))
        self._show_cell()
        self.cell_selected.emit(*self.matrix.chosen_classes())

    def _on_level_changed(self, level: str) -> None:
        self.toolbar.level.choose(level)
        self._show_cell()
        self.cell_selected.emit(*self.matrix.chosen_classes())

    def _on_cell_selected(self, true: object, said: object) -> None:
        self._show_cell()
        self.cell_selected.emit(true, said)

    def _on_cell_hovered(self, text: str) -> None:
        self._hovered = text
        self._show_cell()

    def _on_class_chosen(self, numbers: tuple[int, ...]) -> None:
        self._go_to("classes" if len(numbers) == 1 else "superclasses", numbers[0], numbers[0])

    def _on_class_opened(self, numbers: tuple[int, ...]) -> None:
        self._on_class_chosen(numbers)
        self.matrix.open_current()

    def _on_mistake_chosen(self, cell: tuple[int, int]) -> None:
        self._go_to("classes", *cell)

    def _on_mistake_opened(self, cell: tuple[int, int]) -> None:
        self._go_to("classes", *cell)
        self.matrix.open_current()

    def _go_to(self, level: Level, true: int, said: int) -> None:
        if self.matrix.level != level:
            self.matrix.set_level(level)
            self.toolbar.level.choose(level)
        self.matrix.select_classes(true, said)

    def _on_find_activated(self) -> None:
        if self._sheet is not None:
            self.toolbar.find_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.toolbar.find_field.selectAll()

    def _on_words_changed(self, words: str) -> None:
        self.classes.search(words)
        self.confused.search(words)
        self.matrix.mark(words)

    def _on_find_next(self) -> None:
        if not self.matrix.go_to_next_marked() and self.matrix.level == "superclasses":
            self.matrix.set_level("classes")  # no superclass is called so; perhaps a class is
            self.toolbar.level.choose("classes")
            self.matrix.go_to_next_marked()

    def _on_explanation_requested(self, key: str, at: QPoint) -> None:
        explain(key, at, self, EXPLANATIONS)

    def _on_theme_changed(self) -> None:
        self._page.restyle()
        self._show_cell()
