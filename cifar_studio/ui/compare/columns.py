"""The columns of the comparison: the report's Table 2 with headings that fit a screen."""

from __future__ import annotations

from dataclasses import dataclass

from cifar_studio.export.tables.report_columns import MEASURES, Measure


@dataclass(frozen=True)
class Column:
    """One column."""

    key: str  # of its explanation, and of its figure in `RunSummary`
    title: str  # whole, for files and menus
    heading: str  # as it stands above the column, in two lines
    measure: Measure | None = None  # None for words


_HEADINGS = {
    "epochs": "Epochs\nrun",
    "epochs_to_convergence": "Epochs to\nconverge",
    "epoch_seconds": "s/epoch\nmean (sd)",
    "seconds_to_convergence": "Seconds to\nconverge",
    "total_seconds": "Seconds\nin all",
    "max_train_top1": "Train %\nmaximum",
    "min_train_loss": "Train loss\nminimum",
    # What is selected on the test pictures is a little too good, and says so.
    "max_test_top1": "Top-1 %\nselected",
    "max_test_top5": "Top-5 %\nselected",
    "min_test_loss": "Test loss\nselected",
    "honest_top1": "Top-1 %\nvalidated",
    "honest_top5": "Top-5 %\nvalidated",
}
RUN = Column("run", "Run", "Run")
NOTES = Column("notes", "Notes", "Notes")
COLUMNS: tuple[Column, ...] = (
    RUN,
    # The standard deviation stands in brackets behind its mean, as in the report.
    *(Column(m.name, m.title, _HEADINGS[m.name], m) for m in MEASURES if m.name in _HEADINGS),
    NOTES,
)
HIDDEN_AT_FIRST = frozenset({"honest_top5", "seconds_to_convergence"})
