"""Settings beyond the report's: schedules, augmentation, regularisation, and honest choice.

Each is neutral by default, so that a config which does not name it means what it meant before.
"""

from __future__ import annotations

from collections.abc import Callable

from cifar_studio.config.setting_types import Bounds, Setting
from cifar_studio.config.train_config import TrainConfig

_LONGEST = 100_000
MOST_FOLDS = 20
_SHARE = Bounds(0.0, 1.0)
_BELOW_ONE = Bounds(0.0, 1.0, high_open=True)


def _is_among(key: str, *values: str) -> Callable[[TrainConfig], bool]:
    return lambda config: getattr(config, key) in values


def _is_on(key: str) -> Callable[[TrainConfig], bool]:
    return lambda config: getattr(config, key) > 0


def _shown(title: str) -> Callable[[float], str]:
    """A probability or a strength: the title alone where it is 1."""
    return lambda value: title if value == 1 else f"{title} {value:g}"


def _needs_validation(config: TrainConfig, what: str) -> str:
    if config.has_validation:
        return ""
    return f"{what}, so it needs validation pictures (validation_per_class above 0, or folds)"


def _schedule_fault(config: TrainConfig) -> str:
    if config.schedule != "plateau":
        return ""
    return _needs_validation(config, "plateau lowers the rate when the validation loss stays")


def _warmup_fault(config: TrainConfig) -> str:
    if config.warmup_epochs < config.scheduled_epochs or not config.warmup_epochs:
        return ""
    return (
        f"is {config.warmup_epochs:g}, which leaves nothing of the {config.scheduled_epochs} "
        "epochs; use fewer"
    )


def _milestones_fault(config: TrainConfig) -> str:
    if config.schedule == "multistep" and not config.milestones:
        return "is empty, and multistep needs the epochs after which the rate falls"
    return ""


def _test_fault(config: TrainConfig) -> str:
    if config.test != "never":
        return ""
    return _needs_validation(config, "without test figures a run is judged by validation")


def _folds_fault(config: TrainConfig) -> str:
    if config.folds == 1:
        return "is 1, must be 0 for none, or 2 to 20"
    if config.folds and config.validation_per_class:
        return (
            "holds one fold back as the validation pictures, and validation_per_class "
            f"{config.validation_per_class} would hold back others; set one of them to 0"
        )
    return ""


def _folds_hint(config: TrainConfig) -> str:
    if config.folds <= config.train_per_class:
        return ""
    return (
        f"With {config.train_per_class} training pictures a class, fewer than folds, no fold has "
        "pictures of every class"
    )


def _fold_fault(config: TrainConfig) -> str:
    if not config.folds or config.fold <= config.folds:
        return ""
    return f"is {config.fold}, and there are only {config.folds} folds"


def _early_stopping_fault(config: TrainConfig) -> str:
    if config.early_stopping == "off":
        return ""
    return _needs_validation(config, "early stopping watches a figure of validation")


def _early_stopping_hint(config: TrainConfig) -> str:
    if config.early_stopping == "off" or config.schedule not in ("cosine", "one-cycle"):
        return ""
    return (
        f"Under a {config.schedule} schedule most of the gain comes in the last epochs: stopping "
        "early may end the run before it"
    )


def _sam_fault(config: TrainConfig) -> str:
    if config.sam_rho and config.precision == "float16":
        return "SAM steps twice on gradients that float16's scaler changes; use another precision"
    return ""


_SCHEDULE = (
    Setting(
        key="schedule",
        title="Schedule",
        group="Learning rate",
        sentence="How the learning rate changes: never; in steps at milestones; down half a wave; "
        "up and down once; or whenever the validation loss stays where it is.",
        kind="choice",
        said=lambda value: value if value != "constant" else "constant learning rate",
        choices={
            "constant": "constant",
            "multistep": "in steps",
            "cosine": "cosine",
            "one-cycle": "one cycle",
            "plateau": "on a plateau",
        },
        fault=_schedule_fault,
    ),
    Setting(
        key="warmup_epochs",
        title="Warm-up",
        group="Learning rate",
        sentence="Epochs in which the rate rises in a line to where the schedule begins, 0 to "
        "1,000; parts of an epoch are allowed.",
        kind="number",
        said=lambda value: f"warm-up {value:g}",
        bounds=Bounds(0.0, 1000.0),
        unit="epochs",
        step=1,
        fault=_warmup_fault,
    ),
    Setting(
        key="milestones",
        title="Milestones",
        group="Learning rate",
        sentence="The epochs after which the rate is multiplied by the factor, such as 60, 120, "
        "160.",
        kind="epochs",
        said=lambda value: "after " + ", ".join(map(str, value)),
        fault=_milestones_fault,
        counts=_is_among("schedule", "multistep"),
    ),
    Setting(
        key="schedule_factor",
        title="Factor",
        group="Learning rate",
        sentence="What the rate is multiplied by at a milestone or on a plateau, above 0 and "
        "below 1.",
        kind="number",
        said=lambda value: f"times {value:g}",
        bounds=Bounds(0.0, 1.0, low_open=True, high_open=True),
        step=0.1,
        counts=_is_among("schedule", "multistep", "plateau"),
    ),
    Setting(
        key="plateau_patience",
        title="Patience",
        group="Learning rate",
        sentence="Epochs without a better validation loss that are let pass before the rate falls.",
        kind="whole number",
        bounds=Bounds(0, _LONGEST),
        unit="epochs",
        counts=_is_among("schedule", "plateau"),
    ),
    Setting(
        key="final_share",
        title="Ends at",
        group="Learning rate",
        sentence="The share of the learning rate at which a cosine or one-cycle schedule ends, "
        "0 to 1.",
        kind="number",
        said=lambda value: f"down to {value:g} of it",
        bounds=_SHARE,
        step=0.01,
        counts=_is_among("schedule", "cosine", "one-cycle"),
    ),
    Setting(
        key="schedule_epochs",
        title="Runs over",
        group="Learning rate",
        sentence="Epochs over which a cosine or one-cycle schedule runs; a longer run holds its "
        "last rate. Empty means all epochs of the run.",
        kind="whole number",
        said=lambda value: f"over {'all' if value is None else value} epochs",
        bounds=Bounds(1, _LONGEST),
        unit="epochs",
        none_said="all",
        counts=_is_among("schedule", "cosine", "one-cycle"),
    ),
)

_AUGMENTATION = (
    Setting(
        key="auto_augment",
        title="Policy",
        group="Augmentation",
        sentence="Change shape or colour of each training picture at random: one operation of any "
        "strength (TrivialAugment, wide), or several of one strength (RandAugment).",
        kind="choice",
        said=lambda value: {
            "trivialaugment": "TrivialAugment",
            "randaugment": "RandAugment",
        }.get(value, "no policy"),
        choices={
            "none": "none",
            "trivialaugment": "TrivialAugment",
            "randaugment": "RandAugment",
        },
    ),
    Setting(
        key="randaugment_operations",
        title="Operations",
        group="Augmentation",
        sentence="How many operations RandAugment does one after another, 1 to 14.",
        kind="whole number",
        said=lambda value: f"{value} operations",
        bounds=Bounds(1, 14),
        counts=_is_among("auto_augment", "randaugment"),
    ),
    Setting(
        key="randaugment_magnitude",
        title="Strength",
        group="Augmentation",
        sentence="How strong RandAugment's operations are, 0 to 30.",
        kind="whole number",
        said=lambda value: f"strength {value}",
        bounds=Bounds(0, 30),
        counts=_is_among("auto_augment", "randaugment"),
    ),
    Setting(
        key="mixing",
        title="Mixing",
        group="Augmentation",
        sentence="Mix each picture of a batch and its label with another one: as a blend (MixUp), "
        "with a piece of it (CutMix), or one of the two by turns. Training accuracy then counts "
        "the larger share.",
        kind="choice",
        said=lambda value: {
            "mixup": "MixUp",
            "cutmix": "CutMix",
            "mixup or cutmix": "MixUp or CutMix",
        }.get(value, "no mixing"),
        choices={
            "none": "none",
            "mixup": "MixUp",
            "cutmix": "CutMix",
            "mixup or cutmix": "MixUp or CutMix",
        },
    ),
    Setting(
        key="mixing_probability",
        title="In batches",
        group="Augmentation",
        sentence="The share of batches that are mixed, 0 to 1.",
        kind="number",
        said=lambda value: f"in {100 * value:g} % of batches",
        bounds=_SHARE,
        step=0.1,
        counts=lambda config: config.mixing != "none",
    ),
    Setting(
        key="mixup_alpha",
        title="MixUp alpha",
        group="Augmentation",
        sentence="Both parameters of the beta distribution of MixUp's shares, above 0 and at most "
        "10; small ones mix little.",
        kind="number",
        said=lambda value: f"MixUp alpha {value:g}",
        bounds=Bounds(0.0, 10.0, low_open=True),
        step=0.1,
        counts=_is_among("mixing", "mixup", "mixup or cutmix"),
    ),
    Setting(
        key="cutmix_alpha",
        title="CutMix alpha",
        group="Augmentation",
        sentence="Both parameters of the beta distribution of CutMix's shares, above 0 and at most "
        "10; at 1 all sizes are as likely.",
        kind="number",
        said=lambda value: f"CutMix alpha {value:g}",
        bounds=Bounds(0.0, 10.0, low_open=True),
        step=0.1,
        counts=_is_among("mixing", "cutmix", "mixup or cutmix"),
    ),
    Setting(
        key="cutout",
        title="Cutout",
        group="Augmentation",
        sentence="The share of training pictures in which a square is blanked out, 0 to 1.",
        kind="number",
        said=_shown("Cutout"),
        bounds=_SHARE,
        step=0.1,
    ),
    Setting(
        key="cutout_size",
        title="Square",
        group="Augmentation",
        sentence="The side of that square in pixels, 1 to 32; the border may cut it.",
        kind="whole number",
        said=lambda value: f"{value} pixels",
        bounds=Bounds(1, 32),
        unit="pixels",
        counts=_is_on("cutout"),
    ),
    Setting(
        key="random_erasing",
        title="Erasing",
        group="Augmentation",
        sentence="The share of training pictures in which a rectangle of random size is blanked "
        "out, 0 to 1.",
        kind="number",
        said=_shown("random erasing"),
        bounds=_SHARE,
        step=0.1,
    ),
)

_REGULARISATION = (
    Setting(
        key="label_smoothing",
        title="Smoothing",
        group="Regularisation",
        sentence="The share of each label that is spread over all classes, 0 to below 1; 0.1 is "
        "usual. The training loss is of these labels.",
        kind="number",
        said=lambda value: f"label smoothing {value:g}",
        bounds=_BELOW_ONE,
        step=0.1,
    ),
    Setting(
        key="weight_averaging",
        title="Averaging",
        group="Regularisation",
        sentence="Keep a running average of all weights and test that: the share of it that stays "
        "at each step, 0 (off) to below 1; 0.999 is usual.",
        kind="number",
        said=lambda value: f"averaged weights {value:g}" if value else "no averaged weights",
        bounds=_BELOW_ONE,
        step=0.001,
    ),
    Setting(
        key="sam_rho",
        title="SAM",
        group="Regularisation",
        sentence="Take each step's gradient where the loss is worst within this distance "
        "(sharpness-aware minimisation), 0 (off) to 10; 0.05 to 0.2 is usual. A step takes twice "
        "as long.",
        kind="number",
        said=lambda value: f"SAM {value:g}" if value else "no SAM",
        bounds=Bounds(0.0, 10.0),
        step=0.05,
        fault=_sam_fault,
    ),
    Setting(
        key="decay_on",
        title="Decay on",
        group="Regularisation",
        sentence="What weight decay pulls: everything, or only the weights of convolutions and "
        "linear layers and not norms and biases.",
        kind="choice",
        said=lambda value: (
            "no decay on norms and biases" if value == "weights" else "decay on all weights"
        ),
        choices={"all": "everything", "weights": "weights only"},
    ),
)

_CHOOSING = (
    Setting(
        key="test",
        title="Test set",
        group="Choosing",
        sentence="When the test pictures are looked at: after each epoch, as the report does; "
        "once, when the run ends, with the weights that validation chose, or without validation "
        "with the last ones; or never, so that a later run can still be judged by them.",
        kind="choice",
        said=lambda value: {
            "at_end": "test set locked until the end",
            "never": "test set stays locked",
        }.get(value, "tested after each epoch"),
        choices={"each_epoch": "each epoch", "at_end": "at the end", "never": "stays locked"},
        fault=_test_fault,
    ),
    Setting(
        key="folds",
        title="Folds",
        group="Choosing",
        sentence="Deal the training pictures out into so many equal parts with all classes in "
        "each, 2 to 20, by the seed; one of them is held back to validate on. 0 is none.",
        kind="whole number",
        said=lambda value: f"{value} folds" if value else "no folds",
        bounds=Bounds(0, MOST_FOLDS),
        fault=_folds_fault,
        hint=_folds_hint,
    ),
    Setting(
        key="fold",
        title="Held-out fold",
        group="Choosing",
        sentence="Which fold is held back, from 1 on: a run for each shows the accuracy on every "
        "training picture by a network that has not seen it.",
        kind="whole number",
        bounds=Bounds(1, MOST_FOLDS),
        fault=_fold_fault,
        counts=_is_on("folds"),
    ),
    Setting(
        key="test_time_flip",
        title="Flip at test",
        group="Choosing",
        sentence="Test each picture and its mirror image, and take the mean of the two answers: "
        "a little better, and twice the work.",
        kind="switch",
        said=lambda value: "mirror images at test" if value else "no mirror images at test",
        caption="and mirror image",
    ),
    Setting(
        key="early_stopping",
        title="Stop early",
        group="Choosing",
        sentence="End the run when a figure on validation pictures no longer improves. The best "
        "epoch is the one with the highest validation top-1 in any case.",
        kind="choice",
        said=lambda value: {
            "val_loss": "stops early by validation loss",
            "val_top1": "stops early by validation top-1",
        }.get(value, "no early stopping"),
        choices={"off": "never", "val_loss": "validation loss", "val_top1": "validation top-1"},
        fault=_early_stopping_fault,
        hint=_early_stopping_hint,
    ),
    Setting(
        key="patience",
        title="Patience",
        group="Choosing",
        sentence="Epochs without an improvement after which the run ends.",
        kind="whole number",
        bounds=Bounds(1, _LONGEST),
        unit="epochs",
        counts=_is_among("early_stopping", "val_loss", "val_top1"),
    ),
    Setting(
        key="least_improvement",
        title="At least",
        group="Choosing",
        sentence="By how much the figure has to get better for an improvement, in nats or "
        "percentage points, 0 to 100; a tie is none.",
        kind="number",
        said=lambda value: f"by at least {value:g}",
        bounds=Bounds(0.0, 100.0),
        step=0.01,
        counts=_is_among("early_stopping", "val_loss", "val_top1"),
    ),
    Setting(
        key="stopping_from",
        title="From epoch",
        group="Choosing",
        sentence="The first epoch after which the run may end early.",
        kind="whole number",
        said=lambda value: f"from epoch {value} on",
        bounds=Bounds(1, _LONGEST),
        counts=_is_among("early_stopping", "val_loss", "val_top1"),
    ),
)

LEARNING_SETTINGS: tuple[Setting, ...] = (
    *_SCHEDULE,
    *_AUGMENTATION,
    *_REGULARISATION,
    *_CHOOSING,
)
