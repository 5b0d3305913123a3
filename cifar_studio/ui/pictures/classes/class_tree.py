"""The tree at the left of the pictures: search, superclasses, classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QKeySequence,
    QPainter,
    QShortcut,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)
from typing_extensions import override

from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row

NAME, COUNT = 0, 1
_CLASSES_ROLE = Qt.ItemDataRole.UserRole
_Flag = QItemSelectionModel.SelectionFlag
COUNT_WIDTH_PX = 52
INDENT_PX = 16
HEIGHT_PX = 24
PAD_PX = 8
_Index = QModelIndex | QPersistentModelIndex


class ClassModel(QStandardItemModel):
    """Superclasses by name, below each its classes by name; beside each name a count."""

    def __init__(self) -> None:
        super().__init__(0, 2)
        self._rows: list[tuple[QStandardItem, list[int]]] = []  # of each count, its classes

    def show_set(self, pictures: PictureSet | None) -> None:
        self.removeRows(0, self.rowCount())  # `clear` would take the columns too
        self._rows = []
        if pictures is None:
            return
        names = pictures.superclass_names
        for superclass in sorted(range(len(names)), key=lambda i: names[i]):
            members = np.flatnonzero(pictures.superclass_of == superclass).tolist()
            members.sort(key=lambda number: pictures.class_names[number])
            above = self._row(names[superclass], members)
            for number in members:
                above[NAME].appendRow(self._row(pictures.class_names[number], [number]))
            self.appendRow(above)
        self.show_counts(np.zeros(len(pictures.class_names), dtype=np.int64))

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """(100,) how many pictures there are of each class."""
        for item, classes in self._rows:
            item.setText(f"{counts[classes].sum():,}")

    def classes_of(self, index: QModelIndex) -> list[int]:
        """The class of a row, or all classes of a superclass."""
        classes: list[int] = index.siblingAtColumn(NAME).data(_CLASSES_ROLE)
        return classes

    def _row(self, name: str, classes: list[int]) -> list[QStandardItem]:
        title, count = QStandardItem(name), QStandardItem()
        title.setToolTip(name)
        title.setData(classes, _CLASSES_ROLE)
        count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rows.append((count, classes))
        return [title, count]


class ClassDelegate(QStyledItemDelegate):
    """Paints the name, and the count muted and in figures of one width."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, theme.px(HEIGHT_PX))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_count = index.column() == COUNT
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colours.grid))
        colour = colours.muted if is_count else colours.text
        painter.setPen(QColor(colours.on_accent if selected else colour))
        painter.setFont(theme.tabular(option.font) if is_count else option.font)
        inside = option.rect.adjusted(theme.px(4), 0, -theme.px(PAD_PX if is_count else 0), 0)
        side = Qt.AlignmentFlag.AlignRight if is_count else Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideRight
        text = option.fontMetrics.elidedText(str(index.data()), elide, inside.width())
        painter.drawText(inside, int(side | Qt.AlignmentFlag.AlignVCenter), text)


class ClassTree(QWidget):
    """Classes to choose; none chosen means all.

    Signals
    -------
    classes_chosen(frozenset of int)
        A superclass stands for its five classes; empty for all.
    """

    classes_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._model = ClassModel()
        self.chosen: frozenset[int] = frozenset()
        self.search = basics.search_field("Search classes", "Search classes")
        self.search.textChanged.connect(self._on_search_changed)
        self._summary = basics.label("", "muted")
        self._show_all = basics.link("Show all", self.clear)
        self._show_all.setToolTip("Choose no class, which shows all of them (Esc)")
        self.tree = QTreeView()
        self._set_up_tree()
        self._lay_out()
        theme.manager().changed.connect(self._restyle)
        self._restyle()
        self._summarise()

    def show_set(self, pictures: PictureSet | None) -> None:
        """Show the classes of another set; none is chosen."""
        self._model.show_set(pictures)
        self.search.clear()
        self._take(frozenset())

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """(100,) how many pictures there are of each class."""
        self._model.show_counts(counts)

    def choose(self, classes: frozenset[int]) -> None:
        """Choose classes as a person would; emits `classes_chosen` if they are others."""
        selection = QItemSelection()
        for superclass in self._superclasses():
            members = self._model.classes_of(superclass)
            if classes.issuperset(members):
                selection.select(superclass, superclass)
                continue
            for place, number in enumerate(members):
                if number in classes:
                    index = self._model.index(place, NAME, superclass)
                    selection.select(index, index)
                    self.tree.expand(superclass)
        self.tree.selectionModel().select(selection, _Flag.ClearAndSelect | _Flag.Rows)
        if selection.indexes():
            self.tree.scrollTo(selection.indexes()[0])

    def clear(self) -> None:
        """Choose none, which means all."""
        self.tree.clearSelection()

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setAccessibleName("Superclasses and classes")
        tree.setModel(self._model)
        tree.setItemDelegate(ClassDelegate(tree))
        tree.setHeaderHidden(True)
        tree.setUniformRowHeights(True)
        tree.setMouseTracking(True)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(COUNT, QHeaderView.ResizeMode.Fixed)
        tree.selectionModel().selectionChanged.connect(self._on_selection_changed)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), tree)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self.clear)

    def _lay_out(self) -> None:
        summary = row(grow(self._summary), self._show_all)
        top = column(self.search, summary, margins=(4, 3, 3, 2), spacing=2)
        column(top, grow(self.tree), parent=self, margins=NO_MARGINS, spacing=0)
        kept = self._show_all.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._show_all.setSizePolicy(kept)

    def _superclasses(self) -> list[QModelIndex]:
        return [self._model.index(row, NAME) for row in range(self._model.rowCount())]

    def _take(self, chosen: frozenset[int]) -> None:
        if chosen != self.chosen:
            self.chosen = chosen
            self.classes_chosen.emit(chosen)
        self._summarise()

    def _summarise(self) -> None:
        number = len(self.chosen)
        one = "1 class" if number == 1 else f"{number} classes"
        self._summary.setText(one if number else "All classes")
        self._show_all.setVisible(number > 0)

    def _restyle(self) -> None:
        self.tree.setIndentation(theme.px(INDENT_PX))
        self.tree.header().resizeSection(COUNT, theme.px(COUNT_WIDTH_PX))

    def _on_selection_changed(self) -> None:
        rows = self.tree.selectionModel().selectedRows(NAME)
        self._take(frozenset(number for row in rows for number in self._model.classes_of(row)))

    def _on_search_changed(self, text: str) -> None:
        """Hide what does not match; a class that is chosen stays chosen, hidden or not."""
        words = text.casefold().split()
        for superclass in self._superclasses():
            matches = _matches(superclass, words)
            any_class = False
            for place in range(self._model.rowCount(superclass)):
                is_found = matches or _matches(self._model.index(place, NAME, superclass), words)
                self.tree.setRowHidden(place, superclass, not is_found)
                any_class = any_class or is_found
            self.tree.setRowHidden(superclass.row(), QModelIndex(), not any_class)
            if words:
                self.tree.setExpanded(superclass, any_class)
        if not words:
            self.tree.collapseAll()
            for index in self.tree.selectionModel().selectedRows(NAME):
                self.tree.expand(index.parent())


def _matches(index: QModelIndex, words: list[str]) -> bool:
    name = str(index.data()).casefold()
    return all(word in name for word in words)
