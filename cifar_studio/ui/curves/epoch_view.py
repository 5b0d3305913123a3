"""The view of the epoch table: follows the newest row, copies, links with the crosshair."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QMenu, QTableView
from typing_extensions import override

from cifar_studio.ui import theme
from cifar_studio.ui.curves.epoch_table import EpochModel, EpochProxy
from cifar_studio.ui.curves.explanations import QUESTION
from cifar_studio.ui.curves.row_delegate import FigureDelegate
from cifar_studio.ui.curves.run_data import RunData

ROW_PX = 24
HEADER_PX = 32


class EpochTable(QTableView):
    """Epochs of a run.

    Signals
    -------
    epoch_chosen(int)
        The current row is now this epoch's, by mouse or key.
    explanation_requested(str, QPoint)
    """

    epoch_chosen = Signal(int)
    explanation_requested = Signal(str, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.epochs = EpochModel()
        self.proxy = EpochProxy(self.epochs)
        self.setModel(self.proxy)
        self.setItemDelegate(FigureDelegate(self))
        self._follows = True
        self._setting = False
        self.setAccessibleName("Epochs")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicatorShown(False)  # the heading itself carries the arrow
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu_requested)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu_requested)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.sort_by_epoch()
        self.restyle()

    @property
    def follows(self) -> bool:
        """Whether the newest row is kept in sight."""
        return self._follows

    def sort_by_epoch(self) -> None:
        """Rows in the order in which they came."""
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

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

    def copy(self) -> str:
        """Put the chosen rows, or all, on the clipboard as tab-separated text with a header."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        text = self.as_text(chosen or list(range(self.proxy.rowCount())))
        QApplication.clipboard().setText(text)
        return text

    def as_text(self, rows: list[int]) -> str:
        """These rows as they are shown, without the star."""
        lines = ["\t".join(column.title for column in self.epochs.columns)]
        for row in rows:
            source = self.proxy.mapToSource(self.proxy.index(row, 0)).row()
            lines.append(self.epochs.line(source))
        return "\n".join(lines) + "\n"

    def restyle(self) -> None:
        """Sizes and type of the theme in force."""
        self.setFont(theme.tabular(theme.body_font(theme.manager().scale)))
        self.verticalHeader().setMinimumSectionSize(theme.px(ROW_PX))
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_PX))
        self.horizontalHeader().setFixedHeight(theme.px(HEADER_PX))
        self.setMinimumHeight(theme.px(HEADER_PX + ROW_PX))
        self._fit_columns()
        self.viewport().update()

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

    def _on_current_row_changed(self) -> None:
        current = self.proxy.mapToSource(self.currentIndex())
        if not self._setting and current.isValid():
            self.epoch_chosen.emit(self.epochs.epoch_of(current.row()))

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - theme.px(ROW_PX) // 2

    def _on_menu_requested(self, at: QPoint) -> None:
        index = self.indexAt(at)
        where = self.viewport().mapToGlobal(at)
        menu = QMenu(self)
        copied = menu.addAction("Copy", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        copied.setEnabled(self.proxy.rowCount() > 0)
        if index.isValid():
            key = self.epochs.columns[index.column()].key
            menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, where))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def _on_header_menu_requested(self, at: QPoint) -> None:
        section = self.horizontalHeader().logicalIndexAt(at)
        if section < 0:
            return
        where = self.horizontalHeader().mapToGlobal(at)
        key = self.epochs.columns[section].key
        menu = QMenu(self)
        menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, where))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()
        if self._follows and self.proxy.sortColumn() < 0:
            self.scrollToBottom()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.proxy.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(
                self.viewport().rect(),
                Qt.AlignmentFlag.AlignCenter,
                "Each epoch adds a row here when it ends",
            )
