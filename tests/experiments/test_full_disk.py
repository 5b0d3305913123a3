"""A disk without room: for the ledger, for a new run, and under a training that is on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_studio.disk_space import check_free
from cifar_studio.errors import RunFolderError
from cifar_studio.experiments.local_pool import slots_for
from cifar_studio.experiments.protocol import CommandExperiment, ExperimentChanged
from cifar_studio.runner.protocol import Command
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder import run_folder
from cifar_studio.runs.folder.events import RunContinued
from experiments.scripted_pool import Play, at_random, grid, run, states, table, unnamed_runs
from experiments.scripted_pool import stage as stage
from failing_disk import FailingDisk, PowerOffError
from long_forms import daily

Make = Callable[[Path], ExperimentFolder]
OPERATIONS = 36
"""Of a search of six trials: each line is written and fsynced; a grid plans all at once."""


def go_on(play: Play, name: str) -> None:
    play.ask(CommandExperiment(name=name, command="continue"))


@pytest.mark.parametrize("make", [grid, at_random])
@pytest.mark.parametrize("fails_at", daily([0, 5, 14, 15, 35], range(OPERATIONS)))
def test_that_a_ledger_without_room_pauses_it_and_nothing_is_lost(
    tmp_path: Path, make: Make, fails_at: int
) -> None:
    undisturbed = make(tmp_path / "undisturbed")
    play = Play(tmp_path / "undisturbed")
    play.ask(run(undisturbed))
    play.play_all()
    folder, play = make(tmp_path), Play(tmp_path)
    with FailingDisk(folder.path, fails_at, full=True) as disk:
        play.ask(run(folder))
        play.play_all()
        said = play.last(ExperimentChanged)
        assert said.activity == "paused", disk.operations
        assert "trials.jsonl cannot be written (No space left" in said.message
        assert said.remedy == "Free space there, then go on"
        go_on(play, folder.name)
        assert play.activity() == "paused"
        assert play.training == []
        disk.freed = True
        play.tick()
        assert play.activity() == "paused"  # a person says when
        go_on(play, folder.name)
        play.play_all()
    assert play.activity() == "ended"
    assert table(folder) == table(undisturbed)
    assert unnamed_runs(folder) == set()


@pytest.mark.parametrize("make", [grid, at_random])
@pytest.mark.parametrize("fails_at", daily([7, 20], range(OPERATIONS)))
def test_that_what_the_disk_refused_is_told_by_the_run_folders(
    tmp_path: Path, make: Make, fails_at: int
) -> None:
    folder, play = make(tmp_path), Play(tmp_path)
    with FailingDisk(folder.path, fails_at, full=True):
        play.ask(run(folder))
        if play.training:
            play.only.begin()
            play.only.epoch()
        play.play_all()
        play.end()
    again = Play(tmp_path)
    again.ask(run(folder))
    again.play_all()
    assert states(folder) == ["finished"] * 6
    assert unnamed_runs(folder) == set()


@pytest.mark.parametrize("make", [grid, at_random])
@pytest.mark.parametrize("fails_at", daily([3, 17], range(OPERATIONS)))
def test_that_power_that_goes_at_any_write_loses_no_trial(
    tmp_path: Path, make: Make, fails_at: int
) -> None:
    folder, play = make(tmp_path), Play(tmp_path)

    def train() -> None:
        with FailingDisk(folder.path, fails_at):
            play.ask(run(folder))
            play.play_all()

    with pytest.raises(PowerOffError):
        train()
    for worker in play.workers:
        worker.vanish()
    play.dispatcher.close()
    again = Play(tmp_path)
    again.ask(run(folder))
    again.play_all()
    assert states(folder) == ["finished"] * 6
    assert unnamed_runs(folder) == set()


def test_that_an_experiment_can_be_stopped_while_the_disk_refuses(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    with FailingDisk(folder.path, 20, full=True):
        play.ask(run(folder))
        play.play_all()
        assert play.activity() == "paused"
        play.ask(CommandExperiment(name="grid", command="stop_now"))
        assert play.activity() == "ended"
        assert not folder.is_held()


def test_that_a_run_folder_without_room_pauses_it_and_is_no_failure(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    with pytest.raises(RunFolderError) as caught:
        check_free(tmp_path, 2.0**80, "a run needs up to")
    play.only.end("failed", caught.value.fault, reason=caught.value.reason)
    assert play.activity() == "paused"
    assert "MiB are free" in play.last(ExperimentChanged).message
    assert states(folder) == ["planned"] * 6
    go_on(play, "grid")
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_place_where_no_run_can_be_made_is_a_matter_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(RunFolderError) as caught:
        run_folder.create(tmp_path / "runs", "resnet18")
    assert caught.value.reason == "disk"


def test_that_a_training_that_the_disk_refuses_pauses_the_others_too(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path, slots_for(2))
    play.ask(run(folder))
    first, second = play.training
    first.begin()
    second.begin()
    first.pause("the run cannot be written")
    assert second.commands == [Command.PAUSE]
    assert play.activity() == "pausing"
    second.pause()
    said = play.last(ExperimentChanged)
    assert (said.activity, said.message) == ("paused", "the run cannot be written")
    go_on(play, "grid")
    for worker in (first, second):
        assert worker.commands[-1] is Command.CONTINUE
        worker.say(RunContinued())
    assert play.activity() == "running"
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_runs_that_vanish_under_a_training_do_no_harm(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    shutil.rmtree(tmp_path / "runs")
    play.only.end("failed", "the run's folder is gone", reason="disk")
    assert play.activity() == "paused"
    go_on(play, "grid")
    play.play_all()
    assert states(folder) == ["finished"] * 6
