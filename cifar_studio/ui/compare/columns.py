"""The columns of the comparison: the report's Table 2 with headings that fit a screen.

What each of them means is said in one to three sentences.
"""

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


_MEASURE_OF = {measure.name: measure for measure in MEASURES}
_HEADINGS = {
    "epochs": "Epochs\nrun",
    "epochs_to_convergence": "Epochs to\nconverge",
    "epoch_seconds": "s/epoch\nmean (sd)",
    "seconds_to_convergence": "Seconds to\nconverge",
    "total_seconds": "Seconds\nin all",
    "max_train_top1": "Train %\nmaximum",
    "min_train_loss": "Train loss\nminimum",
    "max_val_top1": "Val top-1 %\nmaximum",
    "honest_top1": "Test top-1 %\nby validation",
    "honest_top5": "Test top-5 %\nby validation",
    # What is selected on the test pictures is a little too good, and says so.
    "max_test_top1": "Top-1 %\nselected",
    "max_test_top5": "Top-5 %\nselected",
    "min_test_loss": "Test loss\nselected",
}
RUN = Column("run", "Run", "Run")
ENDED = Column("ended", "Ended", "Ended")
NOTES = Column("notes", "Notes", "Notes")
COLUMNS: tuple[Column, ...] = (
    RUN,
    # The standard deviation stands in brackets behind its mean, as in the report.
    *(
        Column(name, _MEASURE_OF[name].title, heading, _MEASURE_OF[name])
        for name, heading in _HEADINGS.items()
    ),
    ENDED,
    NOTES,
)
HIDDEN_AT_FIRST = frozenset({"honest_top5", "seconds_to_convergence"})

_SELECTED = (
    "The maximum or minimum over all epochs is selected on the test pictures it is measured on, as "
    "the report does; so it is a little too good. Where the test set was locked there is none."
)

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "run": (
        "Run",
        "Its name or network, the data and seed. The report's printed value and the difference, "
        "studio less report, stand below the figures of an unchanged report preset that ran all "
        "its epochs on complete CIFAR-100; of any other run it is said why it does not compare.",
    ),
    "epochs": ("Epochs run", "Epochs that are finished."),
    "epochs_to_convergence": (
        "Epochs to convergence",
        "By the rule above the table, which you can change; by the validation loss where the test "
        "set was locked. The report prints its own without a rule, as about so many.",
    ),
    "epoch_seconds": (
        "Time an epoch",
        "Mean seconds of an epoch, training and tests together, and the sample standard deviation "
        "over epochs, on the device of each run. The report's are of one Colab T4.",
    ),
    "seconds_to_convergence": (
        "Time to convergence",
        "Seconds of the epochs up to convergence, added up.",
    ),
    "total_seconds": (
        "Total training time",
        "Seconds of all epochs added up, without pauses and the writing of checkpoints.",
    ),
    "max_train_top1": (
        "Maximum training accuracy",
        "Highest per cent of an epoch's training pictures named rightly while the network learned, "
        "with augmentation and dropout where they are on.",
    ),
    "min_train_loss": (
        "Minimum training loss",
        "Lowest mean cross-entropy in nats of an epoch's training pictures, while the network "
        "learned.",
    ),
    "max_test_top1": (
        "Maximum top-1",
        f"Per cent of the test pictures named rightly. {_SELECTED}",
    ),
    "max_test_top5": (
        "Maximum top-5",
        f"Per cent of the test pictures whose class is among the five likeliest. {_SELECTED}",
    ),
    "min_test_loss": (
        "Minimum test loss",
        f"Mean cross-entropy in nats over the test pictures. {_SELECTED}",
    ),
    "max_val_top1": (
        "Best validation top-1",
        "Highest per cent of the validation pictures named rightly: the figure that chooses the "
        "best epoch, and so a little too good itself.",
    ),
    "honest_top1": (
        "Test top-1 chosen on validation",
        "Top-1 on the test pictures at the epoch that a validation split chose, without looking at "
        "them. A run without validation pictures has none: set some under Data.",
    ),
    "honest_top5": (
        "Test top-5 chosen on validation",
        "Top-5 on the test pictures at the epoch that a validation split chose.",
    ),
    "ended": (
        "Ended",
        "Whether the run went through all its epochs or stopped early by its own rule, and at "
        "which epoch; else how it stands.",
    ),
    "setting": (
        "Settings",
        "Keys of the run's config, as its config.json and --set spell them, and what was found of "
        "the machine when it started.",
    ),
    "notes": ("Notes", "What you wrote down; press Enter or F4 in the list, or use the menu."),
}
