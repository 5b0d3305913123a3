"""The table of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from typing_extensions import override

from cifar_studio.export.tables.report_columns import MEASURES
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.sheet import Cell
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.seeds import SeedGroup, over_seeds
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.compare.columns import COLUMNS, ENDED, HIDDEN_AT_FIRST, NOTES, RUN
from cifar_studio.ui.compare.delegate import ROW_PX, CompareDelegate
from cifar_studio.ui.compare.lines import Line
from cifar_studio.ui.compare.model import CompareModel, CompareProxy
from cifar_studio.ui.tables.row_delegate import PAD_PX
from cifar_studio.ui.tables.row_table import RowTable
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets import theme

_WORDS_PX = {RUN.key: 224, ENDED.key: 136, NOTES.key: 88}
HEADER_PX = 44
_SAMPLES = {
    "epoch_seconds": "000.00 (00.00)",
    "seconds_to_convergence": "00000.00",
    "total_seconds": "00000.00",
    "epochs": "000",
    "epochs_to_convergence": "~000",
    "min_train_loss": "0.0000",
    "min_test_loss": "0.0000",
}


class CompareTable(RowTable):
    """Every run as a row.

    Signals
    -------
    chosen_changed()
        Other rows are selected, or the figures of those that are have changed.
    opened(Line)
        A row was double-clicked, or Enter pressed on it.
    menu_requested(QPoint)
        What can be done with the rows that are selected.
    """

    chosen_changed = Signal()
    opened = Signal(object)
    menu_requested = Signal(QPoint)

    def __init__(self) -> None:
        self.lines = CompareModel()
        self.filter = CompareProxy(self.lines)
        empty = "Every training has a row here, with the figures of the report's Table 2"
        super().__init__(self.lines, self.filter, "Runs and their figures", empty)
        self.setItemDelegate(CompareDelegate(self))
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)  # joins two lines
        self.doubleClicked.connect(
            lambda at: self.opened.emit(self.lines.lines[self.source_row(at.row())])
        )
        self.selectionModel().selectionChanged.connect(lambda *_: self._on_selection_changed())
        self.set_hidden(HIDDEN_AT_FIRST)
        self.restyle()

    @property
    def chosen(self) -> tuple[Line, ...]:
        """The selected rows, in the order shown."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self.lines.lines[self.source_row(row)] for row in rows)

    @property
    def shown(self) -> tuple[Line, ...]:
        """All rows that the search leaves, in the order shown."""
        rows = range(self.filter.rowCount())
        return tuple(self.lines.lines[self.source_row(row)] for row in rows)

    @property
    def hidden(self) -> frozenset[str]:
        """Keys of the columns that are not shown."""
        places = range(len(COLUMNS))
        return frozenset(COLUMNS[p].key for p in places if self.isColumnHidden(p))

    def set_hidden(self, keys: Iterable[str]) -> None:
        """Hide these columns, but never the name of the run."""
        hidden = set(keys) - {RUN.key}
        for place, column in enumerate(COLUMNS):
            self.setColumnHidden(place, column.key in hidden)
        self._fit_columns()

    def show_runs(self, runs: Sequence[Run], rule: ConvergenceRule, *, by_seed: bool) -> None:
        """Show these; what is selected stays selected where it is still there."""
        keys = [line.key for line in self.chosen]
        scrolled = self.verticalScrollBar().value()
        self._setting = True
        self.lines.show(runs, rule, by_seed=by_seed)
        self._select(keys)
        self._setting = False
        self.verticalScrollBar().setValue(scrolled)
        self.chosen_changed.emit()

    def choose(self, names: Iterable[str]) -> None:
        """Select the rows of these run folders."""
        chosen = set(names)
        self._select([line.key for line in self.lines.lines if chosen & set(line.key)])

    def search(self, text: str) -> None:
        self._setting = True
        self.filter.search(text)
        self._setting = False
        self.viewport().update()
        self.chosen_changed.emit()

    def _select(self, keys: Sequence[tuple[str, ...]]) -> None:
        flag = QItemSelectionModel.SelectionFlag
        selection = self.selectionModel()
        selection.clearSelection()
        for key in keys:
            row = self.lines.row_of(key)
            if row >= 0:
                index = self.filter.mapFromSource(self.lines.index(row, 0))
                if index.isValid():
                    selection.setCurrentIndex(index, flag.NoUpdate)
                    selection.select(index, flag.Select | flag.Rows)

    def _on_selection_changed(self) -> None:
        if not self._setting:
            self.chosen_changed.emit()

    @override
    def as_table(self, name: str) -> Table:
        """All rows in the order shown, with every figure of Table 2, and the report's beside."""
        if self.lines.by_seed:
            groups = [line.group for line in self.shown if line.group]
            return _seeds_table(name, groups, self.lines.rule)
        table = report_table([line.runs[0] for line in self.shown], self.lines.rule)
        return Table(name, table.header, table.rows)

    @override
    def restyle(self) -> None:
        super().restyle()
        self.horizontalHeader().setFixedHeight(theme.px(HEADER_PX))
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_PX))
        self.setMinimumHeight(theme.px(HEADER_PX + ROW_PX))

    @override
    def _fit_columns(self) -> None:
        """Figures as wide as they may become; the name takes what is left, within reason."""
        metrics, pad = self.fontMetrics(), 2 * theme.px(PAD_PX)
        arrow = metrics.horizontalAdvance("▾ ")
        widths = {}
        for place, column in enumerate(COLUMNS):
            if column.measure is not None:
                sample = metrics.horizontalAdvance(_SAMPLES.get(column.key, "000.00"))
                words = column.heading.split("\n")
                title = max(metrics.horizontalAdvance(word) for word in words) + arrow
                widths[place] = max(sample, title) + pad
            else:
                widths[place] = theme.px(_WORDS_PX[column.key])
        shown = [place for place in widths if not self.isColumnHidden(place)]
        spare = self.viewport().width() - sum(widths[place] for place in shown)
        if spare > 0:
            grown = [place for place in shown if COLUMNS[place] in (RUN, NOTES)]
            for place in grown:
                widths[place] += spare // len(grown)
        for place, width in widths.items():
            self.horizontalHeader().resizeSection(place, width)

    @override
    def _show_menu(self, section: int, where: QPoint) -> None:
        header = self.horizontalHeader()
        at_header = header.rect().contains(header.mapFromGlobal(where))
        if at_header or not self.chosen:
            super()._show_menu(section, where)
        else:
            self.menu_requested.emit(where)

    @override
    def _nothing(self) -> str:
        return "No run matches" if self.lines.lines else super()._nothing()


def _seeds_table(name: str, groups: Sequence[SeedGroup], rule: ConvergenceRule) -> Table:
    """Mean, sample standard deviation and number of seeds of every figure of Table 2."""
    figures = [f"{m.title} ({what})" for m in MEASURES for what in ("mean", "sd over seeds")]
    rows = []
    for group in groups:
        seeds = " ".join(map(str, group.seeds))
        n, title = len(group.runs), wording.network(group.config)
        cells: list[Cell] = [n, n, title, group.data_name, group.config.epochs, seeds]
        summaries = group.summaries(rule)
        for measure in MEASURES:
            found = over_seeds(summaries, measure.name)
            cells += [found.mean, found.standard_deviation]
        rows.append(cells)
    return Table(name, ("n", "n", "Network", "Data", "Epochs", "Seeds", *figures), rows)
