"""The queue of single runs under a dispatcher: order, holding, failures, crashes, windows."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.serialization import to_mapping
from cifar_studio.experiments.protocol import (
    DropRun,
    HoldQueue,
    JobBegan,
    OrderQueue,
    QueueChanged,
    ReleaseQueue,
    RequestRefused,
    ResumeRun,
    Warm,
)
from cifar_studio.experiments.queue_folder import take_queue
from cifar_studio.runner.protocol import ResumeRequest
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Planned
from cifar_studio.runs.folder import lock as locks
from cifar_studio.runs.folder.library import list_runs
from cifar_studio.runs.queue_rules import PlannedRun, write_queue
from experiments.scripted_pool import CONFIG, Play, start
from experiments.scripted_pool import stage as stage


def seed_of(play: Play) -> int:
    began = play.last(JobBegan)
    assert began.planned is not None
    return began.planned.config.seed


def queued(play: Play, *seeds: int) -> None:
    play.ask(*(start(seed) for seed in seeds))


def number_of(play: Play, seed: int) -> int:
    runs = play.last(QueueChanged).runs
    return next(run.trial for run in runs if run.planned.config.seed == seed)


def test_that_runs_are_trained_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3)
    assert play.waiting() == [2, 3]
    play.play_all()
    assert [run.config.seed for run in reversed(list_runs(play.runs))] == [1, 2, 3]
    assert {run.status.state for run in list_runs(play.runs)} == {"finished"}


def test_that_the_order_can_be_changed_and_runs_taken_out(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3, 4)
    numbers = [number_of(play, seed) for seed in (4, 2, 3)]
    play.ask(OrderQueue(trials=numbers), DropRun(trial=numbers[1]))
    assert play.waiting() == [4, 3]
    play.only.finish()
    assert seed_of(play) == 4
    play.play_all()
    assert sorted(run.config.seed for run in list_runs(play.runs)) == [1, 3, 4]


def test_that_a_held_queue_begins_nothing_until_it_is_released(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2)
    play.ask(HoldQueue())
    play.only.finish()
    assert play.training == []
    assert play.last(QueueChanged).held_by == "person"
    play.ask(ReleaseQueue())
    assert seed_of(play) == 2


def test_that_a_run_that_could_not_begin_waits_again_at_the_end(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3)
    play.only.end("failed", "no such device")
    assert seed_of(play) == 2
    assert play.waiting() == [3, 1]
    play.play_all()
    assert [run.config.seed for run in reversed(list_runs(play.runs))] == [2, 3, 1]


def test_that_three_failures_in_a_row_hold_it_and_a_success_lets_it_go(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3, 4, 5)
    for _ in range(3):
        play.only.begin()
        play.only.end("failed", "out of memory")
    held = play.last(QueueChanged)
    assert (held.held_by, held.fault) == ("failures", "out of memory")
    assert play.training == []
    play.ask(ReleaseQueue())
    play.play_all()
    assert [run.status.state for run in reversed(list_runs(play.runs))] == [
        *["failed"] * 3,
        *["finished"] * 2,
    ]


def test_that_runs_that_wait_outlive_a_crash_in_their_order_and_wait_for_a_person(
    tmp_path: Path,
) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3, 4)
    play.ask(OrderQueue(trials=[number_of(play, seed) for seed in (4, 2, 3)]))
    play.only.begin()
    play.vanish()
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.waiting() == [4, 2, 3]
    assert again.last(QueueChanged).held_by == "person"
    assert again.training == []
    again.ask(ReleaseQueue())
    again.play_all()
    assert again.waiting() == []


def test_that_a_run_that_had_not_begun_when_the_window_closed_keeps_its_place(
    tmp_path: Path,
) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2, 3)
    play.end()
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.waiting() == [1, 2, 3]


def test_that_a_run_that_was_on_when_the_window_closed_is_a_run_like_any_other(
    tmp_path: Path,
) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2)
    play.only.begin()
    play.only.epoch()
    play.end()
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.waiting() == [2]
    (run,) = list_runs(again.runs)
    again.ask(ResumeRun(folder=str(run.path)))
    assert isinstance(again.only.request, ResumeRequest)
    again.only.finish()
    assert list_runs(again.runs)[0].status.state == "finished"
    assert again.training == []  # the queue is held


def test_that_a_run_is_gone_on_with_only_while_a_slot_is_free(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1)
    play.only.begin()
    play.ask(ResumeRun(folder=str(play.runs / "any")))
    assert play.last(RequestRefused).message == "another run is on"


def test_that_the_file_of_older_versions_is_taken_over_once(tmp_path: Path) -> None:
    old = tmp_path / "queue.json"
    runs = [start(seed).planned for seed in (1, 2)]
    write_queue(old, runs)
    play = Play(tmp_path, old_queue=old)
    play.ask(Warm())
    assert play.waiting() == [1, 2]
    assert play.last(QueueChanged).held_by == "person"
    assert not old.exists()
    play.vanish()
    write_queue(old, runs)  # as when it was killed before the file was removed
    again = Play(tmp_path, old_queue=old)
    again.ask(Warm())
    assert again.waiting() == [1, 2]


def test_that_the_file_of_an_older_version_that_is_still_open_is_left_alone(tmp_path: Path) -> None:
    old = tmp_path / "queue.json"
    write_queue(old, [start(1).planned])
    lock = locks.take(old.with_suffix(".lock"))
    play = Play(tmp_path, old_queue=old)
    play.ask(Warm())
    assert play.waiting() == []
    assert old.exists()
    lock.release()


def test_that_each_window_has_a_queue_and_what_one_leaves_comes_to_the_next(
    tmp_path: Path,
) -> None:
    one, two = Play(tmp_path), Play(tmp_path)
    queued(one, 1, 2)
    queued(two, 3, 4)
    assert (one.waiting(), two.waiting()) == ([2], [4])
    two.end()
    one.end()
    only = Play(tmp_path)
    only.ask(Warm())
    assert only.waiting() == [1, 2, 3, 4]
    only.end()
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.waiting() == [1, 2, 3, 4]


def test_that_the_queue_of_a_window_that_is_open_is_not_taken(tmp_path: Path) -> None:
    one, two = Play(tmp_path), Play(tmp_path)
    queued(one, 1, 2)
    two.ask(Warm())
    assert two.waiting() == []
    assert one.waiting() == [2]


def test_that_an_experiment_that_somebody_called_queue_is_left_alone(tmp_path: Path) -> None:
    experiment = Experiment(
        kind="search", method="grid", axes=(Axis(key="momentum", values=(0.8, 0.9)),)
    )
    made = folders.create(tmp_path / "experiments", "other", experiment)
    folder = ExperimentFolder(made.path.rename(tmp_path / "experiments" / "queue"))
    before = folder.experiment_file.read_bytes()
    play = Play(tmp_path)
    queued(play, 1, 2)
    assert folder.experiment_file.read_bytes() == before
    assert (tmp_path / "experiments" / "queue-2" / "trials.jsonl").exists()


def test_that_a_queue_whose_question_is_damaged_keeps_its_runs(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1, 2)
    play.vanish()
    (tmp_path / "experiments" / "queue" / "experiment.json").write_text("{")
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.waiting() == [1, 2]


def test_that_runs_whose_settings_are_not_known_are_left_out(tmp_path: Path) -> None:
    lines = [Planned(trial=1, parameters={"epochs": -1}), Planned(trial=2, parameters={"x": 1})]
    lines.append(Planned(trial=3, parameters=to_mapping(CONFIG)))
    folders.create(tmp_path / "experiments", "queue", Experiment(kind="queue"), lines)
    play = Play(tmp_path)
    play.ask(Warm())
    assert play.waiting() == [CONFIG.seed]


def test_that_settings_that_cannot_be_used_are_refused_and_not_kept(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1)
    play.ask(start(2, epochs=-5))
    assert "epochs" in play.last(RequestRefused).message
    queued(play, 3)
    assert play.waiting() == [3]


def test_that_a_place_that_cannot_be_written_keeps_nobody_from_training(tmp_path: Path) -> None:
    (tmp_path / "experiments").write_text("no folder")
    play = Play(tmp_path)
    queued(play, 1, 2)
    assert "the queue cannot be kept" in play.last(RequestRefused).message
    play.play_all()
    assert [run.config.seed for run in reversed(list_runs(play.runs))] == [1, 2]


def test_that_a_crash_between_two_queues_doubles_nothing(tmp_path: Path) -> None:
    parent = tmp_path / "experiments"
    planned = [
        Planned(trial=number, parameters=to_mapping(start(number).planned.config))
        for number in (1, 2)
    ]
    folders.create(parent, "queue", Experiment(kind="queue"), planned)
    folders.create(parent, "queue-2", Experiment(kind="queue"), planned[1:])  # put behind already
    folder, lock = take_queue(parent)
    assert [line.trial for line in folder.read_lines() if isinstance(line, Planned)] == [1, 2]
    assert ExperimentFolder(parent / "queue-2").read_lines() == []
    lock.release()


def test_that_a_run_that_is_repeated_keeps_what_it_repeats(tmp_path: Path) -> None:
    play = Play(tmp_path)
    queued(play, 1)
    planned = PlannedRun(CONFIG, "demo", "quick", str(tmp_path / "other"))
    play.ask(start(2), type(start(2))(planned=planned))
    play.end()
    again = Play(tmp_path)
    again.ask(Warm())
    assert again.last(QueueChanged).runs[-1].planned == planned
