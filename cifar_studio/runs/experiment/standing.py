"""How an experiment stands, and what can be done with it now: the same wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from cifar_studio.config.experiment.experiment import KIND_TITLES
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.show import is_left, number_done
from cifar_studio.runs.experiment.trials import TrialState
from cifar_studio.runs.experiment.words import number_of, usable

Stage = Literal["waiting", "running", "paused", "stopped", "finished"]
Step = Literal["pause", "go_on", "stop", "more", "finish"]
STAGE_WORDS: dict[Stage, str] = {
    "waiting": "not begun",
    "running": "",  # as a rule: who looks at it sees it move
    "paused": "paused",
    "stopped": "stopped",
    "finished": "",
}
STEP_TIPS: dict[Step, str] = {
    "pause": "Begin no other trial, and hold those that run after their batch",
    "go_on": "Go on where it was: finished trials stand, cut ones go on at their batch",
    "stop": "End those that run, keep everything; Go on takes it up later",
    "more": "Train more trials than were planned, or raise the budget",
    "finish": "Train on all training pictures with n seeds, and look at the test set once",
}
BEGIN_TIP = "Train the trials of this experiment"
_SECONDS_AN_HOUR = 3600


def stage(state: ExperimentState) -> Stage:
    """How an experiment stands."""
    if state.is_held:
        return "paused" if state.is_paused else "running"
    if all(trial.state == "planned" for trial in state.trials):
        return "waiting"
    return "stopped" if is_left(state) else "finished"


def progress_words(state: ExperimentState) -> list[str]:
    """What it is, and how many of its trials are done: "Search", "12/30"."""
    experiment = state.experiment
    done = number_done(state)
    is_open = experiment.trial_count is None and experiment.kind == "search"
    planned = max(experiment.trial_count or 0, len(state.trials))
    counted = number_of(done, "trial") if is_open else f"{done:,}/{planned:,}"
    return [KIND_TITLES[experiment.kind], counted]


def count_words(state: ExperimentState, of: Iterable[TrialState]) -> list[str]:
    """How many trials came to each of these ends, where any did: "2 pruned", "3 failed"."""
    counts = [(sum(trial.state == one for trial in state.trials), one) for one in of]
    return [f"{count:,} {one}" for count, one in counts if count]


def seconds_left(state: ExperimentState, share_done: float = 0.0) -> float | None:
    """How long it trains until it is at its end, as far as the trials that ended tell.

    Parameters
    ----------
    share_done : float
        How much of those that run is done, as a number of whole trials.

    Returns
    -------
    float or None
        Seconds; None before a trial has ended, and where nothing bounds it.
    """
    experiment, trials = state.experiment, state.trials
    spent = [usable(trial.seconds) or 0.0 for trial in trials]
    ended = [
        seconds
        for trial, seconds in zip(trials, spent, strict=True)
        if trial.state in ("finished", "pruned") and seconds > 0
    ]
    if not ended:
        return None
    at_once = sum(part.state == "running" for trial in trials for part in trial.parts)
    bounds = []
    if experiment.trial_count is not None or experiment.is_planned_ahead:
        planned = max(experiment.trial_count or 0, len(trials))
        left = planned - sum(trial.is_over for trial in trials) - share_done
        bounds.append(max(0.0, left) * sum(ended) / len(ended))
    if experiment.hours is not None:
        bounds.append(max(0.0, experiment.hours * _SECONDS_AN_HOUR - sum(spent)))
    return min(bounds) / max(1, at_once) if bounds else None


def winner_name(state: ExperimentState) -> str:
    """What the experiment that trains its winner is called."""
    return f"{state.name}-winner"


def is_followed(state: ExperimentState) -> bool:
    """Whether its winner is trained already: the test set is looked at once, not at each click."""
    return (state.path.parent / winner_name(state) / "experiment.json").is_file()


def steps(state: ExperimentState, now: Stage) -> tuple[Step, ...]:
    """What can be done with it, in the order in which it is offered."""
    kind, found = state.experiment.kind, list[Step]()
    if now == "running":
        return ("pause", "stop")
    if now == "paused":
        return ("go_on", "stop")
    if now in ("waiting", "stopped"):
        found.append("go_on")
    can_grow = kind in ("search", "seeds") and state.experiment.method != "grid"
    if can_grow and now != "waiting":
        found.append("more")
    is_finished = now == "finished" and best_trial(state.trials, state.experiment) is not None
    if is_finished and kind in ("search", "folds") and not is_followed(state):
        found.append("finish")
    return tuple(found)


def step_words(step: Step, state: ExperimentState, now: Stage) -> str:
    """A step as a button and a menu name it."""
    kind = state.experiment.kind
    if step == "go_on":
        return "Start" if now == "waiting" else "Go on"
    if step == "more":
        return "More seeds…" if kind == "seeds" else "More trials…"
    if step == "finish":
        return "Train on all pictures…" if kind == "folds" else "Train the winner…"
    return {"pause": "Pause", "stop": "Stop"}[step]


def step_tip(step: Step, now: Stage) -> str:
    """What a step does, in a sentence."""
    return BEGIN_TIP if step == "go_on" and now == "waiting" else STEP_TIPS[step]
