"""What the numbers of the curves mean, in one to three sentences."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cifar_studio.ui.widgets.explanation import explain

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "test_loss": (
        "Test loss",
        "Mean cross-entropy in nats over all test pictures in use, of the network as it stands "
        "at the end of the epoch, without augmentation and with dropout off. Guessing evenly "
        "among 100 classes gives ln 100 = 4.6052.",
    ),
    "train_loss": (
        "Training loss",
        "Mean cross-entropy in nats over the pictures of an epoch while the network learned "
        "from them, with augmentation and dropout where they are on, so it is not comparable "
        "with the test loss digit by digit. The thin line is the mean of a few batches; the "
        "dashed one is the epoch's mean, drawn at the middle of its epoch.",
    ),
    "val_loss": (
        "Validation loss",
        "Mean cross-entropy in nats over the validation pictures, which were taken from the "
        "training pictures and are not trained on, at the end of the epoch, without "
        "augmentation and with dropout off.",
    ),
    "test_top1": (
        "Top-1 test accuracy",
        "Per cent of the test pictures in use whose true class is the network's likeliest one, "
        "at the end of the epoch, without augmentation and with dropout off. Guessing gives 1 %.",
    ),
    "test_top5": (
        "Top-5 test accuracy",
        "Per cent of the test pictures in use whose true class is among the network's five "
        "likeliest ones, at the end of the epoch. Guessing gives 5 %.",
    ),
    "val_top1": (
        "Top-1 validation accuracy",
        "Per cent of the validation pictures whose true class is the network's likeliest one, at "
        "the end of the epoch. It chooses the best epoch, so that the test pictures need not.",
    ),
    "val_top5": (
        "Top-5 validation accuracy",
        "Per cent of the validation pictures whose true class is among the network's five "
        "likeliest ones, at the end of the epoch.",
    ),
    "train_top1": (
        "Training accuracy",
        "Per cent of an epoch's training pictures whose true class was the network's likeliest "
        "one while it learned, with augmentation and dropout where they are on; the network "
        "changes after each batch, so the mean lags behind and stands at the middle of its epoch.",
    ),
    "quick_test": (
        "Quick test",
        "Loss and accuracy on a fixed part of the test pictures inside a long epoch: a glance, "
        "less exact than the test of the whole set at the epoch's end. It is no part of the "
        "table and chooses nothing.",
    ),
    "learning_rate": (
        "Learning rate",
        "The learning rate of each epoch as epochs.csv holds it, on an axis of its own at the "
        "right, which begins at 0.",
    ),
    "early_stop": (
        "Stopped early",
        "The run ended by its own rule: for so many epochs as its patience allows, the figure that "
        "it watches on the validation pictures had not become better.",
    ),
    "best": (
        "Best epoch",
        "The epoch with the highest top-1 accuracy, on validation pictures where the run has "
        "some and else on the test pictures; the earliest wins a tie. Chosen on the test "
        "pictures, its test figures are selected and so a little too good. A locked test set is "
        "looked at once, when the run ends, with the network of this epoch.",
    ),
    "epoch": (
        "Epoch",
        "One pass over all training pictures in use, counted from 1. The star marks the best "
        "epoch: highest top-1 on validation, or on test where there is no validation split.",
    ),
    "seconds": (
        "Seconds an epoch",
        "Wall time of the epoch's training and of the tests at its end, in seconds, without the "
        "writing of checkpoints and without time spent paused.",
    ),
    "images_per_second": (
        "Pictures a second",
        "Training pictures of the epoch divided by the wall time of its training, forward, "
        "backward and update together; tests do not count.",
    ),
    "report": (
        "The report's values",
        "The highest test accuracies and the lowest test loss over all epochs that Kramer and "
        "Hussey (2024) print in Table 2. They are selected on the test pictures, and they can be "
        "held against this run only where its settings are those of the report.",
    ),
}


def explain_on_right_click(widget: QWidget, key: str) -> None:
    """Have a right click on a widget show what its number means."""
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(
        lambda at: explain(key, widget.mapToGlobal(at), widget.window(), EXPLANATIONS)
    )
