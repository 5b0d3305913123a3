"""The pictures in the grid as a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifar_studio.export.tables.sheet import Cell
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet, index_of, split_of
from cifar_studio.ui.pictures.detail.own_pictures import OwnPictures
from cifar_studio.ui.tables.table import Table

_HEADER = ("split", "index", "class", "superclass")
_SAID = ("answer", "probability", "right")
_PLACES = ("1st", "2nd", "3rd", "4th", "5th")


def list_pictures(
    pictures: PictureSet, references: NDArray[np.int32], answers: Answers | None
) -> Table:
    """Which pictures, and what a network said of them where it was asked; probabilities 0 to 1."""
    rows: list[tuple[Cell, ...]] = []
    for reference in references.tolist():
        row: tuple[Cell, ...] = (
            split_of(reference),
            index_of(reference),
            pictures.class_name(reference),
            pictures.superclass_name(reference),
        )
        if answers is not None:
            row += _said(pictures, reference, answers)
        rows.append(row)
    return Table("pictures", _HEADER + (_SAID if answers is not None else ()), rows)


def list_own(own: OwnPictures) -> Table:
    """The five likeliest classes of each own picture with their probabilities, 0 to 1."""
    header = [f"{place} {what}" for place in _PLACES for what in ("class", "probability")]
    rows: list[list[Cell]] = []
    for picture in own.pictures:
        row: list[Cell] = [picture.path if picture.is_file else picture.name]
        answer = picture.answer
        for label, probability in zip(answer.classes, answer.probabilities, strict=True):
            row += [own.class_names[label], probability]
        rows.append(row)
    return Table("own pictures", ("picture", *header), rows)


def _said(pictures: PictureSet, reference: int, answers: Answers) -> tuple[Cell, ...]:
    said = answers.said(reference)
    if said is None:
        return (None, None, None)
    is_right = "yes" if said == pictures.label(reference) else "no"
    return (pictures.class_names[said], float(answers.confidence[reference]), is_right)
