"""What the tab knows of an experiment, and how it is read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from cifar_studio import paths
from cifar_studio.config.experiment.axis import Axis
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import Planned
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.reader import ExperimentReader
from cifar_studio.ui.experiment.scales import FIGURE, figure_range, scale_of
from experiments_support import (
    FOLDS,
    SEARCH,
    SEEDS,
    add_trial,
    drawn,
    make_edge,
    make_planned,
    make_search,
    rows_of,
    write_importance,
)

SMALL = replace(SEARCH, trials=12)


def generator() -> np.random.Generator:
    return np.random.default_rng(5)


def test_that_rows_figures_and_ranking_come_from_the_folders(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=2)
    lock = folder.hold()
    data = ExperimentReader(folder.path).read(60)
    assert data.is_whole
    assert data.keys == ("learning_rate", "momentum", "batch_size", "architecture")
    assert len(data.rows) == 12
    finished = [trial for trial in data.trials if trial.state == "finished"]
    assert data.best is max(finished, key=lambda trial: trial.value or 0)
    assert data.counts["running"] == 2
    running = data.trials[-1]
    assert data.figures[12] == figure_of(data.rows[running.run], SMALL).value
    assert data.epochs(running) == len(data.rows[running.run])
    lock.release()


def test_that_reading_again_gives_the_same_object_until_something_is_new(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=6, running=0)
    reader = ExperimentReader(folder.path)
    first = reader.read(60)
    assert reader.read(60) is first
    values = drawn(SMALL, generator())
    folder.append(Planned(trial=7, parameters=values))
    add_trial(folder, SMALL, 7, values, "finished", 20, generator())
    second = reader.read(60)
    assert second is not first
    assert second.changed_since(first) - {7} <= {
        trial.number for trial in (first.best, second.best) if trial
    }
    assert all(second.rows[run] is rows for run, rows in first.rows.items())


def test_that_only_runs_that_grow_are_read_again(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=4, running=1)
    lock = folder.hold()
    reader = ExperimentReader(folder.path)
    first = reader.read(60)
    finished, running = first.trials[0].run, first.trials[3].run
    runs = paths.runs_folder()
    for run in (finished, running):
        more = rows_of(60.0, 30, generator())[-1]
        with (runs / run / "epochs.csv").open("a") as file:
            values = (getattr(more, name) for name in more.__struct_fields__)
            file.write(",".join("" if v is None else repr(v) for v in values) + "\n")
    second = reader.read(60)
    assert len(second.rows[running]) == len(first.rows[running]) + 1
    assert second.rows[finished] is first.rows[finished]
    lock.release()


def test_that_many_runs_are_read_in_slices(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=0)
    reader = ExperimentReader(folder.path)
    data = reader.read(0.0)
    assert not data.is_whole
    assert len(data.trials) == 12
    for _ in range(200):
        data = reader.read(0.001)
        if data.is_whole:
            break
    assert len(data.rows) == 12


def test_that_importance_is_read_when_it_is_written(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    reader = ExperimentReader(folder.path)
    assert reader.read(60).importance == {}
    write_importance(folder.path, {"momentum": 0.75, "no_such_setting": 0.25})
    assert reader.read(60).importance == {"momentum": 0.75}
    (folder.path / "importance.json").write_text("{")
    assert reader.read(60).importance == {}


def test_that_finished_folds_are_its_members_in_order(home: Path) -> None:
    folder = make_planned("folds", FOLDS, done=3)
    data = ExperimentReader(folder.path).read(60)
    assert [run.config.fold for run in data.members] == [1, 2, 3]
    assert data.keys == ("fold",)


def test_that_limits_are_of_values_and_of_figures(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=0)
    data = ExperimentReader(folder.path).read(60)
    rates = np.array([trial.parameters["learning_rate"] for trial in data.trials])
    inside = Marks(limits={"learning_rate": (-3.0, -2.0)}).within(data)
    assert inside.tolist() == (rates <= 0.01).tolist()
    values = [data.figures.get(trial.number, -1) for trial in data.trials]
    inside = Marks(limits={FIGURE: (20.0, 100.0)}).within(data)
    assert inside.tolist() == [value >= 20 for value in values]


def test_that_axes_are_logarithmic_spaced_or_linear_as_the_search_has_them(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=0)
    data = ExperimentReader(folder.path).read(60)
    rate = scale_of(data, "learning_rate")
    assert rate.logarithmic
    assert rate.low == pytest.approx(-3.04)
    network = scale_of(data, "architecture")
    assert [word for _, word in network.ticks(8)] == ["ResNet18", "MobileNetV2", "VGG11"]
    assert not scale_of(data, "momentum").logarithmic
    assert figure_range(np.array([17.2, 41.9])) == (15.0, 45.0)


def test_that_the_line_above_says_where_it_stands(home: Path) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=2)
    lock = folder.hold()
    data = ExperimentReader(folder.path).read(60)
    assert data.best is not None
    said = words.headline(data)
    figure = f"best {data.best.value:.2f} % (trial {data.best.number})"
    assert said == f"Search · 9/12 · {figure} · 2 pruned · 1 failed"
    assert words.stage(data) == "running"
    assert "validation top-1" in words.judged_by(data)
    assert "test set locked" in words.judged_by(data)
    lock.release()
    data = ExperimentReader(folder.path).read(60)
    assert words.stage(data) == "stopped"
    assert words.headline(data).endswith("stopped")


def test_that_seeds_are_summed_up_by_mean_and_deviation(home: Path) -> None:
    folder = make_planned("seeds", SEEDS, done=4)
    data = ExperimentReader(folder.path).read(60)
    values = [trial.value for trial in data.trials]
    mean, deviation = np.mean(values), np.std(values, ddof=1)
    expected = f"Seeds · 4/4 · mean {mean:.2f} %, deviation {deviation:.2f} % (n = 4)"
    assert words.headline(data) == expected
    assert words.stage(data) == "finished"


def test_that_the_next_step_is_proposed_at_the_end_only(home: Path) -> None:
    folder = make_planned("folds", FOLDS, done=4)
    assert words.next_step(ExperimentReader(folder.path).read(60)) == ("", "")
    add_trial(folder, FOLDS, 5, {"folds": 5, "fold": 5}, "finished", 20, generator())
    data = ExperimentReader(folder.path).read(60)
    epochs = [part.best_epoch for trial in data.trials for part in trial.parts]
    sentence, button = words.next_step(data)
    assert f"mean best epoch, {round(np.mean(epochs))}," in sentence
    assert button == "Train on all pictures…"


def test_that_a_best_at_the_edge_of_its_range_is_told(home: Path) -> None:
    folder = make_edge("rate", Axis(key="learning_rate", low=0.01, high=0.1), 0.099)
    said = words.edge(ExperimentReader(folder.path).read(60))
    assert said == "The best learning rate, 0.099, lies at the upper edge of 0.01 to 0.1. Widen it?"
    folder = make_edge("momentum", Axis(key="momentum", low=0.5, high=0.9), 0.7)
    assert words.edge(ExperimentReader(folder.path).read(60)) == ""
    folder = make_edge("first", Axis(key="train_per_class", low=50, high=500), 500)
    said = words.edge(ExperimentReader(folder.path).read(60))
    assert said.endswith("upper edge of 50 to 500, which is as wide as it may be")


def test_that_it_says_how_often_the_test_set_is_looked_at(home: Path) -> None:
    def judged(**changes: Any) -> str:
        experiment = replace(SEEDS, config=replace(SEEDS.config, **changes))
        folder = make_planned("seeds", experiment, done=0)
        said = words.judged_by(ExperimentData(folder.read()))
        shutil.rmtree(folder.path)
        return said

    assert judged() == "Judged by test top-1 at the best epoch · chosen on test"
    once = "the test set is looked at once"
    assert judged(test="at_end") == f"Judged by test top-1 of the last epoch · {once}"
    by_validation = f"Judged by validation top-1 at the best epoch · {once}"
    assert judged(test="at_end", validation_per_class=20) == by_validation
