"""A run is trained again: on the same settings of the machine, and from its very pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.errors import RunFolderError
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runner.training.prepare import prepare
from cifar_studio.runs.analysis.reproduction import config_to_repeat, reproduction_of
from cifar_studio.runs.folder.library import load, run_paths
from cifar_studio.runs.folder.run_folder import RunFolder
from cli_support import studio
from runner.small_runs import carry_out


def repeat(run: RunFolder, runs: Path) -> TrainRequest:
    config = config_to_repeat(load(run.path))
    return TrainRequest(id=1, config=config, data="auto", runs=str(runs), repeats=str(run.path))


def change_machine(run: RunFolder, **settings: object) -> None:
    environment = run.read_environment()
    resolved = replace(environment.resolved, **settings)
    run.write_environment(replace(environment, resolved=resolved))


def test_that_the_machine_settings_are_taken_again(
    run: RunFolder, tmp_path: Path, one_thread: None
) -> None:
    other = {"channels_last": "contiguous", "contiguous": "channels_last"}
    turned = other[run.read_environment().resolved.memory_format]
    change_machine(run, memory_format=turned)
    carry_out(repeat(run, tmp_path / "again"))
    (made,) = run_paths(tmp_path / "again")
    environment = RunFolder(made).read_environment()
    assert environment.resolved.memory_format == turned
    assert environment.repeats == run.path.name
    assert environment.data.digest == run.read_environment().data.digest


def test_that_a_machine_that_is_not_here_is_said(run: RunFolder, tmp_path: Path) -> None:
    change_machine(run, device="cuda:7", threads=1)
    training = prepare(repeat(run, tmp_path / "again"))
    training.lock.release()
    (notice,) = training.notices
    assert "device cuda:7 before, cpu now" in notice


def test_that_other_pictures_are_refused(run: RunFolder, tmp_path: Path) -> None:
    environment = run.read_environment()
    facts = replace(environment.data, digest="0" * 64)
    run.write_environment(replace(environment, data=facts))
    with pytest.raises(RunFolderError, match="are not found"):
        prepare(repeat(run, tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_the_command(run: RunFolder, tmp_path: Path) -> None:
    # Trained with what a process of its own takes, the same twice.
    runs = tmp_path / "runs"
    words = ("--set", "epochs=2", "--set", "train_per_class=1", "--set", "test_per_class=1")
    first = studio("train", "--preset", "quick-look", *words, "--data", "demo", "--runs", runs)
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip().removeprefix("run: "))
    done = studio("reproduce", folder, "--epochs", "1", "--runs", runs, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["exact"] is True
    assert told["epochs"] == 1
    again, original = load(Path(told["run"])), load(folder)
    assert again.rows[0].test_loss == original.rows[0].test_loss
    assert reproduction_of(original, again).is_exact
    text = (folder / "epochs.csv").read_text()
    wrong = repr(original.rows[0].train_loss)
    (folder / "epochs.csv").write_text(text.replace(wrong, "9.5"))
    differs = studio("reproduce", folder, "--epochs", "1", "--runs", runs)
    assert differs.returncode == 3
    assert "differ from epoch 1 on" in differs.stderr
    assert "9.5" in differs.stderr
    assert differs.stdout.startswith("run: ")
    too_many = studio("reproduce", folder, "--epochs", "3", "--runs", runs)
    assert too_many.returncode == 2
