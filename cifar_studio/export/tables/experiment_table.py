"""The trials of an experiment as a table, and the trainings of trials that have several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.sheet import Cell, PlainTable
from cifar_studio.plain_text import printable
from cifar_studio.runs.analysis.folds import FIGURES, FoldsSummary
from cifar_studio.runs.analysis.statistics import Spread, spread
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.results import ranking
from cifar_studio.runs.experiment.says import runs_of
from cifar_studio.runs.experiment.show import state_of_part, state_of_trial
from cifar_studio.runs.experiment.trials import Part, Trial
from cifar_studio.runs.experiment.words import (
    figure_form,
    figure_title,
    parameter_words,
    setting_title,
    usable,
    varied_keys,
)

MOST_TOLD = 10


def trial_table(state: ExperimentState) -> PlainTable:
    """A trial a row, by number: what it sets, its state and figures, and its run folder."""
    keys = varied_keys(state.experiment, state.trials)
    header = ("Trial", *map(setting_title, keys), "State", *_figures(state), "Run")
    rows: list[tuple[Cell, ...]] = [
        (
            trial.number,
            *(_cell(trial.parameters, key) for key in keys),
            state_of_trial(state, trial),
            usable(trial.value),
            _mean_epoch(trial),
            sum(part.epochs for part in trial.parts),
            usable(trial.seconds),
            printable(trial.run),
        )
        for trial in state.trials
    ]
    return PlainTable(f"Trials of {printable(state.name)}", header, rows, _forms(state))


def fold_table(state: ExperimentState) -> PlainTable:
    """A training a row, of an experiment whose trials are trained once for each fold."""
    header = ("Trial", "Fold", "State", *_figures(state), "Run")
    rows: list[tuple[Cell, ...]] = [
        (trial.number, part.number, state_of_part(state, part), *_figures_of(part))
        for trial in state.trials
        for part in trial.parts
    ]
    return PlainTable(f"Folds of {printable(state.name)}", header, rows, _forms(state))


def best_table(state: ExperimentState) -> PlainTable:
    """The ten best finished trials, the best first."""
    keys = varied_keys(state.experiment, state.trials)
    header = ("Rank", "Trial", *map(setting_title, keys), *_figures(state))
    best = ranking(state.trials, state.experiment)
    rows: list[tuple[Cell, ...]] = [
        (
            rank,
            trial.number,
            *(
                parameter_words(trial.parameters[key]) if key in trial.parameters else None
                for key in keys
            ),
            usable(trial.value),
            _mean_epoch(trial),
            sum(part.epochs for part in trial.parts),
            usable(trial.seconds),
        )
        for rank, trial in enumerate(best[:MOST_TOLD], 1)
    ]
    title = (
        "The best trials" if len(best) <= MOST_TOLD else f"The best {MOST_TOLD} of {len(best):,}"
    )
    return PlainTable(title, header, rows, _forms(state))


def spread_table(state: ExperimentState) -> PlainTable:
    """Of seeds or folds: each training's figures, then their mean and standard deviation."""
    key, title = "seed", "Seed"
    if state.experiment.kind == "folds":
        key, title = "fold", "Held-out fold"
    header = (title, "State", *_figures(state))
    rows: list[tuple[Cell, ...]] = [
        (
            _first_words(trial, key),
            state_of_trial(state, trial),
            *_figures_of(trial.parts[0])[:-1],
        )
        for trial in state.trials
    ]
    ended = [trial.parts[0] for trial in state.trials if trial.state == "finished"]
    columns = [spread(values) for values in zip(*map(_numbers, ended), strict=True)]
    if columns:
        words = f"n = {len(ended)}"
        rows.append(("Mean", words, *(column.mean for column in columns)))
        rows.append(("Standard deviation", words, *_deviations(columns)))
    return PlainTable(f"Trials of {printable(state.name)}", header, rows, _forms(state))


def report_rows(state: ExperimentState) -> list[dict[str, Cell]]:
    """The rows of the report's Table 2 of all runs that can be read, by the titles of columns."""
    table = report_table(runs_of(state, state.trials))
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def folds_table(folds: FoldsSummary) -> PlainTable:
    """A fold a row, then mean, deviation and the corrected standard error of each figure."""
    header = ("Held-out fold", *map(_fold_title, FIGURES), "Run")
    rows: list[tuple[Cell, ...]] = [
        (str(row.fold), *(getattr(row, name) for name in FIGURES), printable(row.run))
        for row in folds.rows
    ]
    figures = [folds.figures[name] for name in FIGURES]
    rows += [
        ("Mean", *(one.spread.mean for one in figures), None),
        ("Standard deviation", *(one.spread.standard_deviation for one in figures), None),
        ("Standard error, corrected", *(one.standard_error for one in figures), None),
    ]
    forms = {_fold_title(name): "{:.4f}" if name == "val_loss" else "{:.2f}" for name in FIGURES}
    forms |= {_fold_title(name): "{:.3g}" for name in ("best_epoch", "epochs_to_convergence")}
    return PlainTable(f"{folds.n} of {folds.k} folds", header, rows, forms)


def importance_table(shares: Sequence[tuple[str, float]], trials: int) -> PlainTable:
    """How much each setting decides, per cent, the largest first."""
    rows: list[tuple[Cell, ...]] = [(setting_title(key), 100 * share) for key, share in shares]
    title = f"What matters, from {trials:,} trials"
    return PlainTable(title, ("Setting", "Share, %"), rows, {"Share, %": "{:.1f}"})


def _title(state: ExperimentState) -> str:
    title = figure_title(state.experiment)
    return f"{title[:1].upper()}{title[1:]}"


def _fold_title(name: str) -> str:
    unit = {"val_top1": ", %", "val_top5": ", %", "val_loss": ", nats"}.get(name, "")
    return f"{FIGURES[name].capitalize()}{unit}"


def _figures(state: ExperimentState) -> tuple[str, ...]:
    return (_title(state), "Best epoch", "Epochs", "Seconds")


def _forms(state: ExperimentState) -> dict[str, str]:
    return {
        _title(state): figure_form(state.experiment),
        "Seconds": "{:.0f}",
        "Best epoch": "{:.3g}",
        "Epochs": "{:g}",
        **{setting_title(key): "{:.4g}" for key in varied_keys(state.experiment, state.trials)},
    }


def _figures_of(part: Part) -> tuple[Cell, ...]:
    return (*_numbers(part), printable(part.run))


def _numbers(part: Part) -> tuple[float | None, ...]:
    return (usable(part.value), part.best_epoch or None, part.epochs, usable(part.seconds))


def _deviations(columns: Iterable[Spread]) -> list[float | None]:
    return [column.standard_deviation for column in columns]


def _first_words(trial: Trial, key: str) -> str:
    return parameter_words(trial.parameters.get(key, trial.number))


def _mean_epoch(trial: Trial) -> float | None:
    epochs = [part.best_epoch for part in trial.parts if part.best_epoch]
    return sum(epochs) / len(epochs) if epochs else None


def _cell(parameters: dict[str, Any], key: str) -> Cell:
    """A parameter as a spreadsheet takes it; None where the trial does not set it."""
    value = parameters.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return parameter_words(value) if key in parameters else None
