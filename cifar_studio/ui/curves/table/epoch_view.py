"""The view of the epoch table: follows the newest row, links with the crosshair."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView
from typing_extensions import override

from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.table.epoch_table import EpochModel
from cifar_studio.ui.tables.arrow_proxy import ArrowProxy
from cifar_studio.ui.tables.row_table import HEADER_PX, ROW_PX, RowTable
from cifar_studio.ui.widgets import theme

EMPTY = "Each epoch adds a row here when it ends"


class EpochTable(RowTable):
    """Epochs of a run.

    Signals
    -------
    epoch_chosen(int)
        The current row is now this epoch's, by mouse or key.
    """

    epoch_chosen = Signal(int)

    def __init__(self) -> None:
        self.epochs = EpochModel()
        self._follows = True
        super().__init__(self.epochs, ArrowProxy(self.epochs), "Epochs", EMPTY)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.restyle()

    def show_run(self, run: RunData | None) -> None:
        """Take over what is new; stay at the bottom unless the person scrolled away."""
        follows = self._follows
        columns = self.epochs.columns
        self._setting = True
        appended = self.epochs.sync(run)
        self._setting = False
        if self.epochs.columns != columns:
            self._fit_columns()
        if not appended:
            return
        self._follows = follows
        if follows and self.proxy.sortColumn() < 0:
            self.scrollToBottom()

    def show_from_start(self, run: RunData | None) -> None:
        """Another run: at its newest row."""
        self._follows = True
        self.show_run(run)
        self.scrollToBottom()

    def mark(self, epoch: int) -> None:
        """Tint an epoch's row and bring it into sight; 0 tints none and returns to the newest."""
        self.epochs.mark(epoch)
        index = self.proxy.mapFromSource(self.epochs.index(self.epochs.row_of(epoch), 0))
        follows = self._follows
        if index.isValid():
            self.scrollTo(index)
        elif follows and self.proxy.sortColumn() < 0:
            self.scrollToBottom()
        self._follows = follows

    def choose(self, epoch: int) -> None:
        """Make an epoch's row the current one, without telling so; 0 clears."""
        self._setting = True
        index = self.proxy.mapFromSource(self.epochs.index(self.epochs.row_of(epoch), 0))
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        else:
            self.selectionModel().clear()
        self._setting = False

    @override
    def restyle(self) -> None:
        super().restyle()
        self.setMinimumHeight(theme.px(HEADER_PX + ROW_PX))

    @override
    def _fit_columns(self) -> None:
        header = self.horizontalHeader()
        metrics = QFontMetrics(self.font())
        columns = self.epochs.columns
        least = [metrics.horizontalAdvance(column.title) + theme.px(20) for column in columns]
        room = self.viewport().width() // len(columns)
        if max(least) > room:
            spare = max(self.viewport().width() - sum(least), 0) // len(columns)
            widths = [width + spare for width in least]
        else:
            widths = [room] * len(columns)
        for section, width in enumerate(widths):
            header.resizeSection(section, width)

    @override
    def _on_current_row_changed(self) -> None:
        current = self.proxy.mapToSource(self.currentIndex())
        if not self._setting and current.isValid():
            self.epoch_chosen.emit(self.epochs.epoch_of(current.row()))

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - theme.px(ROW_PX) // 2

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._follows and self.proxy.sortColumn() < 0:
            self.scrollToBottom()
