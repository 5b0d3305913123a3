"""Going on with a run: longer, elsewhere, and from a folder in which something is damaged."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cifar_studio import sealed
from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.checkpoints.find_checkpoint import find_checkpoint
from cifar_studio.engine.machine.device import resolve
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError
from cifar_studio.runner.answers.evaluating import evaluate_run
from cifar_studio.runner.protocol import EvaluateRequest
from cifar_studio.runner.training.ready_training import needed_bytes
from cifar_studio.runner.training.resumption import mend
from cifar_studio.runs.analysis.summary import summarize
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.events import RunEnded, RunEvent, RunNoticed, RunStarted
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.runs.wording import how_chosen, looks
from engine.training_runs import assert_same_run, figures
from runner.small_runs import CONFIG, GoOn, carry_out, only_run, resume, train, train_request

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def whole(_runs: Path) -> RunFolder:
    """A run of two epochs that nothing disturbed."""
    return _once(_runs / "whole", 2)


@pytest.fixture
def half(_runs: Path, tmp_path: Path) -> RunFolder:
    """A copy of that run as it stood after its first epoch, stopped in the middle of the second."""
    made = _runs / "half"
    if not made.exists():
        made.mkdir()
        stop_in_second_epoch(made)
    (path,) = made.iterdir()
    shutil.copytree(path, tmp_path / "runs" / path.name)
    return RunFolder(tmp_path / "runs" / path.name)


def _once(runs: Path, epochs: int) -> RunFolder:
    if not runs.exists():
        train(runs, epochs=epochs)
    (path,) = runs.iterdir()
    return RunFolder(path)


def stop_in_second_epoch(runs: Path, config: TrainConfig = CONFIG) -> None:
    from cifar_studio.engine.training.progress import ReportingIntervals
    from cifar_studio.engine.training.trainer import train as train_engine
    from cifar_studio.runner.training.prepare import prepare

    training = prepare(train_request(runs, config))
    events = train_engine(
        training.config, training.dataset, training.folder, training.environment,
        intervals=ReportingIntervals(gate_s=0.0),
    )  # fmt: skip
    for event in events:
        if type(event).__name__ == "BatchesEnded" and event.epoch == 2:  # type: ignore[union-attr]
            break
    events.close()
    training.folder.write_status(Status(state="stopped", epoch=1, epochs=2))
    training.lock.release()


def notices(events: list[RunEvent]) -> list[str]:
    return [event.message for event in events if isinstance(event, RunNoticed)]


def flip(path: Path, offset: int) -> None:
    """Turn one bit round, in a file of its own: checkpoints may share one by hard links."""
    contents = bytearray(path.read_bytes())
    contents[offset % len(contents)] ^= 1 << (offset % 8)
    path.unlink()
    path.write_bytes(contents)


def test_that_a_stopped_run_goes_on_without_a_word(half: RunFolder, whole: RunFolder) -> None:
    events = resume(half)
    assert notices(events) == []
    assert_same_run(half, whole)


def test_that_a_finished_run_can_be_made_longer(tmp_path: Path, whole: RunFolder) -> None:
    folder = train(tmp_path, epochs=1)
    with pytest.raises(RunFolderError, match="has finished 1 epochs, and 1 are wanted"):
        resume(folder)
    with pytest.raises(BadInputError, match="epochs"):
        resume(folder, epochs=0)
    started, *_ = (e for e in resume(folder, epochs=2) if isinstance(e, RunStarted))
    assert started.first_epoch == 2
    assert folder.read_config().epochs == 2
    assert load(folder.path).status.state == "finished"
    assert_same_run(folder, whole)


@pytest.mark.parametrize("held", [False, True], ids=["along the longer curve", "held"])
def test_that_a_longer_run_says_what_its_schedule_does(tmp_path: Path, held: bool) -> None:
    config = replace(CONFIG, schedule="cosine", learning_rate=0.1, final_share=0.1)
    carry_out(train_request(tmp_path / "runs", config))
    folder = only_run(tmp_path / "runs")
    before = [row.learning_rate for row in folder.read_epochs()]
    changes = {"epochs": 4} | ({"schedule_epochs": 2} if held else {})
    (notice,) = notices(resume(folder, **changes))
    rates = [row.learning_rate for row in folder.read_epochs()]
    assert rates[:2] == before
    longer = folder.read_config()
    assert (longer.epochs, longer.schedule_epochs) == (4, 2 if held else None)
    if held:
        assert notice == "The schedule ends at epoch 2; then its last rate is held"
        assert rates[2:] == [before[1]] * 2
    else:
        first = learning_rate(longer, 2, 4)
        assert notice == (
            "The cosine schedule runs over 4 epochs now: the learning rate goes from "
            f"{before[1]:.2g} to {first:.2g}, and on along that curve"
        )
        assert rates[2] == learning_rate(longer, 2, 5) > before[1]
        assert rates[3] == learning_rate(longer, 2, 7)


def test_that_the_schedules_length_alone_can_be_changed_and_taken_back(half: RunFolder) -> None:
    checkpoint = checkpoints.load(half.last_checkpoint)
    cosine = replace(checkpoint.config, schedule="cosine")
    half.write_config(cosine)
    checkpoints.save(half.last_checkpoint, dataclasses.replace(checkpoint, config=cosine))
    resume(half, schedule_epochs=50)
    assert half.read_config().schedule_epochs == 50
    resume(half, epochs=3, schedule_epochs=0)
    assert half.read_config().schedule_epochs is None


def test_that_a_locked_test_set_is_evaluated_at_the_end_alone(tmp_path: Path) -> None:
    config = replace(CONFIG, validation_per_class=1, test="at_end", epochs=2)
    (tmp_path / "runs").mkdir()
    stop_in_second_epoch(tmp_path / "runs", config)
    folder = only_run(tmp_path / "runs")

    def evaluate(**changes: Any) -> None:
        request = EvaluateRequest(
            id=1, folder=str(folder.path), moment="best", split="test", data="auto"
        )
        list(evaluate_run(replace(request, **changes)))

    with pytest.raises(RunFolderError, match="locked until the run ends"):
        evaluate()
    assert not folder.best_evaluation.exists()
    resume(folder)
    evaluate()
    with pytest.raises(RunFolderError, match="for the epoch that validation chose"):
        evaluate(moment="last")


def test_that_without_validation_the_last_epoch_is_the_one_that_is_tested(tmp_path: Path) -> None:
    config = replace(CONFIG, test="at_end")
    ended = carry_out(train_request(tmp_path / "runs", config))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished", ended
    folder = only_run(tmp_path / "runs")
    first, last = folder.read_epochs()
    assert first.test_top1 is None
    assert last.test_top1 is not None
    assert best_row([first, last]) == last
    assert checkpoints.load(folder.best_checkpoint).epochs_done == 2
    assert load_evaluation(folder.best_evaluation).epoch == 2
    run = load(folder.path)
    assert how_chosen(run) == "the last one, by no choice"
    assert looks(run.rows) == "looked at once"
    assert summarize(run.rows).honest_top1 == last.test_top1


def test_that_a_run_without_validation_that_is_made_longer_is_tested_anew(tmp_path: Path) -> None:
    carry_out(train_request(tmp_path / "runs", replace(CONFIG, test="at_end")))
    folder = only_run(tmp_path / "runs")
    resume(folder, epochs=3)
    run = load(folder.path)
    assert [row.test_top1 is not None for row in run.rows] == [False, True, True]
    assert looks(run.rows) == "looked at twice"
    assert how_chosen(run) == "best on test (selected)"
    assert run.best is not None
    assert checkpoints.load(folder.best_checkpoint).epochs_done == run.best.epoch
    assert load_evaluation(folder.best_evaluation).epoch == run.best.epoch


def test_that_a_power_cut_before_the_one_look_has_it_come(tmp_path: Path) -> None:
    carry_out(train_request(tmp_path / "runs", replace(CONFIG, test="at_end")))
    folder = only_run(tmp_path / "runs")
    rows = folder.read_epochs()
    locked = [replace(row, test_loss=None, test_top1=None, test_top5=None) for row in rows]
    last = checkpoints.load(folder.last_checkpoint)
    checkpoints.save(folder.last_checkpoint, dataclasses.replace(last, rows=tuple(locked)))
    folder.best_checkpoint.unlink()
    folder.write_status(Status(state="interrupted", epoch=2, epochs=2))
    ended = resume(folder)[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    assert folder.read_epochs() == rows
    assert folder.best_checkpoint.exists()


@pytest.mark.parametrize("is_left", [True, False], ids=["whole", "gone too"])
def test_that_the_end_of_a_locked_run_needs_the_weights_that_validation_chose(
    tmp_path: Path, is_left: bool
) -> None:
    # After the first epoch this rate leaves nothing to be chosen.
    config = replace(CONFIG, validation_per_class=1, test="at_end", learning_rate=1e-9)
    carry_out(train_request(tmp_path / "runs", config))
    folder = only_run(tmp_path / "runs")
    rows = folder.read_epochs()
    best = best_row(rows)
    assert best is not None
    assert best.epoch == 1
    # As it stands when the power goes before the one look.
    locked = [replace(row, test_loss=None, test_top1=None, test_top5=None) for row in rows]
    last = checkpoints.load(folder.last_checkpoint)
    checkpoints.save(folder.last_checkpoint, dataclasses.replace(last, rows=tuple(locked)))
    folder.keep_epochs(locked)
    folder.write_status(Status(state="interrupted", epoch=2, epochs=2))
    flip(folder.best_checkpoint, 5000)
    if not is_left:
        folder.previous_checkpoint.unlink()
    ended = resume(folder)[-1]
    assert isinstance(ended, RunEnded)
    if is_left:  # previous.pt is of that epoch too
        assert ended.state == "finished"
        assert folder.read_epochs() == rows
    else:
        assert ended.state == "failed"
        assert "no whole checkpoint of epoch 1, which validation chose" in ended.message
        assert "validation are kept" in ended.remedy


def test_that_a_run_that_ended_early_is_not_made_longer(tmp_path: Path) -> None:
    config = replace(
        CONFIG,
        epochs=5,
        validation_per_class=1,
        early_stopping="val_top1",
        patience=1,
        least_improvement=100.0,
    )
    ended = carry_out(train_request(tmp_path / "runs", config))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    assert ended.message == (
        "Stopped early at epoch 2: no validation top-1 better by more than 100 since 1"
    )
    folder = only_run(tmp_path / "runs")
    assert folder.read_status().message == ended.message
    with pytest.raises(RunFolderError, match="Start a new run with a longer patience"):
        resume(folder, epochs=9)
    assert len(folder.read_epochs()) == 2


def test_that_a_stopped_run_can_end_later_or_earlier(half: RunFolder) -> None:
    half.write_config(replace(CONFIG, epochs=9))
    events = resume(half, epochs=3)
    assert notices(events) == ["The run ends after 3 epochs now, not 9"]
    assert isinstance(events[-1], RunEnded)
    assert len(half.read_epochs()) == 3
    with pytest.raises(RunFolderError, match="has finished 3 epochs, and 2 are wanted"):
        resume(half, epochs=2)


def test_that_a_run_without_any_checkpoint_begins_at_its_beginning(
    half: RunFolder, whole: RunFolder
) -> None:
    for name in ("last.pt", "previous.pt", "best.pt", "epochs.csv", "evaluation.npz"):
        (half.path / name).unlink(missing_ok=True)
    resume(half)
    assert_same_run(half, whole)


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "empty", "folder"])
def test_that_another_checkpoint_serves_where_the_last_is_damaged(
    damage: str, half: RunFolder, whole: RunFolder
) -> None:
    last = half.last_checkpoint
    if damage == "flipped":
        flip(last, 1_000_003)
    elif damage == "cut":
        last.write_bytes(last.read_bytes()[:-5000])
    else:
        last.unlink()
    if damage == "empty":
        last.write_bytes(b"")
    elif damage == "folder":
        last.mkdir()
        with pytest.raises(RunFolderError, match=r"last\.pt"):
            resume(half)
        last.rmdir()
    (notice,) = notices(resume(half))
    assert "the run goes on from previous.pt, after epoch 1" in notice
    assert_same_run(half, whole)


def test_that_a_damaged_best_checkpoint_does_not_stay(half: RunFolder) -> None:
    flip(half.last_checkpoint, 1_000_003)
    flip(half.best_checkpoint, 1_000_003)
    assert find_checkpoint(half).checkpoint is not None
    assert not half.best_checkpoint.exists()


def test_that_the_file_to_go_on_from_may_be_named(half: RunFolder, whole: RunFolder) -> None:
    resume(RunFolder(half.last_checkpoint))
    assert_same_run(half, whole)


def test_that_mending_compares_the_figures(half: RunFolder) -> None:
    rows = half.read_epochs()
    half.keep_epochs([replace(row, test_top1=99.0) for row in rows])
    half.status_file.write_bytes(b"{")
    assert mend(half) == ("epochs.csv", "status.json")
    assert half.read_epochs() == rows
    assert half.read_status().state == "interrupted"
    assert mend(half) == ()


def test_that_the_best_checkpoint_serves_where_both_others_are_damaged(
    half: RunFolder, whole: RunFolder
) -> None:
    best = checkpoints.load(half.best_checkpoint)
    assert best.progress == (1, 0)
    copy = half.best_checkpoint.read_bytes()
    flip(half.last_checkpoint, 70_001)
    flip(half.previous_checkpoint, 80_003)
    half.best_checkpoint.unlink()
    half.best_checkpoint.write_bytes(copy)
    (notice,) = notices(resume(half))
    assert "the run goes on from best.pt, after epoch 1" in notice
    assert_same_run(half, whole)


def test_that_figures_stay_readable_where_no_checkpoint_is_whole(half: RunFolder) -> None:
    for path in (half.last_checkpoint, half.previous_checkpoint, half.best_checkpoint):
        flip(path, 90_001)
    before = {path.name: path.read_bytes() for path in half.path.iterdir() if path.is_file()}
    with pytest.raises(RunFolderError, match=r"no checkpoint of it is whole.* Start the run anew"):
        resume(half)
    assert {p.name: p.read_bytes() for p in half.path.iterdir() if p.name in before} == before
    assert len(load(half.path).rows) == 1


def test_that_every_flip_at_each_4_kib_of_a_checkpoint_is_found(half: RunFolder) -> None:
    path = half.last_checkpoint
    contents = path.read_bytes()
    path.unlink()
    path.write_bytes(contents)
    bits = random.Random(1)
    with path.open("r+b") as file:
        # The whole file is digested each time, so that every 4 KiB would take a minute here; the
        # tests of the engine flip each eleventh byte of a small one.
        for offset in range(0, len(contents), 64 * 4096):
            file.seek(offset)
            file.write(bytes([contents[offset] ^ 1 << bits.randrange(8)]))
            file.flush()
            with path.open("rb") as reader, pytest.raises(sealed.BrokenSealError):
                sealed.verify(reader)
            file.seek(offset)
            file.write(contents[offset : offset + 1])
            file.flush()
    checkpoints.load(path)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[]", b'{"epochs": "many"}', None])
def test_that_the_checkpoint_knows_the_settings_where_config_json_is_damaged(
    text: bytes | None, half: RunFolder, whole: RunFolder
) -> None:
    if text is None:
        half.config_file.unlink()
    else:
        half.config_file.write_bytes(text)
    assert notices(resume(half)) == [
        "config.json was missing or damaged: the settings were taken from the checkpoint"
    ]
    assert half.read_config() == CONFIG
    assert_same_run(half, whole)


def test_that_a_flipped_setting_is_not_taken_for_the_runs_own(half: RunFolder) -> None:
    half.write_config(replace(CONFIG, seed=1))
    with pytest.raises(BadInputError, match=r"trained with another seed.* remove config\.json"):
        resume(half)
    assert half.read_config().seed == 1


def test_that_a_config_of_a_later_version_is_left_alone(half: RunFolder) -> None:
    text = json.dumps({"format": 99, "epochs": 3}).encode()
    half.config_file.write_bytes(text)
    with pytest.raises(NewerVersionError, match="Update CIFAR Studio"):
        resume(half)
    assert half.config_file.read_bytes() == text


@pytest.mark.parametrize("text", [b"", b'{"studio": 1}', None])
def test_that_the_checkpoint_knows_the_machine_where_environment_json_is_damaged(
    text: bytes | None, half: RunFolder, whole: RunFolder
) -> None:
    before = half.read_environment()
    if text is None:
        half.environment_file.unlink()
    else:
        half.environment_file.write_bytes(text)
    assert notices(resume(half)) == ["environment.json was missing or damaged, and is made again"]
    after = half.read_environment()
    assert (after.resolved, after.data) == (before.resolved, before.data)
    assert_same_run(half, whole)


def test_that_damaged_figures_come_back_from_the_checkpoint(
    half: RunFolder, whole: RunFolder
) -> None:
    half.epochs_file.write_bytes(b"\x00" * 100)
    half.status_file.write_bytes(b"?")
    half.last_evaluation.write_bytes(b"PK")
    half.trace_file.write_bytes(b"\xff\n" * 10)
    resume(half)
    assert_same_run(half, whole)
    assert load(half.path).status.state == "finished"


def test_that_another_machine_is_said_and_recorded(half: RunFolder) -> None:
    """More threads than this machine has: the run goes on with those that are here."""
    checkpoint = checkpoints.load(half.last_checkpoint)
    elsewhere = replace(checkpoint.resolved, threads=4096)
    checkpoints.save(
        half.last_checkpoint, type(checkpoint)(**{**vars(checkpoint), "resolved": elsewhere})
    )
    (notice,) = notices(resume(half))
    assert "threads 4096 before, 1 now" in notice
    assert "the last digits may differ" in notice
    assert half.read_environment().resolved == resolve(CONFIG)


def test_that_the_device_can_be_changed(half: RunFolder, whole: RunFolder) -> None:
    with pytest.raises(BadInputError, match="there is no device cuda:7"):
        resume(half, device="cuda:7")
    assert half.read_config().device == "auto"
    resume(half, device="cpu")
    assert half.read_config().device == "cpu"
    assert figures(half.read_epochs()) == figures(whole.read_epochs())


def test_that_other_pictures_are_not_taken(half: RunFolder) -> None:
    checkpoint = checkpoints.load(half.last_checkpoint)
    checkpoints.save(
        half.last_checkpoint, type(checkpoint)(**{**vars(checkpoint), "data_digest": "1" * 64})
    )
    for data in ("auto", "demo"):
        with pytest.raises(RunFolderError, match=r"was trained on .* not found"):
            resume(half, data=data)


def test_that_a_folder_is_held_by_one_and_free_after_a_failure(half: RunFolder) -> None:
    lock = half.hold()
    with pytest.raises(RunFolderError, match="in use by another process"):
        resume(half)
    lock.release()
    with pytest.raises(BadInputError):
        resume(half, device="cuda:7")
    resume(half)


def test_that_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is no folder"):
        resume(RunFolder(tmp_path / "gone"))
    assert not (tmp_path / "gone").exists()


def test_that_a_crash_before_the_status_leaves_a_run_with_only_its_end_to_write(
    tmp_path: Path, whole: RunFolder
) -> None:
    folder = train(tmp_path)
    folder.write_status(Status(state="running", epoch=2, epochs=2))
    assert load(folder.path).status.state == "interrupted"
    ended = resume(folder)[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    assert_same_run(folder, whole)


def test_that_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    runs = Path(str(tmp_path / "runs") + "\udcff")
    with pytest.raises(BadInputError, match="is no valid text"):
        carry_out(train_request(runs))
    with pytest.raises(BadInputError, match="is no valid text"):
        resume(RunFolder(runs))
    assert GoOn().poll() is None


def test_that_an_average_of_the_weights_has_its_room_on_the_disk(tmp_path: Path) -> None:
    sizes = []
    for kept in (0.0, 0.9):
        config = replace(CONFIG, epochs=1, weight_averaging=kept)
        carry_out(train_request(tmp_path / str(kept), config))
        last = only_run(tmp_path / str(kept)).last_checkpoint
        sizes.append((needed_bytes(config, True), last.stat().st_size))
    (plain, plain_file), (averaged, averaged_file) = sizes
    # Three checkpoints stand, and a fourth is written.
    assert averaged >= 4 * averaged_file
    assert averaged - plain == pytest.approx(4 * (averaged_file - plain_file), rel=0.05)
