"""What of the Confusion tab can be kept as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.ui.confusion.material import Epoch, Side
from cifar_studio.ui.confusion.page import ConfusionPage
from cifar_studio.ui.tables.table import Table

FIGURES = ("confusion", "calibration")


@dataclass(frozen=True)
class FigureSwitches:
    """How the matrix is shown; a figure is drawn likewise."""

    moment: Epoch
    side: Side
    level: Level
    percent: bool
    logarithmic: bool


def switches_of(page: ConfusionPage) -> FigureSwitches:
    """As they are set now."""
    bar = page.toolbar
    return FigureSwitches(
        moment=cast("Epoch", bar.epoch.key),
        side=cast("Side", bar.side.key),
        level=page.matrix.level,
        percent=bar.unit.key == "percent",
        logarithmic=bar.scale.key == "log",
    )


def table_of(page: ConfusionPage, key: str) -> Table:
    """What is shown now as a table; `key` is one of `toolbar.SAVED` and none of `FIGURES`."""
    match key:
        case "matrix":
            return page.matrix.as_table()
        case "classes":
            return page.classes.table.as_table("classes")
        case "confused":
            return page.confused.as_table("most confused")
    return page.calibration.as_table()
