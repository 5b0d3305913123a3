"""One description of each setting, from which everything else is made.

`check.py` judges by it, the form and `--set` are built from it, titles and reports take its words,
and `cifar-studio settings` prints it. A new setting is a field of `TrainConfig` and a row here, or
in `learning_settings.py` where the report knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cifar_studio.config.architectures import ARCHITECTURES, architecture
from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.setting_types import Bounds, Setting
from cifar_studio.config.train_config import TrainConfig

PICTURES_PER_CLASS = 500
_LARGEST_BATCH = 4096
GROUPS = (
    "Network",
    "Training",
    "SGD",
    "Learning rate",
    "Regularisation",
    "Data",
    "Augmentation",
    "Choosing",
    "Machine",
)


def setting_in_words(key: str, value: object) -> str:
    """A setting in a few words, as `Setting.in_words` gives it."""
    return SETTINGS[key].in_words(value)


def bounds_of(key: str) -> Bounds:
    """The range of a number; raises KeyError for a key that is none."""
    bounds = SETTINGS[key].bounds
    if bounds is None:
        raise KeyError(key)
    return bounds


def _counted(one: str, many: str) -> Callable[[Any], str]:
    return lambda value: f"1 {one}" if value == 1 else f"{value} {many}"


def _switched(on: str, off: str = "") -> Callable[[Any], str]:
    return lambda value: on if value else off or f"no {on}"


def _dropout_fault(config: TrainConfig) -> str:
    at_blocks = config.dropout_sites == "blocks" and architecture(config.architecture).has_blocks
    if at_blocks and config.dropout is None:
        return "must be a rate when dropout_sites is blocks"
    return ""


def _dropout_sites_fault(config: TrainConfig) -> str:
    network = architecture(config.architecture)
    if config.dropout_sites == "blocks" and not network.has_blocks:
        return f"{network.title} has no blocks, must be classifier"
    return ""


def _batch_size_fault(config: TrainConfig) -> str:
    pictures = config.train_pictures

    def leaves_one(size: int) -> bool:
        return pictures % min(size, pictures) == 1

    if not leaves_one(config.batch_size):
        return ""
    # Upwards first; a number of pictures that folds made odd may leave one there, too.
    others = (
        *range(config.batch_size + 1, _LARGEST_BATCH + 1),
        *range(config.batch_size - 1, 1, -1),
    )
    good = next(size for size in others if not leaves_one(size))
    return (
        f"leaves a last batch of one picture of {pictures}, which batch normalisation cannot "
        f"take; use {good}"
    )


def _nesterov_fault(config: TrainConfig) -> str:
    return "needs a momentum above 0" if config.nesterov and config.momentum == 0 else ""


def _validation_fault(config: TrainConfig) -> str:
    if config.train_per_class + config.validation_per_class <= PICTURES_PER_CLASS:
        return ""
    return (
        f"is {config.validation_per_class}, and with train_per_class {config.train_per_class} "
        f"more than the {PICTURES_PER_CLASS} pictures a class; lower one of them"
    )


def _precision_fault(config: TrainConfig) -> str:
    if config.precision == "float16" and config.device == "cpu":
        return "float16 needs a GPU; use float32 or bfloat16 on a CPU"
    return ""


SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting(
            key="architecture",
            title="Architecture",
            group="Network",
            sentence="The network that is trained, from scratch, as torchvision builds it.",
            kind="choice",
            said=lambda name: architecture(name).title,
            choices={name: network.title for name, network in ARCHITECTURES.items()},
        ),
        Setting(
            key="stem",
            title="First layers",
            group="Network",
            sentence="As published they shrink 224x224 pictures; for 32x32 pictures they keep "
            "detail, which is far more accurate and far slower.",
            kind="choice",
            said=lambda stem: f"first layers {'for 32x32' if stem == 'cifar' else 'as published'}",
            choices={"imagenet": "as published", "cifar": "for 32x32"},
        ),
        Setting(
            key="dropout",
            title="Dropout",
            group="Network",
            sentence="The share of values set to zero at random while training, from 0 to below "
            "1; empty means the network's own standard.",
            kind="number",
            bounds=Bounds(0.0, 1.0, high_open=True),
            step=0.1,
            none_said="standard",
            fault=_dropout_fault,
        ),
        Setting(
            key="dropout_sites",
            title="Dropout at",
            group="Network",
            sentence="Where dropout sits: before the last layer, or after each block of the "
            "network.",
            kind="choice",
            said=lambda value: (
                "dropout after blocks" if value == "blocks" else "dropout before the classifier"
            ),
            choices={"classifier": "classifier", "blocks": "each block"},
            fault=_dropout_sites_fault,
        ),
        Setting(
            key="epochs",
            title="Epochs",
            group="Training",
            sentence="How many times the network sees every training picture, 1 to 100,000.",
            kind="whole number",
            said=_counted("epoch", "epochs"),
            bounds=Bounds(1, 100_000),
            unit="epochs",
        ),
        Setting(
            key="batch_size",
            title="Batch size",
            group="Training",
            sentence="Pictures in one step of learning, 2 to 4,096.",
            kind="whole number",
            bounds=Bounds(2, _LARGEST_BATCH),
            unit="pictures",
            step=16,
            fault=_batch_size_fault,
        ),
        Setting(
            key="seed",
            title="Seed",
            group="Training",
            sentence="Start of the random numbers: the same seed and settings give the same run.",
            kind="whole number",
            bounds=Bounds(0, 2**63 - 1),
        ),
        Setting(
            key="learning_rate",
            title="Learning rate",
            group="SGD",
            sentence="How far one step goes, above 0 and at most 10; 0.01 to 0.1 is usual.",
            kind="number",
            bounds=Bounds(0.0, 10.0, low_open=True),
            scale="logarithmic",
        ),
        Setting(
            key="momentum",
            title="Momentum",
            group="SGD",
            sentence="How much of the step before is kept, 0 to below 1; 0.9 is usual.",
            kind="number",
            bounds=Bounds(0.0, 1.0, high_open=True),
            step=0.1,
        ),
        Setting(
            key="weight_decay",
            title="Weight decay",
            group="SGD",
            sentence="Pull of every weight towards zero, 0 to 1; 0.0005 to 0.005 is usual.",
            kind="number",
            bounds=Bounds(0.0, 1.0),
            scale="logarithmic",
        ),
        Setting(
            key="nesterov",
            title="Nesterov",
            group="SGD",
            sentence="Momentum that looks ahead; needs a momentum above 0.",
            kind="switch",
            said=_switched("Nesterov momentum"),
            caption="look ahead",
            fault=_nesterov_fault,
        ),
        Setting(
            key="train_per_class",
            title="Training",
            group="Data",
            sentence="Training pictures of each of the 100 classes, 1 to 500.",
            kind="whole number",
            said=_counted("training picture a class", "training pictures a class"),
            bounds=Bounds(1, PICTURES_PER_CLASS),
            unit="pictures a class",
            step=10,
        ),
        Setting(
            key="test_per_class",
            title="Test",
            group="Data",
            sentence="Test pictures of each class, 1 to 100; fewer is quicker and less exact.",
            kind="whole number",
            said=_counted("test picture a class", "test pictures a class"),
            bounds=Bounds(1, 100),
            unit="pictures a class",
            step=10,
        ),
        Setting(
            key="validation_per_class",
            title="Validation",
            group="Data",
            sentence="Training pictures of each class held back to choose the best epoch, 0 to "
            "100.",
            kind="whole number",
            said=_counted("validation picture a class", "validation pictures a class"),
            bounds=Bounds(0, 100),
            unit="pictures a class",
            step=10,
            fault=_validation_fault,
        ),
        Setting(
            key="normalization",
            title="Normalise by",
            group="Data",
            sentence="How pixels become numbers around zero: by the training pictures' own mean "
            "and standard deviation, or 0.5 for both.",
            kind="choice",
            choices={"dataset": "their mean, std", "half": "0.5 and 0.5"},
        ),
        Setting(
            key="random_crop",
            title="Augment",
            group="Data",
            sentence="Shift each training picture by up to 4 pixels, anew in every epoch.",
            kind="switch",
            said=_switched("random crop"),
            caption="random crop",
            method="cropped at random to 32x32 after padding by four black pixels",
        ),
        Setting(
            key="horizontal_flip",
            title="",
            group="Data",
            sentence="Mirror half of the training pictures, anew in every epoch.",
            kind="switch",
            said=_switched("mirror images"),
            caption="horizontal flip",
            method="mirrored with probability one half",
        ),
        *LEARNING_SETTINGS,
        Setting(
            key="device",
            title="Device",
            group="Machine",
            sentence="What computes: auto takes an NVIDIA or Apple GPU where there is one, else "
            "the CPU.",
            kind="device",
            choices={"auto": "auto", "cpu": "CPU"},
        ),
        Setting(
            key="precision",
            title="Precision",
            group="Machine",
            sentence="Number format of the computation; float32 is the exact one. Auto measures "
            "at the first run which is faster here, and keeps the weights in float32.",
            kind="choice",
            choices={
                "auto": "auto",
                "float32": "float32",
                "bfloat16": "bfloat16",
                "float16": "float16 (GPU)",
            },
            fault=_precision_fault,
        ),
        Setting(
            key="deterministic",
            title="Repeatable",
            group="Machine",
            sentence="Ask for computations that give the same bits each time; slower on a GPU.",
            kind="switch",
            said=_switched("deterministic algorithms"),
            caption="deterministic",
        ),
        Setting(
            key="specialize",
            title="Specialise",
            group="Machine",
            sentence="Train only the weights that 32x32 pictures ever use: the same results up to "
            "rounding, in less time and memory. Exports hold all weights.",
            kind="switch",
            said=_switched("network rewritten for 32x32", "network not rewritten for 32x32"),
            caption="for 32x32 pictures",
        ),
    )
}
