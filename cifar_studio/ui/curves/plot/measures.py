"""Which curves there are, in which plot, and how each is drawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from cifar_studio.runs.wording import training_caption
from cifar_studio.ui.curves.data.run_data import RunData, Split
from cifar_studio.ui.widgets.theme import Theme

PanelName = Literal["loss", "accuracy"]
QUICK_TEST = "quick_test"
TESTED: frozenset[Split] = frozenset({"test", "training"})

# Lengths in pixels of dash, gap, ...; empty is solid.
SOLID: tuple[float, ...] = ()
DASHED = (6.0, 4.0)
DASH_DOTTED = (8.0, 3.0, 2.0, 3.0)
DOTTED = (1.0, 3.0)
LONG_DASHED = (12.0, 4.0)


@dataclass(frozen=True)
class Measure:
    """One curve."""

    column: str  # as in `run_data.COLUMNS`
    panel: PanelName
    split: Split
    title: str  # in the legend; training is named by the run, which knows its augmentation
    colour: Literal["loss", "top1", "top5"]  # attribute of the theme
    dash: tuple[float, ...]
    marker: str  # pyqtgraph's symbol, so that no curve is told by its colour alone


MEASURES: tuple[Measure, ...] = (
    Measure("test_loss", "loss", "test", "test", "loss", SOLID, "o"),
    Measure("val_loss", "loss", "validation", "validation", "loss", DASH_DOTTED, "t1"),
    Measure("train_loss", "loss", "training", "training", "loss", DASHED, "+"),
    Measure("test_top1", "accuracy", "test", "top-1", "top1", SOLID, "o"),
    Measure("test_top5", "accuracy", "test", "top-5", "top5", SOLID, "s"),
    Measure("val_top1", "accuracy", "validation", "validation top-1", "top1", DASH_DOTTED, "t1"),
    Measure("val_top5", "accuracy", "validation", "validation top-5", "top5", DASH_DOTTED, "t"),
    Measure("train_top1", "accuracy", "training", "training", "top1", DASHED, "+"),
)


def measures_of(panel: PanelName, splits: Collection[Split] = TESTED) -> tuple[Measure, ...]:
    """The curves of a plot of these splits, in the order of its legend."""
    return tuple(
        measure for measure in MEASURES if measure.panel == panel and measure.split in splits
    )


def main_column(panel: PanelName, run: RunData | None) -> str:
    """The column that stands for a run in a plot: on test, or of a locked test set validation."""
    split = "val" if run is not None and run.config.locks_test_set else "test"
    return f"{split}_loss" if panel == "loss" else f"{split}_top1"


def title_of(measure: Measure, run: RunData | None) -> str:
    """The name in a legend."""
    if measure.split == "training":
        return training_caption(run.config) if run else "training (while learning)"
    if measure.split == "test" and run and run.validated and measure.panel == "accuracy":
        return f"test {measure.title}"
    return measure.title


def short_title_of(measure: Measure, run: RunData | None) -> str:
    """The name where there is little room."""
    return "training" if measure.split == "training" else title_of(measure, run)


def format_value(panel: PanelName, value: float | None) -> str:
    """A loss with four decimals, per cent with two; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.4f}" if panel == "loss" else f"{value:.2f}"


def colour_of(measure: Measure, theme: Theme) -> QColor:
    return QColor(getattr(theme, measure.colour))


def pen(
    colour: QColor,
    width: float = 1.0,
    dash: tuple[float, ...] = SOLID,
    alpha: float = 1.0,
    ratio: float = 1.0,
) -> QPen:
    """A pen of a width in pixels that zooming does not change, with dashes in pixels.

    Such a pen counts pixels of the screen: `ratio` is how many of them make one of the window.
    """
    shade = QColor(colour)
    shade.setAlphaF(alpha)
    made = QPen(shade, width * ratio)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dash:
        made.setDashPattern([length / width for length in dash])
    return made
