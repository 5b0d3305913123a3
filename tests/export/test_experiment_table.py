"""The tables of experiments, read back by other hands."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

from cifar_studio.export.tables.experiment_table import (
    best_table,
    fold_table,
    importance_table,
    spread_table,
    trial_table,
)
from cifar_studio.export.tables.sheet import Sheet
from cifar_studio.export.tables.write_tables import write_table_file
from cifar_studio.runs.experiment.experiment_folder import create
from cifar_studio.runs.experiment.trials import Ended, Planned
from experiment_support import make_folds, make_search, make_seeds, read, search
from latex_reader import rows_of


def spreadsheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_that_a_spreadsheet_gets_every_digit_of_every_trial(tmp_path: Path, suffix: str) -> None:
    state = read(make_search(tmp_path))
    write_table_file(tmp_path / f"trials.{suffix}", trial_table(state))
    rows = spreadsheet(tmp_path / f"trials.{suffix}")
    assert list(rows[0]) == [
        *("Trial", "learning rate", "momentum", "mixing", "batch size"),
        *("State", "Validation top-1, %", "Best epoch", "Epochs", "Seconds", "Run"),
    ]
    for row, trial in zip(rows, state.trials, strict=True):
        assert int(row["Trial"]) == trial.number
        assert float(row["learning rate"]) == trial.parameters["learning_rate"]
        assert int(row["batch size"]) == trial.parameters["batch_size"]
        assert row["mixing"] == trial.parameters["mixing"]
        assert row["State"] == trial.state
        shown = float(row["Validation top-1, %"]) if row["Validation top-1, %"] else None
        assert shown == trial.value
        assert row["Run"] == trial.run


def test_that_markdown_and_latex_hold_the_same_cells(tmp_path: Path) -> None:
    table = trial_table(read(make_search(tmp_path)))
    write_table_file(tmp_path / "trials.md", table)
    write_table_file(tmp_path / "trials.tex", table)
    tokens = MarkdownIt("commonmark").enable("table").parse((tmp_path / "trials.md").read_text())
    cells = [
        token.children[0].content if token.children else ""
        for before, token in itertools.pairwise(tokens)
        if before.type in ("th_open", "td_open")
    ]
    latex = [cell for row in rows_of((tmp_path / "trials.tex").read_text()) for cell in row]
    assert len(latex) == 13 * 11
    assert cells[:11] == latex[:11]
    sheet = table.sheet()
    assert latex[11:] == [entry.text for row in sheet.rows for entry in row]


def test_that_the_best_stand_first(tmp_path: Path) -> None:
    state = read(make_search(tmp_path, trials=30))
    rows = best_table(state).rows
    values = [row[-4] for row in rows]
    known = sorted((t.value for t in state.trials if t.value is not None), reverse=True)
    assert values == known[:10]
    assert [row[0] for row in rows] == list(range(1, 11))


def test_that_each_fold_of_a_trial_has_a_row(tmp_path: Path) -> None:
    state = read(make_search(tmp_path, trials=3, folds=2))
    rows = fold_table(state).rows
    assert [tuple(row[:2]) for row in rows] == [(t, f) for t in (1, 2, 3) for f in (1, 2)]
    assert [row[-1] for row in rows] == [part.run for t in state.trials for part in t.parts]


@pytest.mark.parametrize(
    ("make", "title", "first"), [(make_seeds, "Seed", "0"), (make_folds, "Held-out fold", "1")]
)
def test_that_seeds_and_folds_end_in_mean_and_deviation(
    tmp_path: Path, make: object, title: str, first: str
) -> None:
    state = read(make(tmp_path))  # type: ignore[operator]
    table = spread_table(state)
    assert table.header[0] == title
    assert table.rows[0][0] == first
    values = [trial.value for trial in state.trials]
    assert table.rows[-2][2] == pytest.approx(np.mean(values))  # type: ignore[arg-type]
    assert table.rows[-1][2] == pytest.approx(np.std(values, ddof=1))  # type: ignore[arg-type]
    assert isinstance(table.sheet(), Sheet)


def test_that_what_matters_is_per_cent() -> None:
    table = importance_table([("learning_rate", 0.75), ("momentum", 0.25)], 30)
    assert list(table.rows) == [("learning rate", 75.0), ("momentum", 25.0)]


def test_that_a_strangers_words_are_no_formula(tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://example.org")\n\u202e'
    planned = [Planned(trial=1, parameters={"learning_rate": hostile, "momentum": True})]
    folder = create(tmp_path, "s", search(), planned)
    folder.append(Ended(trial=1, state="failed", message=hostile))
    for suffix in ("csv", "md", "tex"):
        write_table_file(tmp_path / f"trials.{suffix}", trial_table(read(folder)))
    (row,) = spreadsheet(tmp_path / "trials.csv")
    assert row["learning rate"].startswith("'=HYPERLINK")
    assert row["learning rate"].isprintable()
    assert row["momentum"] == "true"
    assert row["mixing"] == ""
