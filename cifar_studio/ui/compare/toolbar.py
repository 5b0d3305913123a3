"""What stands above the comparison: rows, search, rule, columns, and what to do with the rows."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from cifar_studio.ui.compare.columns import COLUMNS, RUN
from cifar_studio.ui.compare.rule_menu import RuleMenu
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.flow_layout import FlowLayout
from cifar_studio.ui.widgets.segments import Segments

SEARCH_PX = 180


class CompareToolbar(QWidget):
    """The controls; `rows` is "runs" or "seeds".

    Signals
    -------
    columns_changed(frozenset of str)
        Keys of the columns that are to be hidden.
    draw_requested()
    export_requested()
    """

    columns_changed = Signal(object)
    draw_requested = Signal()
    export_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows = Segments(
            "Rows",
            [
                ("runs", "Runs", "Each run"),
                ("seeds", "Seeds", "Mean and spread over runs that differ only in their seed"),
            ],
        )
        self.search = basics.search_field("Search (/)", "Search the comparison")
        self.rule = RuleMenu()
        self.columns = basics.menu_button("Columns")
        self.columns.setAccessibleName("Which columns are shown")
        self._column_menu = QMenu(self)
        self.columns.setMenu(self._column_menu)
        for column in COLUMNS:
            if column is not RUN:
                action = self._column_menu.addAction(column.title)
                action.setCheckable(True)
                action.setChecked(True)
                action.setData(column.key)
                action.triggered.connect(lambda: self.columns_changed.emit(self.hidden))
        self.draw = basics.button("Draw in Curves", self.draw_requested.emit)
        self.draw.setToolTip("Draw the selected rows beside each other in Curves")
        self.export = basics.button("Export…", self.export_requested.emit)
        self.export.setToolTip("The selected rows, or all, as a table, figures or a report")
        self._row = FlowLayout(self, 0)
        for part in (self.rows, self.search, self.rule, self.columns, self.draw, self.export):
            self._row.addWidget(part)
        self.restyle()

    @property
    def hidden(self) -> frozenset[str]:
        """Keys of the columns that are not ticked."""
        actions = self._column_menu.actions()
        return frozenset(str(action.data()) for action in actions if not action.isChecked())

    def show_hidden(self, keys: frozenset[str]) -> None:
        """Tick all columns but these; tells nobody."""
        for action in self._column_menu.actions():
            action.setChecked(action.data() not in keys)

    def restyle(self) -> None:
        self._row.set_gap(theme.px(8), theme.px(8))
        self.search.setFixedWidth(theme.px(SEARCH_PX))
        self.rows.restyle()
        self.rule.restyle()
