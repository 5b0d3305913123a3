"""How much an experiment may do, and more of it."""

from __future__ import annotations

from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import Experiment, checked_experiment
from cifar_studio.errors import BadInputError, ConfigError


def with_more(
    experiment: Experiment,
    *,
    trials: int | None = None,
    hours: float | None = None,
    seeds: int | None = None,
) -> Experiment:
    """The experiment with so much more to do, of exactly one thing.

    Raises
    ------
    BadInputError
        None or several are given, or the experiment has no such bound.
    ConfigError
        It would be too many.
    """
    given = {"trials": trials, "hours": hours, "seeds": seeds}
    wanted = [(name, value) for name, value in given.items() if value is not None]
    if len(wanted) != 1:
        raise BadInputError(
            "more than one of them is given" if wanted else "how much more is not said",
            "Give trials, hours or seeds",
        )
    ((name, value),) = wanted
    if value <= 0:
        raise ConfigError(((name, f"is {value:g}, must be above 0"),))
    before = getattr(experiment, name)
    is_of_kind = experiment.kind == ("seeds" if name == "seeds" else "search")
    if not is_of_kind or before is None:
        raise BadInputError(
            f"an experiment of kind {experiment.kind} that has no bound of {name} cannot have more"
            if is_of_kind
            else f"an experiment of kind {experiment.kind} cannot have more {name}",
            "Make another experiment",
        )
    return checked_experiment(replace(experiment, **{name: before + value}))


def budget_words(experiment: Experiment) -> str:
    """How much there is to do: "12 trials", "30 trials, or 2 hours of training"."""
    count, hours = experiment.trial_count, experiment.hours
    noun = {"seeds": "training", "folds": "fold"}.get(experiment.kind, "trial")
    words = []
    if count is not None:
        words.append(f"{count:,} {noun}{'' if count == 1 else 's'}")
    if hours is not None:
        words.append(f"{hours:g} hour{'' if hours == 1 else 's'} of training")
    return ", or ".join(words)
