"""What the tab says, in words."""

from __future__ import annotations

from cifar_studio.config.experiment.experiment import (
    METHOD_TITLES,
    METRIC_TITLES,
    PRUNING_TITLES,
)
from cifar_studio.config.settings import SETTINGS
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.experiment import standing
from cifar_studio.runs.experiment.standing import Stage
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.experiment.words import setting_words
from cifar_studio.runs.wording import MINUS, NONE
from cifar_studio.ui.experiment.data import ExperimentData

FIGURE_TITLES: dict[str, str] = {
    **{str(k): v for k, v in METRIC_TITLES.items()},
    "test_top1": "test top-1",
}
EMPTY = (
    "What many trainings say together",
    "Choose an experiment under Runs, or set one up: Set up › Experiment",
)
NO_TRIAL = "Its trials stand here as soon as the first one is planned"


def figure(value: float | None, name: str) -> str:
    """A figure with its unit: "41.20 %", "1.2345"."""
    if value is None:
        return NONE
    text = f"{value:.4f}" if name == "val_loss" else f"{value:.2f} %"
    return text.replace("-", MINUS)


def figure_title(name: str) -> str:
    """What a figure is called above an axis: "Validation top-1, %"."""
    words = FIGURE_TITLES[name]
    unit = "" if name == "val_loss" else ", %"
    return f"{words[:1].upper()}{words[1:]}{unit}"


def short_figure_title(name: str) -> str:
    """Where there is little room: "Val. top-1, %"."""
    return figure_title(name).replace("Validation", "Val.")


def title(key: str) -> str:
    """A setting's name: "Learning rate"."""
    name = SETTINGS[key].title or key.replace("_", " ")
    return name[:1].upper() + name[1:]


def stage(data: ExperimentData) -> Stage:
    """How an experiment stands."""
    return standing.stage(data.state)


def headline(data: ExperimentData) -> str:
    """Where it stands: "Search · 12/30 · best 41.20 % (trial 7) · 3 failed"."""
    words = standing.progress_words(data.state)
    if data.experiment.kind in ("folds", "seeds"):
        words += _mean(data)
    elif data.best is not None:
        value = figure(data.best.value, data.figure_name)
        words.append(f"best {value} (trial {data.best.number})")
    words += standing.count_words(data.state, ("pruned", "failed"))
    return " · ".join(filter(None, [*words, standing.STAGE_WORDS[stage(data)]]))


def _mean(data: ExperimentData) -> list[str]:
    found = spread(trial.value for trial in data.trials if trial.state == "finished")
    if found.mean is None:
        return []
    mean = figure(found.mean, data.figure_name)
    if found.standard_deviation is None:
        return [f"{mean} (n = 1)"]
    deviation = figure(found.standard_deviation, data.figure_name)
    return [f"mean {mean}, deviation {deviation} (n = {found.n})"]


def judged_by(data: ExperimentData) -> str:
    """By what trials are judged, and how they are proposed and ended."""
    experiment = data.experiment
    name = FIGURE_TITLES[data.figure_name]
    if not experiment.is_test_locked and experiment.config.locks_test_set:
        if not experiment.config.has_validation:
            return f"Judged by {name} of the last epoch · the test set is looked at once"
        return f"Judged by {name} at the best epoch · the test set is looked at once"
    if not experiment.is_test_locked:
        words = [f"Judged by {name} at the best epoch"]
        return " · ".join([*words, "chosen on test"] if name == "test top-1" else words)
    least = "lowest" if data.figure_name == "val_loss" else "highest"
    over = f", mean of {experiment.folds} folds" if experiment.parts != (0,) else ""
    words = [f"Judged by the {least} {name}{over}", "test set locked"]
    if experiment.kind == "search":
        words.append(METHOD_TITLES[experiment.method])
        if experiment.pruning != "none":
            words.append(PRUNING_TITLES[experiment.pruning])
    return " · ".join(words)


def edge(data: ExperimentData) -> str:
    """That the best lies at the edge of a range; empty where it does not."""
    if not data.edges:
        return ""
    first = data.edges[0]
    words = first.words(title(first.axis.key))
    return f"{words}. Widen it?" if first.can_widen else f"{words}, which is as wide as it may be"


def next_step(data: ExperimentData) -> tuple[str, str]:
    """What to do after the last trial: a sentence, and the words of its button; both empty else."""
    now = stage(data)
    if "finish" not in standing.steps(data.state, now):
        return "", ""
    button = standing.step_words("finish", data.state, now)
    if data.experiment.kind == "search":
        return (
            "Train the winner on all training pictures with n seeds, and look at the test set once",
            button,
        )
    epochs = [part.best_epoch for trial in data.ranking for part in trial.parts]
    mean = round(sum(epochs) / len(epochs))
    return (
        f"Train on all training pictures for the mean best epoch, {mean}, with n seeds, and "
        "look at the test set once",
        button,
    )


def trial_card(data: ExperimentData, trial: Trial) -> str:
    """A trial under the pointer: number, figure, what it sets, how it stands."""
    value = data.figures.get(trial.number)
    so_far = "" if trial.state == "finished" else " so far"
    lines = [f"Trial {trial.number}"]
    if value is not None:
        lines[0] += f" · {figure(value, data.figure_name)}{so_far}"
    lines += [
        f"{title(key)}: {setting_words(key, trial.parameters[key])}"
        for key in data.keys
        if key in trial.parameters
    ]
    epochs = data.epochs(trial)
    stands = f"{state(data, trial)}, {epochs} epochs" if epochs else state(data, trial)
    return "\n".join([*lines, stands[:1].upper() + stands[1:]])


def state(data: ExperimentData, trial: Trial) -> str:
    """How a trial stands, in a word: "finished", or "best" of the best finished one."""
    is_best = data.best is not None and data.best.number == trial.number
    is_ranked = data.experiment.kind in ("search", "report", "queue")
    return "best" if is_best and is_ranked else trial.state
