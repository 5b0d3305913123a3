"""What of the library is to be seen: what is searched for, and what is unfolded."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
)
from typing_extensions import override

from cifar_studio.ui.library.experiment_model import ExperimentModel
from cifar_studio.ui.library.run_model import RUN_ROLE, SEARCH_ROLE, occurs

_Index = QModelIndex | QPersistentModelIndex


class RunFilter(QSortFilterProxyModel):
    """The runs in whose words every word of the search occurs, short ones at a word's start.

    Parameters
    ----------
    model : QAbstractItemModel
        The items of `experiments`, if any, come first in it.
    experiments : ExperimentModel, optional
        Says which of its own items are to be seen, and which runs need no other.
    """

    def __init__(
        self,
        model: QAbstractItemModel,
        experiments: ExperimentModel | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._experiments = experiments
        if experiments is not None:
            experiments.hiding_changed.connect(self._filter_again)
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        self._words = text.casefold().split()
        if self._experiments is not None:
            self._experiments.search(self._words)
        self._filter_again()

    def _filter_again(self) -> None:
        self.beginFilterChange()
        self.endFilterChange()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        experiments = self._experiments
        if experiments is not None and source_row < experiments.rowCount():
            return experiments.accepts(source_row)
        index = self.sourceModel().index(source_row, 0, source_parent)
        if experiments is not None:
            run = index.data(RUN_ROLE)
            if run is not None and experiments.hides(run):
                return False
        if not self._words:
            return True
        text = str(index.data(SEARCH_ROLE)).casefold()
        return all(occurs(word, text) for word in self._words)
