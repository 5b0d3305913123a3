"""What the columns of the comparison mean, in one to three sentences."""

from __future__ import annotations

_SELECTED = (
    "The maximum or minimum over all epochs is selected on the test pictures it is measured on, as "
    "the report does; so it is a little too good."
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
        "By the rule above the table, which you can change. The report prints its own without a "
        "rule, as about so many.",
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
    "honest_top1": (
        "Validated top-1",
        "Top-1 on the test pictures at the epoch that a validation split chose, without looking at "
        "them. A run without validation pictures has none: set some under Data.",
    ),
    "honest_top5": (
        "Validated top-5",
        "Top-5 on the test pictures at the epoch that a validation split chose.",
    ),
    "setting": (
        "Settings",
        "Keys of the run's config, as its config.json and --set spell them, and what was found of "
        "the machine when it started.",
    ),
    "notes": ("Notes", "What you wrote down; press Enter or F4 in the list, or use the menu."),
}
