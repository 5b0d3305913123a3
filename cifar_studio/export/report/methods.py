"""The method of a run in sentences; the works that they rest on stand in `references.py`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cifar_studio.config.architectures import architecture
from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.settings import SETTINGS, setting_in_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import fold, is_last_by_rule, is_validated, looks

_ALPHA, _RHO = "\N{GREEK SMALL LETTER ALPHA}", "\N{GREEK SMALL LETTER RHO}"


def method_of(run: Run) -> str:
    """One paragraph: network, pictures, augmentation, optimiser, precision, machine, choice."""
    config, environment = run.config, run.environment
    sentences = [
        _network(config, environment),
        _pictures(config, environment),
        _augmentation(config),
        _optimiser(run),
        _machine(environment) if environment is not None else "",
        _choice(run),
    ]
    return " ".join(filter(None, sentences))


def _network(config: TrainConfig, environment: Environment | None) -> str:
    title = architecture(config.architecture).title
    source = f"torchvision {environment.torchvision}" if environment else "torchvision"
    if config.architecture == "vgg11_bn":
        source = f"VGG11 with batch normalisation, {source}"
    words = f"{title} ({source}, 100 outputs) was trained from random weights"
    if config.stem == "cifar":
        words += ", with its first layers changed to keep the resolution of 32x32 pictures"
    if not config.dropout_rate:
        return f"{words}, without dropout."
    place = "after each block" if config.dropout_sites == "blocks" else "before the classifier"
    if config.dropout_sites == "classifier" and config.architecture in ("vgg11", "vgg11_bn"):
        place = "in both hidden layers of the classifier"
    return f"{words}, with dropout of rate {config.dropout_rate:g} {place}."


def _pictures(config: TrainConfig, environment: Environment | None) -> str:
    if environment is None:
        return "Which pictures it saw is not recorded."
    data = environment.data
    name = "the studio's demo set (drawn shapes, not photographs)" if data.is_demo else data.name
    validation = (
        f", {data.validation_pictures:,} for validation" if data.validation_pictures else ""
    )
    if config.folds:
        validation += f" ({fold(config)}, stratified by class and drawn by the seed)"
    tested = f"was tested on {data.test_pictures:,}"
    if config.test == "never":
        tested = "was not tested"
    words = f"It learned from {data.train_pictures:,} pictures of {name}{validation} and {tested}."
    if config.normalization == "half":
        return f"{words} Each channel was normalised with mean and standard deviation 0.5."
    mean, std = (", ".join(f"{value:.3f}" for value in part) for part in (data.mean, data.std))
    return (
        f"{words} Channels were normalised with the training pictures' mean ({mean}) and standard "
        f"deviation ({std})."
    )


def _augmentation(config: TrainConfig) -> str:
    changes, blanks = list(_changes(config)), " and ".join(_blanks(config))
    sentences = []
    if changes:
        sentences.append(f"In each epoch the training pictures were {_listed(changes)}.")
    if blanks:
        start = "After normalisation" if changes else "In each epoch, after normalisation"
        sentences.append(f"{start}, {blanks}.")
    if config.mixing != "none":
        sentences.append(_mixing(config))
    return " ".join(sentences) or "Training pictures were not augmented."


def _changes(config: TrainConfig) -> Iterator[str]:
    for key, setting in SETTINGS.items():
        if setting.method and getattr(config, key):
            yield setting.method
    policy = setting_in_words("auto_augment", config.auto_augment)
    if config.auto_augment == "trivialaugment":
        yield f"transformed by {policy} (wide)"
    if config.auto_augment == "randaugment":
        operations = "operation" if config.randaugment_operations == 1 else "operations"
        yield (
            f"transformed by {policy} ({config.randaugment_operations} {operations} of magnitude "
            f"{config.randaugment_magnitude} of 30)"
        )


def _blanks(config: TrainConfig) -> Iterator[str]:
    side = config.cutout_size
    for share, what in (
        (config.cutout, f"a square of {side}x{side} pixels around a random pixel (Cutout)"),
        (config.random_erasing, "a random rectangle of 2 to 33 % of the area (Random Erasing)"),
    ):
        if share:
            often = "in each picture" if share == 1 else f"with probability {share:g}"
            yield f"{what} was set to zero {often}"


def _mixing(config: TrainConfig) -> str:
    mixup = f"MixUp ({_ALPHA} = {config.mixup_alpha:g})"
    cutmix = f"CutMix ({_ALPHA} = {config.cutmix_alpha:g})"
    way = {
        "mixup": mixup,
        "cutmix": cutmix,
        "mixup or cutmix": f"either {mixup} or {cutmix}, chosen at random",
    }[config.mixing]
    share = config.mixing_probability
    start = "Each" if share == 1 else f"With probability {share:g}, each"
    return (
        f"{start} batch was mixed with a random permutation of itself by {way}; training accuracy "
        "is with respect to the label of the larger share."
    )


def _listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _optimiser(run: Run) -> str:
    config = run.config
    momentum, weight_decay, seed, smoothing = (
        setting_in_words(key, getattr(config, key))
        for key in ("momentum", "weight_decay", "seed", "label_smoothing")
    )
    nesterov = "Nesterov " if config.nesterov else ""
    planned = "" if len(run.rows) == config.epochs else f" of {config.epochs} planned"
    epochs = "epoch" if len(run.rows) == 1 else "epochs"
    loss = f"cross-entropy with {smoothing}" if config.label_smoothing else "cross-entropy"
    rate = _kind_of_rate(config)
    if config.decay_on == "weights":
        weight_decay += " (on the weights of convolutional and linear layers only)"
    sentences = [
        f"Stochastic gradient descent minimised the {loss} for {len(run.rows)} {epochs}"
        f"{planned} in batches of {config.batch_size}, with {rate} of "
        f"{config.learning_rate:g}, {nesterov}{momentum}, {weight_decay} and random {seed}.",
        _schedule(run),
        _sharpness(config),
        _averaging(config),
        "At evaluation the logits of each picture and of its mirror image were averaged."
        if config.test_time_flip
        else "",
    ]
    return " ".join(filter(None, sentences))


def _kind_of_rate(config: TrainConfig) -> str:
    if _is_constant(config):
        return "a constant learning rate"
    is_reached = config.warmup_epochs or config.schedule == "one-cycle"
    return f"{'a maximum' if is_reached else 'an initial'} learning rate"


def _is_constant(config: TrainConfig) -> bool:
    return config.schedule == "constant" and not config.warmup_epochs


def _schedule(run: Run) -> str:
    """How the learning rate went; empty where it never changed."""
    config = run.config
    if _is_constant(config):
        return ""
    course = _course(config) + _lengthened(run)
    if not config.warmup_epochs:
        return f"The learning rate {course}."
    to = " to where its cycle begins" if config.schedule == "one-cycle" else ""
    first = "epoch" if config.warmup_epochs == 1 else f"{config.warmup_epochs:g} epochs"
    then = " and " if config.schedule == "constant" else ", and after this warm-up it "
    return f"The learning rate rose linearly{to} over the first {first}{then}{course}."


def _lengthened(run: Run) -> str:
    """Where a run was made longer on the way: how far its rates are those of a shorter one."""
    config, last = run.config, 0
    if config.schedule not in ("cosine", "one-cycle"):
        return ""
    steps = config.steps_in_epoch
    for row in run.rows:
        planned = learning_rate(config, steps, row.epoch * steps - 1)
        if not math.isclose(row.learning_rate, planned, rel_tol=1e-6, abs_tol=1e-12):
            last = row.epoch
    return (
        f"; up to epoch {last} it was that of a shorter run, which was made longer" if last else ""
    )


def _course(config: TrainConfig) -> str:
    """What the learning rate did after a warm-up."""
    end = f"{config.final_share:g} of that value" if config.final_share else "zero"
    over = f"down to {end} at the end of epoch {config.scheduled_epochs}"
    held = " and was held from there on" if config.scheduled_epochs < config.epochs else ""
    lowered = f"was multiplied by {config.schedule_factor:g}"
    match config.schedule:
        case "multistep":
            epochs = "epoch" if len(config.milestones) == 1 else "epochs"
            return f"{lowered} after {epochs} {_listed(list(map(str, config.milestones)))}"
        case "cosine":
            return f"followed half a cosine, batch by batch, {over}{held}"
        case "one-cycle":
            return (
                "followed the one-cycle policy along half cosines, batch by batch: from 1/25 of "
                f"that value up to it in the first 30 % of the steps, then {over}{held}; momentum "
                "was constant"
            )
        case "plateau":
            return (
                f"{lowered} whenever the validation loss had not improved by 0.01 % for more than "
                f"{_epochs(config.plateau_patience)}"
            )
    return "was then held"


def _epochs(number: int) -> str:
    return "one epoch" if number == 1 else f"{number} epochs"


def _sharpness(config: TrainConfig) -> str:
    if not config.sam_rho:
        return ""
    words = (
        f"Gradients were those of sharpness-aware minimisation (SAM, {_RHO} = {config.sam_rho:g})"
    )
    if config.architecture == "vgg11":
        return f"{words}."
    return f"{words}, with the batch-normalisation statistics of its first pass only."


def _averaging(config: TrainConfig) -> str:
    if not config.weight_averaging:
        return ""
    statistics = "" if config.architecture == "vgg11" else " and batch-normalisation statistics"
    return (
        f"An exponential moving average of the weights{statistics} (decay "
        f"{config.weight_averaging:g} per step, with bias correction) was evaluated in place of "
        "the last iterate."
    )


def _machine(environment: Environment) -> str:
    resolved = environment.resolved
    return (
        f"The run was computed in {resolved.precision} on {environment.device_name} with PyTorch "
        f"{environment.torch}, by CIFAR Studio {environment.studio}."
    )


def _choice(run: Run) -> str:
    if is_validated(run):
        return (
            "The best epoch is the one with the highest top-1 on validation pictures, which were "
            f"held back from training; {_test(run)}.{_stopping(run)}"
        )
    if run.config.test == "at_end" and run.is_test_locked:
        return "The last epoch is to be tested; the test pictures are locked until the run ends."
    if is_last_by_rule(run.config, run.rows):
        return (
            "The figures are of the last epoch, which nothing chose; the test pictures were looked "
            "at once, when the run ended."
        )
    return (
        "The best epoch is the one with the highest top-1 on the test pictures, so its figures are "
        "selected on the set that they are measured on."
    )


def _test(run: Run) -> str:
    """What part the test pictures had in the choice, and when they were looked at."""
    if run.config.test == "never":
        return "the test pictures were never looked at"
    if not run.config.locks_test_set:
        return "the test pictures had no part in the choice"
    if run.is_test_locked:
        return "the test pictures had no part in the choice. These are locked until the run ends"
    return f"the test pictures were {looks(run.rows)}, with the weights that validation chose"


def _stopping(run: Run) -> str:
    """The rule by which the run could end early, and whether it did."""
    config, early = run.config, run.early_stop
    if config.early_stopping == "off":
        return ""
    figure = SETTINGS["early_stopping"].choices[config.early_stopping]
    unit = " nats" if config.early_stopping == "val_loss" else " percentage points"
    least = f" by more than {config.least_improvement:g}{unit}" if config.least_improvement else ""
    start = f", from epoch {config.stopping_from} on" if config.stopping_from > 1 else ""
    words = (
        f" Training was to stop early once the {figure} had not improved{least} for "
        f"{_epochs(config.patience)}{start}"
    )
    return f"{words}; it {early.words()}." if early is not None else f"{words}."
