"""The confusion matrix, navigated by mouse and keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu
from typing_extensions import override

from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.ui.confusion.canvas import MatrixCanvas
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets.explanation import QUESTION, explain

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_PageUp: (-5, 0),
    Qt.Key.Key_PageDown: (5, 0),
    Qt.Key.Key_Home: (0, -(10**9)),
    Qt.Key.Key_End: (0, 10**9),
}


class ConfusionMatrix(MatrixCanvas):
    """20 by 20 superclasses, 100 by 100 classes, or the block of two superclasses' classes.

    Arrow keys and clicks choose a cell, Enter opens it, + or a double-click shows the classes of
    a cell of superclasses, Esc goes back, Ctrl+C copies.

    Signals
    -------
    cell_selected(object, object)
        Class numbers shown and said, as tuples, of the cell that is now the current one.
    cell_opened(object, object)
        Likewise; its pictures are requested.
    save_requested(str)
        "matrix" as a table, or "confusion" as a figure.
    level_changed(str)
        "superclasses" or "classes", when the part in sight changed by key or double-click.
    """

    cell_selected = Signal(object, object)
    cell_opened = Signal(object, object)
    save_requested = Signal(str)
    level_changed = Signal(str)

    def set_level(self, level: Level) -> None:
        """Show the whole matrix of superclasses or of classes, and stay at the same place."""
        self.position.set_level(level)
        self._renew()

    def go_to_next_marked(self) -> bool:
        """Go on to the next class found, on the diagonal; False where there is none."""
        place = self.position.next_with(self._marked) if self._marked else None
        if place is None:
            return False
        self._go_to(place, place)
        return True

    def select_classes(self, true: int, said: int) -> None:
        """Make the cell that holds these classes, at the present level, the current one."""
        cells = self.position.cells
        if cells is not None:
            self._go_to(cells.place_of(true), cells.place_of(said))

    def zoom_in(self) -> None:
        """Show the classes of the current cell's two superclasses alone."""
        if self.position.zoom_in():
            self._renew()
            self.level_changed.emit(self.position.level)

    def zoom_out(self) -> bool:
        """Go back from a block, or from classes to superclasses; False where there is no way."""
        changed = self.position.zoom_out()
        if changed:
            self._renew()
            self.level_changed.emit(self.position.level)
        return changed

    def open_current(self) -> None:
        """Ask for the current cell's pictures."""
        if self.position.cells is not None:
            self.cell_opened.emit(*self.position.chosen_classes())

    def copy(self) -> str:
        """Put the matrix on the clipboard as tab-separated text with titles."""
        cells = self.position.cells
        text = "" if cells is None else cells.as_text(self._percent)
        QGuiApplication.clipboard().setText(text)
        return text

    def copy_picture(self) -> None:
        """Put what is seen on the clipboard as a picture."""
        QGuiApplication.clipboard().setPixmap(self.grab())

    def as_table(self) -> Table:
        """The whole matrix at the present level: counts, or per cent of the row's pictures."""
        cells = self.position.cells
        if cells is None:
            return Table("matrix", ("shown / said",), ())
        values = cells.values(self._percent) if self._percent else cells.counts
        rows = [(title, *row) for title, row in zip(cells.titles, values.tolist(), strict=True)]
        return Table("matrix", ("shown / said", *cells.titles), rows)

    def _go_to(self, row: int, column: int) -> None:
        if self.position.cells is None:
            return
        if self.position.go_to(row, column):
            self._renew()
        self.setAccessibleDescription(self.position.describe())
        self.update()
        self.cell_selected.emit(*self.position.chosen_classes())

    # Mouse

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._go_to(*place)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._cell_at(event.position()) is None:
            return
        if not self.position.is_in_block:
            self.zoom_in()
        else:
            self.open_current()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        cells = self.position.cells
        if cells is None:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self._cell_at(QPointF(event.pos())) if by_mouse else None
        if place is not None:
            self._go_to(*place)
        where = event.globalPos()
        menu = QMenu(self)
        menu.addAction("Open pictures", QKeySequence(Qt.Key.Key_Return), self.open_current)
        inward = menu.addAction("Show its classes", QKeySequence("+"), self.zoom_in)
        inward.setEnabled(not self.position.is_in_block)
        outward = menu.addAction("Back", QKeySequence(Qt.Key.Key_Escape), self.zoom_out)
        outward.setEnabled(self.position.level == "classes")
        menu.addAction("Copy matrix", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        menu.addAction("Copy picture", self.copy_picture)
        menu.addAction("Save as a table…", lambda: self.save_requested.emit("matrix"))
        saved = QKeySequence(QKeySequence.StandardKey.Save)
        menu.addAction("Save as a figure…", saved, lambda: self.save_requested.emit("confusion"))
        menu.addSeparator()
        key = "difference" if cells.is_difference else "cell"
        menu.addAction(QUESTION, lambda: explain(key, where, self, EXPLANATIONS))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    # Keys

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save_requested.emit("confusion")
        elif key in _STEPS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            down, right = _STEPS[key]
            self._go_to(self.position.current[0] + down, self.position.current[1] + right)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        elif key == Qt.Key.Key_Plus:
            self.zoom_in()
        elif not (key in (Qt.Key.Key_Escape, Qt.Key.Key_Minus) and self.zoom_out()):
            super().keyPressEvent(event)
            return
        event.accept()
