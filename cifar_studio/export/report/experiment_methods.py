"""The method of an experiment in sentences: what was tried, how, and by what it was judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cifar_studio.config.experiment.experiment import METRIC_TITLES, Experiment
from cifar_studio.runs.analysis.folds import FoldsSummary
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.importance import Importance
from cifar_studio.runs.experiment.words import axis_words, number_of, setting_title

_WAYS = {
    "grid": "Every combination of these values was a trial",
    "random": (
        "Trials were drawn from a randomly shifted Halton sequence (Halton 1960), which fills the "
        "space more evenly than independent draws"
    ),
    "tpe": (
        "Trials were proposed by the tree-structured Parzen estimator (TPE; Bergstra et al. 2011) "
        "of Optuna (Akiba et al. 2019), which learns from the trials before"
    ),
}
_PRUNINGS = {
    "none": "",
    "median": (
        "A trial ended early where its figure was worse than the median of the trials before at "
        "the same epoch (Optuna's median pruner)."
    ),
    "hyperband": "Trials ended early by Hyperband (Li et al. 2018), which is given out by epochs.",
}


def question_of(experiment: Experiment) -> str:
    """What an experiment asks."""
    return {
        "search": "Which settings are best?",
        "folds": "How does the network do on pictures that it has not seen?",
        "seeds": "How far does chance move the figures?",
        "report": "Does the study repeat?",
        "queue": "",
    }[experiment.kind]


def method_of_experiment(
    state: ExperimentState, importance: Importance, folds: FoldsSummary | None = None
) -> str:
    """One paragraph, without what a run's own method says; empty for a queue."""
    return " ".join(filter(None, _sentences(state, importance, folds)))


def _sentences(
    state: ExperimentState, importance: Importance, folds: FoldsSummary | None
) -> Iterator[str]:
    match state.experiment.kind:
        case "search":
            yield from _search(state)
            if importance.importance:
                yield _importance(importance)
        case "folds":
            yield from _folds(state, folds)
        case "seeds":
            yield from _seeds(state)
        case "report":
            yield from _report(state)


def _search(state: ExperimentState) -> Iterator[str]:
    experiment = state.experiment
    axes = [f"{setting_title(axis.key)} ({axis_words(axis)})" for axis in experiment.axes]
    yield f"The search varied {_listed(axes)}; all other settings were the same for all trials."
    seed = "" if experiment.method == "grid" else f", from random seed {experiment.seed}"
    yield f"{_WAYS[experiment.method]}{seed}."
    yield f"Of {_counted(state)}."
    yield _PRUNINGS[experiment.pruning]
    metric = METRIC_TITLES[experiment.metric]
    best = "highest" if experiment.is_maximized else "lowest"
    if experiment.folds:
        yield (
            f"Each trial was trained {experiment.folds} times, once for each of "
            f"{experiment.folds} stratified folds of the training pictures that was held out, and "
            f"judged by the mean of their {best} {metric} over the epochs."
        )
    else:
        yield (
            f"Each trial was judged by its {best} {metric} over the epochs, on pictures that were "
            "held back from training and are the same for all trials."
        )
    yield (
        "The best of many such figures is chosen on the pictures that it is of, and a little too "
        "good. The test set was locked: no trial looked at it."
    )


def _importance(importance: Importance) -> str:
    return (
        f"How much each setting matters was reckoned from {importance.trials:,} finished trials by "
        "PED-ANOVA (Watanabe et al. 2023, as Optuna has it), which compares where the best trials "
        "and where all of them lie."
    )


def _folds(state: ExperimentState, folds: FoldsSummary | None) -> Iterator[str]:
    experiment = state.experiment
    yield (
        f"The training pictures were dealt out to {experiment.folds} stratified folds. Each was "
        "held out once, and a network trained from new random weights on the others was validated "
        "on it."
    )
    yield f"Of {_counted(state)}."
    yield (
        "A fold's figures are those of its best epoch, which is chosen on the same held-out "
        "pictures: they are a little too good."
    )
    if folds is not None:
        yield (
            "Since folds share training pictures, the standard error of a mean is corrected "
            "(Nadeau and Bengio 2003): the variance over folds times 1/k + n_test/n_train, here "
            f"1/{folds.n} + {folds.test_to_train:.3g}."
        )
    yield "The test set was locked: no fold looked at it."


def _seeds(state: ExperimentState) -> Iterator[str]:
    yield (
        "The same settings were trained with different random seeds, which decide the first "
        "weights, the order of the pictures, augmentation and dropout."
    )
    yield f"Of {_counted(state)}. Deviations are those of a sample (n − 1)."


def _report(state: ExperimentState) -> Iterator[str]:
    times = number_of(state.experiment.seeds, "seed")
    yield f"The networks of the report were trained as it prints them, with {times} each."
    yield f"Of {_counted(state)}."


def _counted(state: ExperimentState) -> str:
    """ "30 trials 24 finished, 5 were pruned and 1 failed"."""
    words = {"pruned": "were pruned", "planned": "have not begun", "running": "go on"}
    words |= {"stopped": "were stopped", "interrupted": "were cut off"}
    counts = Counter(trial.state for trial in state.trials)
    parts = [f"{count:,} {words.get(name, name)}" for name, count in sorted(counts.items())]
    return f"{number_of(len(state.trials), 'trial')} {_listed(parts) or 'none has begun'}"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""
