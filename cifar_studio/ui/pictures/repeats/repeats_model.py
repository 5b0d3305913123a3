"""Pairs of repeated pictures as rows: what there is to say of each, and which are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from cifar_studio.data.repeats.find_repeats import Repeats
from cifar_studio.export.tables.sheet import Cell
from cifar_studio.ui.pictures.data.picture_set import PictureSet, split_of
from cifar_studio.ui.tables.arrow_proxy import SORT_ROLE, ArrowProxy
from cifar_studio.ui.tables.figure_model import Column
from cifar_studio.ui.tables.row_table import RowModel

REFERENCE_ROLE = Qt.ItemDataRole.UserRole + 1
IDENTICAL, MIRRORED, NEAR = "identical", "mirrored", "nearly the same"
Splits = Literal["any", "training", "test", "across"]
_Index = QModelIndex | QPersistentModelIndex
# The first two columns show pictures.
FIRST, SECOND, KIND, LIKENESS, CLASSES, PLACES = range(6)
COLUMNS = (
    Column("First", "pair"),
    Column("Second", "pair"),
    Column("Kind", "kind"),
    Column("Likeness", "likeness", "{:.2f}"),
    Column("Classes", "classes"),
    Column("Places", "pair"),
)
TABLE_HEADER = ("kind", "likeness", "first", "class of the first", "second", "class of the second")


@dataclass(frozen=True)
class Pair:
    """Two pictures that are one, or nearly.

    Attributes
    ----------
    first, second : int
        References, the lower one first.
    kind : str
    likeness : float
        Correlation in detail, 0.7 to 1.
    """

    first: int
    second: int
    kind: str
    likeness: float

    @property
    def splits(self) -> Splits:
        """Where the pair lies."""
        first, second = split_of(self.first), split_of(self.second)
        return first if first == second else "across"


def pairs_of(repeats: Repeats) -> list[Pair]:
    """The pairs as they were found, the most alike first."""
    kinds = [
        IDENTICAL if identical else MIRRORED if mirrored else NEAR
        for identical, mirrored in zip(repeats.identical_P, repeats.mirrored_P, strict=True)
    ]
    rows = zip(repeats.pairs_P2.tolist(), kinds, repeats.likeness_P.tolist(), strict=True)
    return [Pair(first, second, kind, likeness) for (first, second), kind, likeness in rows]


class RepeatsModel(RowModel):
    """One row a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self.pictures: PictureSet | None = None

    def show_pairs(self, pairs: list[Pair]) -> None:
        self.beginResetModel()
        self.pairs = pairs
        self.endResetModel()

    @override
    def headings(self) -> Sequence[Column]:
        return COLUMNS

    @override
    def header(self) -> tuple[str, ...]:
        return TABLE_HEADER

    @override
    def is_number(self, section: int) -> bool:
        return section == LIKENESS

    @override
    def values(self, row: int) -> Sequence[Cell]:
        pair, pictures = self.pairs[row], self.pictures
        assert pictures is not None
        cells: list[Cell] = [pair.kind, pair.likeness]
        for reference in (pair.first, pair.second):
            cells += [pictures.place(reference).replace(",", ""), pictures.class_name(reference)]
        return cells

    @override
    def line(self, row: int) -> str:
        kind, likeness, *rest = self.values(row)
        return "\t".join((str(kind), f"{likeness:.4f}", *map(str, rest)))

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.pairs)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pair, column = self.pairs[index.row()], index.column()
        reference = (pair.first, pair.second)[column] if column in (FIRST, SECOND) else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(pair, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(column)
            case Qt.ItemDataRole.AccessibleTextRole if reference is not None:
                return self._name(reference)
            case _ if role == REFERENCE_ROLE:
                return reference
            case _ if role == SORT_ROLE:
                return self._sorted_by(pair, column)
        return None

    def _text(self, pair: Pair, column: int) -> str:
        pictures = self.pictures
        assert pictures is not None
        if column in (FIRST, SECOND):
            return ""
        if column == KIND:
            return pair.kind
        if column == LIKENESS:
            return COLUMNS[LIKENESS].form.format(pair.likeness)
        if column == CLASSES:
            names = [pictures.class_name(one) for one in (pair.first, pair.second)]
            return names[0] if names[0] == names[1] else f"{names[0]} / {names[1]}"
        return f"{pictures.place(pair.first)}, {pictures.place(pair.second)}"

    def _sorted_by(self, pair: Pair, column: int) -> float | str:
        if column in (FIRST, PLACES):
            return pair.first
        if column == SECOND:
            return pair.second
        return pair.likeness if column == LIKENESS else self._text(pair, column)

    def _name(self, reference: int) -> str:
        assert self.pictures is not None
        return f"{self.pictures.class_name(reference)}, {self.pictures.place(reference)}"


class RepeatsProxy(ArrowProxy):
    """The pairs of a kind, and of a place, that are asked for."""

    def __init__(self, model: RepeatsModel) -> None:
        super().__init__(model)
        self._model = model
        self._kind = ""
        self._splits: Splits = "any"

    def set_choice(self, kind: str, splits: Splits) -> None:
        """An empty kind asks for all."""
        self._kind, self._splits = kind, splits
        self.invalidate()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        pair = self._model.pairs[source_row]
        return self._kind in ("", pair.kind) and self._splits in ("any", pair.splits)
