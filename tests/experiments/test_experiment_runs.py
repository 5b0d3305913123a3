"""Experiments that a dispatcher runs: order, pause, stop, failures, slots. Workers are scripted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError
from cifar_studio.experiments import open_experiment
from cifar_studio.experiments.control_file import leave_command
from cifar_studio.experiments.local_pool import slots_for
from cifar_studio.experiments.open_experiment import MOST_CRASHES
from cifar_studio.experiments.protocol import (
    CommandExperiment,
    CommandJob,
    ExperimentChanged,
    JobBegan,
    KillJob,
    LetGo,
    RequestRefused,
    RunExperiment,
)
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runs.folder.events import RunContinued
from experiments.scripted_pool import (
    CONFIG,
    Play,
    at_random,
    figure,
    grid,
    run,
    start,
    states,
    table,
    trials,
    unnamed_runs,
)
from experiments.scripted_pool import stage as stage


def command(name: str, what: str) -> CommandExperiment:
    return CommandExperiment(name=name, command=what)  # type: ignore[arg-type]


def test_that_every_trial_is_trained_once_in_the_order_of_the_grid(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    assert play.activity() == "ended"
    began = [event for _, event in play.told if isinstance(event, JobBegan)]
    assert [event.trial for event in began] == [1, 2, 3, 4, 5, 6]
    assert states(folder) == ["finished"] * 6
    for trial in trials(folder):
        config = folder.read_experiment().trial_config(trial.parameters)
        assert trial.value == figure(config, config.epochs)
    assert unnamed_runs(folder) == set()
    assert not folder.is_held()


def test_that_a_search_at_random_trains_as_many_trials_as_it_was_given(tmp_path: Path) -> None:
    folder, play = at_random(tmp_path, trials=5), Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    assert play.activity() == "ended"
    assert states(folder) == ["finished"] * 5


def test_that_a_search_ends_when_nothing_new_is_left_to_propose(tmp_path: Path) -> None:
    axes = (Axis(key="momentum", values=(0.8, 0.9)), Axis(key="nesterov", values=(False, True)))
    folder = grid(tmp_path, method="random", axes=axes, trials=30)
    play = Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    assert play.activity() == "ended"
    assert states(folder) == ["finished"] * 4


def test_that_a_pause_holds_trainings_and_begins_none_until_it_goes_on(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    worker = play.only
    worker.begin()
    play.ask(command("grid", "pause"))
    assert worker.commands == [Command.PAUSE]
    assert play.activity() == "pausing"
    worker.pause()
    assert play.activity() == "paused"
    play.tick()
    assert play.training == [worker]
    play.ask(command("grid", "continue"))
    assert worker.commands == [Command.PAUSE, Command.CONTINUE]
    worker.say(RunContinued())
    assert play.activity() == "running"
    worker.finish()
    assert play.only is not worker


def test_that_a_training_that_ends_while_pausing_leaves_the_experiment_paused(
    tmp_path: Path,
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.ask(command("grid", "pause"))
    play.only.finish()
    assert play.activity() == "paused"
    assert play.training == []
    play.ask(command("grid", "continue"))
    play.play_all()
    assert states(folder) == ["finished"] * 6


@pytest.mark.parametrize("how", ["stop_now", "stop_after_epoch"])
def test_that_a_stop_ends_the_experiment_and_what_was_stopped_goes_on_later(
    tmp_path: Path, how: str
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.only.epoch()
    play.ask(command("grid", how))
    assert play.only.commands == [Command(how)]
    assert play.activity() == "stopping"
    play.only.end("stopped")
    assert play.activity() == "ended"
    assert states(folder) == ["stopped", *["planned"] * 5]
    assert not folder.is_held()
    again = Play(tmp_path)
    again.ask(run(folder))
    assert isinstance(again.only.request, ResumeRequest)
    again.play_all()
    assert states(folder) == ["finished"] * 6
    assert unnamed_runs(folder) == set()


def test_that_a_stop_can_be_taken_back_while_the_epoch_lasts(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.ask(command("grid", "stop_after_epoch"), command("grid", "continue"))
    assert play.only.commands == [Command.STOP_AFTER_EPOCH, Command.CONTINUE]
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_stop_that_is_taken_back_too_late_goes_on_with_what_it_stopped(
    tmp_path: Path,
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.ask(command("grid", "stop_now"), run(folder))
    play.only.end("stopped")
    assert isinstance(play.only.request, ResumeRequest)
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_trial_that_a_person_stops_is_put_aside_until_the_next_time(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    request = play.only.request
    assert request is not None
    play.ask(CommandJob(id=request.id, command=Command.STOP_NOW))
    assert play.only.commands == [Command.STOP_NOW]
    play.only.end("stopped")
    play.play_all()
    assert play.activity() == "ended"
    assert states(folder) == ["stopped", *["finished"] * 5]
    again = Play(tmp_path)
    again.ask(run(folder))
    again.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_trial_whose_process_a_person_ends_is_not_begun_again_at_once(
    tmp_path: Path,
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    request = play.only.request
    assert request is not None
    play.ask(KillJob(id=request.id))
    assert states(folder)[0] == "stopped"
    play.play_all()
    assert states(folder) == ["stopped", *["finished"] * 5]


def test_that_a_crash_is_gone_on_with_a_few_times_and_then_has_failed(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    path = play.only.folder
    for number in range(1, MOST_CRASHES):
        play.only.die()
        request = play.only.request
        assert isinstance(request, ResumeRequest), number
        assert path is not None
        assert request.folder == str(path.path)
        play.only.begin()
    play.only.die()
    assert isinstance(play.only.request, TrainRequest)  # the next trial
    assert states(folder)[:2] == ["failed", "planned"]
    play.play_all()
    assert states(folder) == ["failed", *["finished"] * 5]


def test_that_crashes_are_counted_anew_after_an_epoch(tmp_path: Path) -> None:
    folder, play = grid(tmp_path, config=replace(CONFIG, epochs=9)), Play(tmp_path)
    play.ask(run(folder))
    for _ in range(MOST_CRASHES + 2):
        play.only.begin()
        play.only.epoch()
        play.only.die()
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_worker_that_dies_before_its_run_is_told_of_leaves_no_folder_behind(
    tmp_path: Path,
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    made = play.only.make_folder()
    play.only.folder = None  # nobody was told of it
    play.only.die()
    request = play.only.request
    assert isinstance(request, ResumeRequest)
    assert request.folder == str(made.path)
    play.play_all()
    assert states(folder) == ["finished"] * 6
    assert unnamed_runs(folder) == set()


def test_that_a_worker_that_the_system_ends_is_followed_by_another_one(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.only.epoch()
    play.only.end("interrupted", "The window closed; the state is kept")
    assert isinstance(play.only.request, ResumeRequest)
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_three_failures_in_a_row_pause_it_with_the_reason(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    for _ in range(3):
        play.only.begin()
        play.only.end("failed", "no such device")
    assert play.activity() == "paused"
    assert "no such device" in play.last(ExperimentChanged).message
    assert play.training == []
    play.ask(command("grid", "continue"))
    play.play_all()  # the others
    assert states(folder) == [*["failed"] * 3, *["finished"] * 3]
    assert play.activity() == "ended"


def test_that_trials_that_failed_are_tried_again_in_their_place(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    play.only.end("failed", "out of memory")
    play.play_all()
    before = table(folder)
    assert [row[2] for row in before] == ["failed", *["finished"] * 5]
    again = Play(tmp_path)
    again.ask(run(folder))
    assert isinstance(again.only.request, TrainRequest)
    again.play_all()
    assert states(folder) == ["finished"] * 6
    assert table(folder)[1:] == before[1:]
    assert len(unnamed_runs(folder)) == 1  # the run that failed stays among the runs


def test_that_a_trial_whose_run_was_deleted_is_trained_again_and_no_other(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    before = table(folder)
    shutil.rmtree(tmp_path / "runs" / trials(folder)[2].run)
    again = Play(tmp_path)
    again.ask(run(folder))
    assert again.only.request is not None
    again.play_all()
    assert len([event for _, event in again.told if isinstance(event, JobBegan)]) == 1
    assert table(folder) == before


def test_that_a_trial_that_diverged_is_an_answer_and_not_tried_again(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    for _ in range(3):
        play.only.begin()
        play.only.end("failed", "the loss is not finite", reason="not_finite")
    play.play_all()
    assert states(folder) == ["finished"] * 6
    assert [trial.value is None for trial in trials(folder)] == [*[True] * 3, *[False] * 3]
    again = Play(tmp_path)
    again.ask(run(folder))
    assert again.training == []
    assert again.activity() == "ended"


def test_that_settings_that_do_not_fit_fail_without_a_training(tmp_path: Path) -> None:
    axes = (Axis(key="epochs", values=(1, 2, 3)), Axis(key="schedule_epochs", values=(None, 2)))
    folder = grid(tmp_path, axes=axes)
    text = folder.ledger_file.read_text() + (
        '{"line":"planned","trial":1,"parameters":{"epochs":0}}\n'
        '{"line":"planned","trial":2,"parameters":{"nonsense":0}}\n'
    )
    folder.ledger_file.write_text(text)
    play = Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    assert states(folder) == ["failed", "failed", *["finished"] * 4]
    assert "epochs" in trials(folder)[0].message


def test_that_a_search_by_hours_alone_does_not_propose_what_cannot_be_trained_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, play = at_random(tmp_path, trials=None, hours=1.0), Play(tmp_path)
    trial_config = Experiment.trial_config
    with_first_values = 0.001

    def refuse(self: Experiment, parameters: dict[str, Any], part: int = 0) -> TrainConfig:
        if parameters["learning_rate"] != with_first_values:
            raise ConfigError((("momentum", "does not fit"),))
        return trial_config(self, parameters, part)

    monkeypatch.setattr(Experiment, "trial_config", refuse)
    play.ask(run(folder))
    assert play.activity() == "paused"
    assert "does not fit" in play.last(ExperimentChanged).message
    assert states(folder) == ["failed"] * 3


def test_that_two_slots_train_at_once_and_each_with_its_threads(tmp_path: Path) -> None:
    slots = slots_for(devices=("cpu", "cpu"))
    folder, play = grid(tmp_path), Play(tmp_path, slots)
    play.ask(run(folder))
    first, second = play.training
    assert first.slot.threads == second.slot.threads is not None
    for worker in (first, second):
        assert isinstance(worker.request, TrainRequest)
        assert worker.request.config.device == "cpu"
    second.finish()
    assert len(play.training) == 2
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_the_stop_of_one_of_two_leaves_the_other(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path, slots_for(2))
    play.ask(run(folder))
    first, second = play.training
    first.begin()
    second.begin()
    assert second.request is not None
    play.ask(CommandJob(id=second.request.id, command=Command.STOP_NOW))
    assert first.commands == []
    second.end("stopped")
    assert first in play.training
    play.play_all()
    assert states(folder) == ["finished", "stopped", *["finished"] * 4]


def test_that_experiments_have_their_turns_one_after_another(tmp_path: Path) -> None:
    one, two = grid(tmp_path, "one"), grid(tmp_path, "two")
    play = Play(tmp_path)
    play.ask(run(one), run(two))
    play.play_all()
    began = [event.experiment for _, event in play.told if isinstance(event, JobBegan)]
    assert began == ["one"] * 6 + ["two"] * 6


def test_that_the_pause_of_one_experiment_gives_the_slot_to_the_next_when_it_is_free(
    tmp_path: Path,
) -> None:
    one, two = grid(tmp_path, "one"), grid(tmp_path, "two")
    play = Play(tmp_path)
    play.ask(run(one), run(two))
    play.only.begin()
    play.ask(command("one", "pause"))
    play.only.finish()
    assert play.only.request is not None
    assert states(two)[0] == "planned"
    play.play_all()
    assert states(two) == ["finished"] * 6
    assert states(one) == ["finished", *["planned"] * 5]


def test_that_a_single_run_goes_before_what_an_experiment_has_left(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    first = play.only
    play.ask(start(seed=7))
    first.finish()
    request = play.only.request
    assert isinstance(request, TrainRequest)
    assert request.trial is None
    assert request.config.seed == 7
    play.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_a_run_that_began_on_one_device_goes_on_on_its_slots(tmp_path: Path) -> None:
    slots = slots_for(devices=("cuda:0", "cuda:1"))
    folder, play = grid(tmp_path), Play(tmp_path, slots)
    play.ask(run(folder))
    first, second = play.training
    first.begin()
    second.begin()
    first.epoch()
    second.epoch()
    first.finish()
    play.training[-1].begin()
    play.end()
    again = Play(tmp_path, slots)
    again.ask(run(folder))
    resumed = [worker.request for worker in again.training]
    # Trial 2 was on the second device, trial 3 on the first: they change places.
    assert [one.device for one in resumed if isinstance(one, ResumeRequest)] == ["cuda:0", "cuda:1"]
    again.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_commands_of_other_processes_are_heard_beside_busy_trainings(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    leave_command(folder, "pause")
    play.tick()
    assert play.only.commands == [Command.PAUSE]
    assert not folder.control_file.exists()
    leave_command(folder, "stop_now")
    play.tick()
    play.only.end("stopped")
    assert play.activity() == "ended"


def test_that_a_command_left_from_before_is_not_obeyed(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    leave_command(folder, "stop_now")
    play.ask(run(folder))
    play.tick()
    assert play.only.commands == []
    assert play.activity() == "running"


def test_that_more_trials_are_asked_for_while_it_runs(tmp_path: Path) -> None:
    folder, play = at_random(tmp_path, trials=2), Play(tmp_path)
    play.ask(run(folder))
    folder.write_experiment(replace(folder.read_experiment(), trials=4))
    play.tick()
    play.play_all()
    assert states(folder) == ["finished"] * 4


def test_that_a_second_dispatcher_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    folder, first, second = grid(tmp_path), Play(tmp_path), Play(tmp_path)
    first.ask(run(folder))
    second.ask(run(folder))
    refused = second.last(RequestRefused)
    assert refused.message == "the experiment grid is being run by another process"
    assert "experiment stop grid" in refused.remedy
    assert second.training == []
    first.end()
    second.ask(run(folder))
    second.play_all()
    assert states(folder) == ["finished"] * 6


@pytest.mark.parametrize("make", [grid, at_random])
def test_that_a_worker_of_a_dispatcher_that_is_gone_is_waited_for_while_it_saves(
    tmp_path: Path, make: Any
) -> None:
    folder, play = make(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    saving = play.only
    saving.begin()
    saving.epoch()
    play.dispatcher.close()  # it was killed; its worker still has the run's folder
    again = Play(tmp_path)
    again.ask(run(folder))
    # What is planned may begin; what is proposed may depend on the one that is waited for.
    assert [worker.request.trial.trial for worker in again.training] == (  # type: ignore[union-attr]
        [2] if make is grid else []
    )
    assert again.activity() == ("running" if make is grid else "waiting")
    again.tick()
    saving.vanish()
    again.tick()
    if make is grid:
        again.only.finish()
    assert isinstance(again.only.request, ResumeRequest)
    assert saving.folder is not None
    assert again.only.request.folder == str(saving.folder.path)
    again.play_all()
    assert states(folder) == ["finished"] * 6
    assert unnamed_runs(folder) == set()


def test_that_a_run_that_another_process_never_lets_go_has_failed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(run(folder))
    play.only.begin()
    held = play.only
    play.dispatcher.close()
    again = Play(tmp_path)
    again.ask(run(folder))
    monkeypatch.setattr(open_experiment, "HELD_LIMIT_S", 0.0)
    again.play_all()
    assert states(folder) == ["failed", *["finished"] * 5]
    assert "another process holds its run" in trials(folder)[0].message
    held.vanish()


def test_that_what_is_no_experiment_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    play = Play(tmp_path)
    play.ask(RunExperiment(folder=str(tmp_path / "experiments" / "nowhere")))
    assert "is no experiment" in play.last(RequestRefused).message
    assert not (tmp_path / "experiments").exists()


def test_that_workers_that_cannot_be_started_pause_it(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.refusals = 100
    play.ask(run(folder))
    assert play.activity() == "paused"
    assert "cannot be started" in play.last(ExperimentChanged).message
    play.refusals = 0
    play.end()
    again = Play(tmp_path)
    again.ask(run(folder))
    again.play_all()
    assert states(folder) == ["finished"] * 6


def test_that_it_goes_on_alone_only_while_something_trains_or_will(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    play.ask(LetGo())
    assert not play.dispatcher.is_let_go
    play.ask(run(folder))
    assert play.dispatcher.is_let_go
    play.only.begin()
    play.ask(command("grid", "pause"))
    play.only.pause()
    assert not play.dispatcher.is_let_go
    play.ask(command("grid", "continue"))
    play.play_all()
    assert not play.dispatcher.is_let_go


def test_that_every_fold_of_a_trial_is_trained_and_their_mean_is_its_figure(tmp_path: Path) -> None:
    folder = grid(tmp_path, folds=3, axes=(Axis(key="momentum", values=(0.8, 0.9)),))
    play = Play(tmp_path)
    play.ask(run(folder))
    play.only.finish()
    play.only.begin()
    play.end()
    again = Play(tmp_path)
    again.ask(run(folder))
    again.play_all()
    assert states(folder) == ["finished"] * 2
    assert [[part.number for part in trial.parts] for trial in trials(folder)] == [[1, 2, 3]] * 2
    assert unnamed_runs(folder) == set()
