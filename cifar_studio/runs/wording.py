"""Numbers, states and runs in words: the same in the window and the terminal, and on exports."""

from __future__ import annotations

import datetime
import json
import math
import shlex
from collections.abc import Sequence

from cifar_studio.config.architectures import architecture
from cifar_studio.config.presets import nearest_preset, recipe_of
from cifar_studio.config.serialization import differences
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.study import is_as_printed, shortened_by
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.answers import RequestFailed
from cifar_studio.runs.folder.environment import DataFacts
from cifar_studio.runs.folder.epochs import EpochRow, is_tested_at_end
from cifar_studio.runs.folder.library import Run

NONE = "—"
MINUS = "\N{MINUS SIGN}"
CAUTION = (
    "A network that was trained on CIFAR-100 names one of its 100 classes, whatever it is shown"
)


MOST_ADDITIONS = 2
# Those that tell runs apart most readily first.
_ADDITIONS = (
    "sam_rho",
    "mixing",
    "auto_augment",
    "cutout",
    "random_erasing",
    "schedule",
    "label_smoothing",
    "weight_averaging",
    "decay_on",
    "test_time_flip",
    "early_stopping",
)


def duration(seconds: float) -> str:
    """A length of time with one or two parts: "38 s", "12 min", "4 h 50 min"."""
    if not math.isfinite(seconds):
        return "unknown time"
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def about(seconds: float, spread: float = 0.0) -> str:
    """A length of time that is not known exactly: "about 12 min", "about 10 to 14 min".

    Parameters
    ----------
    spread : float
        How much longer or shorter it may well be, as a share; below a tenth it is not said.
    """
    if spread < 0.1:
        return f"about {duration(seconds)}"
    low, high = duration(seconds * (1 - spread)), duration(seconds * (1 + spread))
    if low == high:
        return f"about {low}"
    number, _, unit = low.partition(" ")
    return f"about {number if high.partition(' ')[2] == unit else low} to {high}"


def count(number: float) -> str:
    """A large count with three figures: "11.2 M", "37.1 M", "2.47 G"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def memory(mebibytes: float) -> str:
    """Memory in MB or GB, as people say it."""
    return f"{mebibytes / 1024:.1f} GB" if mebibytes >= 1000 else f"{mebibytes:.0f} MB"


def clock(moment: datetime.datetime) -> str:
    """Hour and minute, with the day where it is not today."""
    today = datetime.datetime.now().date()
    return moment.strftime("%H:%M" if moment.date() == today else "%a %H:%M")


def progress(run: Run) -> str:
    """Epochs done of epochs planned."""
    return f"{len(run.rows)}/{run.config.epochs}"


def looks(rows: Sequence[EpochRow]) -> str:
    """How often a locked test set was looked at: "looked at once"; more where a run was made longer
    and validation then chose another epoch."""
    count = sum(row.test_top1 is not None for row in rows)
    return {0: "locked", 1: "looked at once", 2: "looked at twice"}.get(
        count, f"looked at {count} times"
    )


def test_locked(config: TrainConfig) -> str:
    """Why a run has no test figures, or none yet, as a sentence without its full stop."""
    if config.test == "never":
        return "The test set stays locked"
    return "The test set is locked until the run ends"


def how_to_unlock(config: TrainConfig) -> str:
    """What gives a run with a locked test set its test figures, without a full stop."""
    return "Train anew with test=at_end" if config.test == "never" else "Resume it to its end"


def judged_on(config: TrainConfig, data: DataFacts) -> str:
    """How many pictures a run's figures are of, and which: "10,000 test", "500 validation"."""
    if config.test == "never":
        return f"{data.validation_pictures:,} validation"
    return f"{data.test_pictures:,} test"


def state(run: Run) -> str:
    """The state of a run in a word or two."""
    is_early = run.status.state == "finished" and run.early_stop is not None
    return "stopped early" if is_early else run.status.state


def ended(run: Run) -> str:
    """How a run came to its end: "all epochs", the early stop in words, or how it stands."""
    if run.early_stop is not None:
        return run.early_stop.words()
    done = bool(run.rows) and run.rows[-1].epoch >= run.config.epochs
    return "all epochs" if done else state(run)


def day(moment: datetime.datetime) -> str:
    """When something was: "14:05" today, else "22 Nov 14:05", with the year where it is past."""
    now = datetime.datetime.now()
    if moment.date() == now.date():
        return f"today {moment:%H:%M}"
    return f"{moment:%d %b %H:%M}" if moment.year == now.year else f"{moment:%d %b %Y}"


def failure(failed: RequestFailed) -> str:
    """Why a short request failed and what to do, as sentences."""
    return f"{failed.message}. {failed.remedy}." if failed.remedy else f"{failed.message}."


def network(config: TrainConfig) -> str:
    """The network in a few words: "ResNet18, dropout 0.5, for 32x32, CutMix".

    A run with the settings that the report prints is called so wherever runs are named, and so is
    one of a recipe. Of what else was added to the report's way of training the first words are
    said, and how many there are besides; a fold that is held out is named last.
    """
    recipe = recipe_of(config)
    title = architecture(config.architecture).title
    if recipe is not None:
        return f"{title}, {recipe.name.partition('-')[0]} recipe"
    words = [title]
    if config.dropout is not None:
        words.append(f"dropout {config.dropout:g}")
    if config.stem == "cifar":
        words.append("for 32x32")
    if is_as_printed(config):
        words.append("as printed")
    words += _additions(config)
    if config.folds:
        words.append(fold(config))
    return ", ".join(words)


def fold(config: TrainConfig) -> str:
    """Which fold is held out, where there are folds: "fold 2 of 5"."""
    return f"fold {config.fold} of {config.folds}"


def _additions(config: TrainConfig) -> list[str]:
    plain = TrainConfig()
    added = [
        SETTINGS[key].in_words(getattr(config, key))
        for key in _ADDITIONS
        if getattr(config, key) != getattr(plain, key)
    ]
    more = len(added) - MOST_ADDITIONS
    return added if more <= 0 else [*added[:MOST_ADDITIONS], f"{more} more"]


def dated_title(run: Run) -> str:
    """The title, and when the run was started where two runs may have the same one."""
    if run.notes.name or run.started is None:
        return run_title(run)
    return f"{run_title(run)}, {run.started:%d %b %Y %H:%M}"


def run_title(run: Run) -> str:
    """The name that a person gave, else the network."""
    return run.notes.name or network(run.config)


def data_of(config: TrainConfig, name: str) -> str:
    """The data's name, marked where the run is a smaller form of one of the report's."""
    return f"{name}, short" if shortened_by(config) else name


def chosen_by(validated: bool, at_end: bool = False) -> str:
    """How the best epoch was chosen; `at_end` where nothing did, and the last one was tested."""
    if at_end:
        return "the last one, by no choice"
    return "chosen on validation" if validated else "best on test (selected)"


def is_last_by_rule(config: TrainConfig, rows: Sequence[EpochRow]) -> bool:
    """Whether the last epoch was tested because it is the last, and no figure chose it."""
    return config.test == "at_end" and not config.has_validation and is_tested_at_end(rows)


def how_chosen(run: Run) -> str:
    """How the best epoch of a run was chosen."""
    return chosen_by(is_validated(run), is_last_by_rule(run.config, run.rows))


def best_top1(best: EpochRow | None) -> str:
    """Top-1 of a run's best epoch: "54.12 %" on the test pictures, "validation 54.12 %" without.

    Parameters
    ----------
    best : EpochRow or None
        As `best_row` gives it.
    """
    if best is not None and best.test_top1 is not None:
        return f"{best.test_top1:.2f} %"
    if best is not None and best.val_top1 is not None:
        return f"validation {best.val_top1:.2f} %"
    return NONE


def is_validated(run: Run) -> bool:
    """Whether a validation split chose the best epoch of a run."""
    return bool(run.rows) and all(row.val_top1 is not None for row in run.rows)


def training_caption(config: TrainConfig) -> str:
    """What sets training figures apart from test figures, for this config."""
    words = ["while learning"]
    policy, squares = config.auto_augment != "none", config.cutout or config.random_erasing
    if config.random_crop or config.horizontal_flip or policy or squares:
        words.append("augmented")
    if config.mixing != "none":
        words.append("mixed")
    if config.dropout_rate > 0:
        words.append("dropout on")
    return f"training ({', '.join(words)})"


def train_command(run: Run) -> str:
    """The `cifar-studio train` command with the fewest words that gives the same config."""
    words = ["cifar-studio", "train", *config_words(run.config)]
    if run.data_choice == "demo":
        words += ["--data", "demo"]
    return shlex.join(words)


def config_words(config: TrainConfig) -> list[str]:
    """`--preset NAME` and `--set KEY=VALUE` words for a config."""
    nearest = nearest_preset(config)
    words = ["--preset", nearest.name]
    for key, (_, value) in differences(config, nearest.config).items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--set", f"{key}={text}"]
    return words
