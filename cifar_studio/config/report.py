"""What the report printed in its Table 2, and which settings may be held against it.

A. Kramer and S. Hussey, "CIFAR100 Classification Models: ResNet18, MobileNetV2, VGG11, and
DenseNet", Northeastern University, Spring 2024. Values stand as printed, oddities included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cifar_studio.config.presets import AS_PRINTED, PRESETS, REPORT_PRESETS
from cifar_studio.config.serialization import differences
from cifar_studio.config.train_config import TrainConfig


@dataclass(frozen=True)
class ReportResult:
    """One column of Table 2.

    Attributes
    ----------
    preset : str
        Name of the preset that repeats the run.
    epochs_to_convergence : int
        Printed with "~".
    epoch_seconds, epoch_seconds_std : float
    seconds_to_convergence : float
        Printed with "~".
    total_seconds : float
    max_train_top1, max_test_top1, max_test_top5 : float
        Percent; each the maximum over epochs, so the test ones are selected on the test pictures.
    min_train_loss, min_test_loss : float
        The latter is printed as "Min Top-1 Loss".
    """

    preset: str
    epochs: int
    epochs_to_convergence: int
    epoch_seconds: float
    epoch_seconds_std: float
    seconds_to_convergence: float
    total_seconds: float
    max_train_top1: float
    min_train_loss: float
    max_test_top1: float
    max_test_top5: float
    min_test_loss: float


# As printed: a row a figure, and the six runs in the order of their presets.
_TABLE_2: dict[str, tuple[Any, ...]] = {
    "epochs": (70, 70, 70, 40, 40, 40),
    "epochs_to_convergence": (30, 40, 70, 40, 30, 30),
    "epoch_seconds": (27.71, 34.46, 34.46, 145.0, 56.18, 69.93),
    "epoch_seconds_std": (0.72, 0.94, 0.94, 1.9, 0.98, 1.02),
    "seconds_to_convergence": (831.3, 1378.4, 2412.2, 5800.0, 1685.4, 2097.9),
    "total_seconds": (1940.06, 1981.23, 2412.45, 5896.34, 2247.58, 2797.33),
    "max_train_top1": (90.01, 78.19, 63.78, 76.6, 81.43, 83.44),
    "min_train_loss": (0.3254, 0.7275, 1.22, 0.779, 0.6077, 0.5398),
    "max_test_top1": (51.62, 53.78, 48.68, 57.4, 54.24, 56.17),
    "max_test_top5": (79.14, 80.94, 78.21, 83.6, 81.02, 82.83),
    "min_test_loss": (2.0048, 3.5891, 3.95, 1.663, 1.871, 1.7476),
}
REPORT_RESULTS: dict[str, ReportResult] = {
    preset.name: ReportResult(preset.name, **dict(zip(_TABLE_2, column, strict=True)))
    for preset, column in zip(REPORT_PRESETS, zip(*_TABLE_2.values(), strict=True), strict=True)
}


@dataclass(frozen=True)
class ReportOddity:
    """Printed figures that do not fit each other; they are shown as printed, with this beside.

    Attributes
    ----------
    presets : tuple of str
        Columns that it concerns.
    figures : tuple of str
        Attributes of `ReportResult` that it concerns; empty for the column as a whole.
    words : str
        A sentence with its full stop.
    """

    presets: tuple[str, ...]
    figures: tuple[str, ...]
    words: str


REPORT_ODDITIES: tuple[ReportOddity, ...] = (
    ReportOddity(
        ("report-mobilenet_v2", "report-vgg11"),
        (),
        'The report\'s table prints the dropout "0.5; 0.5" for MobileNetV2 and VGG11, its captions '
        '"standard"; the preset takes torchvision\'s standard, 0.2 once and 0.5 twice.',
    ),
    ReportOddity(
        ("report-resnet18-dropout", "report-mobilenet_v2"),
        ("epoch_seconds", "epoch_seconds_std"),
        "The report prints 34.46 s (0.94) for ResNet18 with dropout and for MobileNetV2, the same "
        "to the last digit.",
    ),
    ReportOddity(
        ("report-resnet18-dropout",),
        ("total_seconds",),
        "As printed; 70 epochs of 34.46 s would be 2412.20 s.",
    ),
    ReportOddity(
        ("report-vgg11",),
        ("total_seconds",),
        "As printed; 40 epochs of 145 s would be 5800 s.",
    ),
    ReportOddity(
        ("report-resnet18-dropout", "report-mobilenet_v2"),
        ("min_test_loss",),
        "As printed; minimum test losses of 3.5891 (ResNet18 with dropout) and 3.95 (MobileNetV2) "
        "do not fit top-1 accuracies of 53.78 % and 48.68 %; runs of these settings have reached "
        "1.85 and 1.99.",
    ),
    ReportOddity(
        ("report-densenet161", "report-densenet161-dropout"),
        ("max_train_top1", "min_train_loss"),
        "As printed; DenseNet161 fits the training pictures better with dropout (83.44 %, 0.5398) "
        "than without (81.43 %, 0.6077), so the two columns may have changed places. Without "
        "dropout a run of these settings has passed 81.43 % after 27 of 40 epochs.",
    ),
)


def comparable_result(config: TrainConfig) -> ReportResult | None:
    """The printed column that a run of an unchanged report preset repeats; None for any other.

    Both forms of a preset are held against it, that which repeats the report and the printed one.
    The report names no seed, so a run with any seed repeats it. Whether it saw complete CIFAR-100
    is for the caller to know.
    """
    for name, result in REPORT_RESULTS.items():
        forms = (PRESETS[name].config, AS_PRINTED[name].config)
        if any(differences(config, form).keys() <= {"seed"} for form in forms):
            return result
    return None


def result_of_same_network(config: TrainConfig) -> ReportResult | None:
    """The column of the same network and dropout, whatever else was changed."""
    for name, result in REPORT_RESULTS.items():
        reported = PRESETS[name].config
        is_same = reported.architecture == config.architecture
        if is_same and reported.dropout_rate == config.dropout_rate:
            return result
    return None
