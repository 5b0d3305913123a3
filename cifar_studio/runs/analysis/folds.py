"""What the runs of k folds say together: means, deviations, and how sure they are of a mean.

Each fold validates the network of one run on pictures that this run has not seen. The runs share
most of their training pictures, so that their figures go up and down together, and the usual
standard error, the deviation over the root of k, is too small. The one here is corrected after
C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine Learning 52 (2003),
section 5: the variance times 1/k + n_test/n_train.

A figure of a run's best epoch is chosen on the pictures that it is of, and a little too good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cifar_studio.config.serialization import differences
from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.seeds import is_complete
from cifar_studio.runs.analysis.statistics import Spread, spread, student_t
from cifar_studio.runs.analysis.summary import DEFAULT_RULE, summarize
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run

FIGURES: dict[str, str] = {
    "val_top1": "validation top-1",
    "val_top5": "validation top-5",
    "val_loss": "validation loss",
    "best_epoch": "best epoch",
    "epochs_to_convergence": "epochs to convergence",
}
"""Attributes of `FoldRow` over which there is a mean, and how they are called."""
CONFIDENCE = 0.95
# Where a fold is trained changes no more than the last digits.
_MAY_DIFFER = {"fold", "device"}


@dataclass(frozen=True)
class FoldRow:
    """One finished fold.

    Attributes
    ----------
    fold : int
        From 1 on.
    run : str
        Name of the run folder.
    best_epoch : int or None
        The one with the highest validation top-1; None, and the next three with it, where a
        validation figure of the run is lost.
    val_top1, val_top5 : float or None
        Percent of the held-out pictures at that epoch.
    val_loss : float or None
        Nats; None where it is not finite.
    epochs_to_convergence : int or None
        By the rule of the summary; None where no epoch has that loss.
    """

    fold: int
    run: str
    best_epoch: int | None
    val_top1: float | None
    val_top5: float | None
    val_loss: float | None
    epochs_to_convergence: int | None


@dataclass(frozen=True)
class FoldsFigure:
    """A figure over the folds.

    Attributes
    ----------
    spread : Spread
        Of the folds that have it.
    standard_error : float or None
        Of the mean, corrected; None for fewer than two folds.
    low, high : float or None
        Interval of 95 % around the mean by Student's t; None likewise.
    """

    spread: Spread
    standard_error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FoldsSummary:
    """What there is of k folds.

    Attributes
    ----------
    k : int
        Folds of the experiment.
    n : int
        Finished ones.
    rows : tuple of n FoldRow
        By fold.
    figures : mapping of attribute to FoldsFigure
        All of `FIGURES`.
    mean_best_epoch : int or None
        The mean rounded to the next whole number, at least 1; None where no fold has one.
    test_to_train : float
        Held-out pictures for each one that is trained on, of the finished folds.
    rule : ConvergenceRule
    left_out : tuple of str
        What does not count in a mean, and why, a sentence each.
    """

    k: int
    n: int
    rows: tuple[FoldRow, ...]
    figures: Mapping[str, FoldsFigure]
    mean_best_epoch: int | None
    test_to_train: float
    rule: ConvergenceRule
    left_out: tuple[str, ...]


def folds_figure(values: Iterable[float | None], test_to_train: float) -> FoldsFigure:
    """Mean, deviation, corrected standard error and interval of a figure over folds.

    Parameters
    ----------
    values : iterable of k float or None
        One a fold; None and what is not finite are left out, and k is then smaller.
    test_to_train : float
        n_test / n_train: pictures of the held-out fold for each one that is trained on, 1 / (k - 1)
        of k equal folds.
    """
    found = spread(values)
    if found.mean is None or found.standard_deviation is None:
        return FoldsFigure(found, None, None, None)
    error = math.sqrt(1 / found.n + test_to_train) * found.standard_deviation
    reach = student_t(CONFIDENCE, found.n - 1) * error
    return FoldsFigure(found, error, found.mean - reach, found.mean + reach)


def summarize_folds(runs: Sequence[Run], rule: ConvergenceRule = DEFAULT_RULE) -> FoldsSummary:
    """What the runs of one experiment say together, also while folds are still to come.

    Of several finished runs of a fold the newest counts.

    Parameters
    ----------
    runs : sequence of Run
        Finished or not; at least one.
    rule : ConvergenceRule
        Where it is by the test loss, that of validation is taken.

    Raises
    ------
    BadInputError
        There is no run, or one without folds; or they differ in more than fold and device.
    """
    _check_belong_together(runs)
    if rule.measure == "test_loss":
        rule = replace(rule, measure="val_loss")
    counted, left_out = _newest_of_each_fold(runs)
    rows = tuple(_row(run, rule) for run in counted)
    left_out += [
        f"Fold {row.fold} has no finite {title}, and does not count in its mean"
        for row in rows
        for name, title in FIGURES.items()
        if getattr(row, name) is None
    ]
    ratio = _test_to_train(counted or runs)
    figures = {name: folds_figure((getattr(row, name) for row in rows), ratio) for name in FIGURES}
    mean = figures["best_epoch"].spread.mean
    return FoldsSummary(
        k=runs[0].config.folds,
        n=len(rows),
        rows=rows,
        figures=figures,
        mean_best_epoch=None if mean is None else max(1, math.floor(mean + 0.5)),
        test_to_train=ratio,
        rule=rule,
        left_out=tuple(left_out),
    )


def _check_belong_together(runs: Sequence[Run]) -> None:
    if not runs:
        raise BadInputError("there is no run of a fold", "Train one")
    first = runs[0]
    for run in runs:
        if not run.config.folds:
            raise BadInputError(
                f"{run.path.name} holds out no fold", "Take runs with folds of 2 or more"
            )
        changed = differences(run.config, first.config).keys() - _MAY_DIFFER
        if changed:
            raise BadInputError(
                f"{run.path.name} differs from {first.path.name} in {', '.join(sorted(changed))}",
                "Take runs of the same settings",
            )
        if _digest(run) and _digest(first) and _digest(run) != _digest(first):
            raise BadInputError(
                f"{run.path.name} saw other pictures than {first.path.name}",
                "Take runs of the same pictures",
            )


def _digest(run: Run) -> str:
    return run.environment.data.digest if run.environment is not None else ""


def _newest_of_each_fold(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """The finished runs that count, by fold, and what is said of the others."""
    newest: dict[int, Run] = {}
    left_out = []
    for run in sorted(runs, key=lambda run: run.path.name, reverse=True):
        fold = run.config.fold
        if not is_complete(run):
            left_out.append(f"Fold {fold}: {run.path.name} has not come to its end")
        elif fold in newest:
            left_out.append(f"Fold {fold}: {run.path.name} was trained again later")
        else:
            newest[fold] = run
    return [newest[fold] for fold in sorted(newest)], sorted(left_out)


def _row(run: Run, rule: ConvergenceRule) -> FoldRow:
    summary = summarize(run.rows, rule)
    # Where a row has lost its figure the test pictures would choose, which is none of theirs.
    epoch = summary.best_epoch if summary.best_by == "validation" else None
    best = next((row for row in reversed(run.rows) if row.epoch == epoch), None)
    return FoldRow(
        fold=run.config.fold,
        run=run.path.name,
        best_epoch=epoch,
        val_top1=_figure(best, "val_top1"),
        val_top5=_figure(best, "val_top5"),
        val_loss=_figure(best, "val_loss"),
        epochs_to_convergence=summary.epochs_to_convergence,
    )


def _figure(row: EpochRow | None, name: str) -> float | None:
    value = None if row is None else getattr(row, name)
    return value if value is not None and math.isfinite(value) else None


def _test_to_train(runs: Sequence[Run]) -> float:
    held_out = trained = 0
    for run in runs:
        if run.environment is not None:  # the data may have had fewer than were asked for
            held_out += run.environment.data.validation_pictures
            trained += run.environment.data.train_pictures
        else:
            held_out += run.config.validation_pictures
            trained += run.config.train_pictures
    return held_out / max(trained, 1)
