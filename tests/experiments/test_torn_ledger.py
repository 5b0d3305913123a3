"""A ledger that is cut off anywhere, or has other things in it than lines of this version."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.errors import RunFolderError
from cifar_studio.experiments.protocol import JobBegan, RequestRefused
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Begun, Planned, TrialTable
from cifar_studio.runs.folder.library import run_paths
from cifar_studio.runs.folder.run_folder import RunFolder
from experiments.scripted_pool import AXES, Play, at_random, grid, run, states, table, trials
from experiments.scripted_pool import stage as stage
from long_forms import daily

Make = Callable[[Path], ExperimentFolder]


def eventful(folder: ExperimentFolder, place: Path) -> None:
    """Fill a ledger with all that may come: failures, stops, crashes, folders that go on."""
    play = Play(place)
    play.ask(run(folder))
    play.only.finish()
    play.only.begin()
    play.only.end("failed", "out of memory")
    play.only.begin()
    play.only.epoch()
    play.end()
    play = Play(place)
    play.ask(run(folder))
    play.only.finish()
    play.only.begin()
    play.only.die()
    play.play_all()
    assert states(folder) == ["finished"] * 6


@pytest.mark.parametrize("make", [grid, at_random])
@pytest.mark.parametrize("step", daily([11], [11, 1]))
def test_that_a_ledger_that_is_cut_off_anywhere_tells_of_its_whole_lines(
    tmp_path: Path, make: Make, step: int
) -> None:
    folder = make(tmp_path)
    eventful(folder, tmp_path)
    data = folder.ledger_file.read_bytes()
    whole = folder.read_lines()
    assert len(whole) == data.count(b"\n")
    for end in range(0, len(data) + 1, step):
        folder.ledger_file.write_bytes(data[:end])
        assert folder.read_lines() == whole[: data.count(b"\n", 0, end)]


@pytest.mark.parametrize("make", [grid, at_random])
@pytest.mark.parametrize("seed", daily([0], range(20)))
def test_that_no_trial_is_lost_or_doubled_from_wherever_a_ledger_is_cut_off(
    tmp_path: Path, make: Make, seed: int
) -> None:
    folder = make(tmp_path)
    eventful(folder, tmp_path)
    before, runs = table(folder), {path.name for path in run_paths(tmp_path / "runs")}
    data = folder.ledger_file.read_bytes()
    ends = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")]
    generator = random.Random(seed)
    ends += [generator.randrange(len(data)) for _ in range(10)]
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "runs", kept)
    for end in ends:
        folder.ledger_file.write_bytes(data[:end])
        play = Play(tmp_path)
        play.ask(run(folder))
        play.play_all()
        assert play.activity() == "ended"
        assert table(folder) == before, end
        left = {path.name for path in run_paths(tmp_path / "runs")}
        # A run that had failed may be gone on with, where the ledger does not know that it had.
        assert left == runs, end
        shutil.rmtree(tmp_path / "runs")
        shutil.copytree(kept, tmp_path / "runs")


@pytest.mark.parametrize("make", [grid, at_random])
def test_that_finished_runs_are_found_again_where_the_ledger_is_gone(
    tmp_path: Path, make: Make
) -> None:
    folder = make(tmp_path)
    play = Play(tmp_path)
    play.ask(run(folder))
    play.play_all()
    before = table(folder)
    folder.ledger_file.unlink()
    again = Play(tmp_path)
    again.ask(run(folder))
    assert again.activity() == "ended"
    assert not [event for _, event in again.told if isinstance(event, JobBegan)]
    assert table(folder) == before


def test_that_runs_of_another_experiment_of_that_name_are_not_taken_for_its_own(
    tmp_path: Path,
) -> None:
    first = grid(tmp_path)
    play = Play(tmp_path)
    play.ask(run(first))
    play.play_all()
    names = {trial.run for trial in trials(first)}
    shutil.rmtree(first.path)
    for path in run_paths(tmp_path / "runs"):  # long before the second one is made
        environment = RunFolder(path).read_environment()
        RunFolder(path).write_environment(replace(environment, started="2026-01-01T00:00:00+01:00"))
    second = grid(tmp_path, axes=tuple(reversed(AXES)))
    again = Play(tmp_path)
    again.ask(run(second))
    again.play_all()
    assert len([event for _, event in again.told if isinstance(event, JobBegan)]) == 6
    assert {trial.run for trial in trials(second)}.isdisjoint(names)


GARBAGE = (
    b"\n",
    b"{}\n",
    b"nonsense\n",
    b"\xff\xfe\x00\n",
    b'{"line":"of a later version","trial":1}\n',
    b'{"line":"planned","trial":-1,"parameters":{}}\n',
    b'{"line":"planned","trial":1,"parameters":{"epochs":99}}\n',  # the first one counts
    b'{"line":"ended","trial":999,"state":"finished"}\n',
    b'{"line":"ended","trial":1,"part":7,"state":"failed"}\n',
    b'{"line":"ended","trial":1,"state":"exploded"}\n',
    b'{"line":"begun","trial":1,"run":"../../elsewhere"}\n',
    b'{"line":"begun","trial":1,"run":"/etc"}\n',
    b'{"line":"ordered","trials":[77,77]}\n',
    b'{"line":"withdrawn","trial":1}\n',
    b'{"line":"planned","trial":8,"parameters":{"momentum":1e999}}\n',
    b'{"line":"planned","trial":8,"parameters":{"momentum":' + b"9" * 9999 + b"}}\n",
    b'{"line":"planned","trial":8,"parameters":' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"\n",
    b'{"line":"begun","trial":1,"run":"' + b"x" * 100_000 + b'"}\n',
)


def test_that_what_is_no_line_is_passed_over(tmp_path: Path) -> None:
    folder = grid(tmp_path)
    eventful(folder, tmp_path)
    before = table(folder)
    lines = folder.ledger_file.read_bytes().splitlines(keepends=True)
    for place in (len(lines), len(lines) // 2):
        folder.ledger_file.write_bytes(b"".join([*lines[:place], *GARBAGE, *lines[place:]]))
        assert table(folder) == before
    play = Play(tmp_path)
    play.ask(run(folder))
    assert play.activity() == "ended"
    assert table(folder) == before


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../up", "/abs", "a/b", "a\\b", "C:x", "C:\\x", "\\\\host\\share", "a\0b",
     "x" * 256],
)  # fmt: skip
def test_that_a_run_is_a_folder_among_the_runs_and_nothing_else(name: str) -> None:
    folder_table = TrialTable()
    folder_table.feed([Planned(trial=1, parameters={}), Begun(trial=1, run=name)])
    assert folder_table.trials[1].state == "planned"
    folder_table.take(Begun(trial=1, run="20260401_120000_resnet18"))
    assert folder_table.trials[1].state == "running"


def test_that_a_ledger_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = grid(tmp_path)
    eventful(folder, tmp_path)
    size = folder.ledger_file.stat().st_size
    monkeypatch.setattr(folders, "MAX_LEDGER_BYTES", size - 1)
    with pytest.raises(RunFolderError, match="cannot be read"):
        folder.read()
    play = Play(tmp_path)
    play.ask(run(folder))
    assert "cannot be read" in play.last(RequestRefused).message
    assert play.training == []
    assert folder.ledger_file.stat().st_size == size
    assert not folder.is_held()


def test_that_a_ledger_of_nothing_but_line_ends_is_refused_without_reading_them(
    tmp_path: Path,
) -> None:
    folder = grid(tmp_path)
    folder.ledger_file.write_bytes(b"\n" * (folders.MAX_LINES + 1))
    with pytest.raises(RunFolderError, match="lines"):
        folder.read_lines()
