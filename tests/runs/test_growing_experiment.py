"""An experiment's folder that is read again and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment, settled
from cifar_studio.errors import RunFolderError
from cifar_studio.runs.experiment import experiment_folder
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.growing_experiment import GrowingExperiment
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned

SEARCH = settled(
    Experiment(kind="search", axes=(Axis(key="momentum", low=0.5, high=0.9),), trials=9)
)


@pytest.fixture
def folder(tmp_path: Path) -> ExperimentFolder:
    planned = [Planned(trial=n, parameters={"momentum": 0.5 + n / 10}) for n in (1, 2)]
    return experiment_folder.create(tmp_path, "one", SEARCH, planned)


def test_that_it_tells_what_a_fresh_reading_tells(folder: ExperimentFolder) -> None:
    growing = GrowingExperiment(folder.path)
    assert growing.read() == folder.read()
    folder.append(Begun(trial=1, run="a"))
    assert growing.read() == folder.read()
    folder.append(Ended(trial=1, state="finished", value=40.0, best_epoch=3, epochs=5))
    folder.append(Planned(trial=3, parameters={"momentum": 0.6}))
    assert growing.read() == folder.read()
    assert [trial.state for trial in growing.read().trials] == ["finished", "planned", "planned"]


def test_that_nothing_new_is_the_same_object_and_so_are_trials_without_news(
    folder: ExperimentFolder,
) -> None:
    growing = GrowingExperiment(folder.path)
    first = growing.read()
    assert growing.read() is first
    folder.append(Begun(trial=1, run="a"))
    second = growing.read()
    assert second is not first
    assert second.trials[1] is first.trials[1]
    assert second.trials[0] is not first.trials[0]


def test_that_a_torn_line_waits_until_it_is_whole(folder: ExperimentFolder) -> None:
    growing = GrowingExperiment(folder.path)
    before = growing.read()
    line = b'{"line":"begun","trial":1,"run":"a"}\n'
    with folder.ledger_file.open("ab") as file:
        file.write(line[:10])
    assert growing.read() is before
    with folder.ledger_file.open("ab") as file:
        file.write(line[10:])
    assert growing.read().trials[0].run == "a"


def test_that_what_runs_is_interrupted_once_nobody_holds_the_experiment(
    folder: ExperimentFolder,
) -> None:
    growing = GrowingExperiment(folder.path)
    folder.append(Begun(trial=1, run="a"))
    lock = folder.hold()
    assert growing.read().trials[0].state == "running"
    lock.release()
    state = growing.read()
    assert (state.is_held, state.trials[0].state) == (False, "interrupted")


def test_that_a_question_that_was_changed_is_read_again(folder: ExperimentFolder) -> None:
    growing = GrowingExperiment(folder.path)
    assert growing.read().experiment.trials == 9
    folder.write_experiment(replace(SEARCH, trials=20))
    assert growing.read().experiment.trials == 20


def test_that_a_ledger_put_in_place_of_another_is_read_from_its_beginning(
    folder: ExperimentFolder,
) -> None:
    growing = GrowingExperiment(folder.path)
    assert len(growing.read().trials) == 2
    folder.ledger_file.write_bytes(b'{"line":"planned","trial":7,"parameters":{"momentum":0.8}}\n')
    assert [trial.number for trial in growing.read().trials] == [7]


def test_that_a_folder_without_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is no experiment"):
        GrowingExperiment(tmp_path / "nothing").read()
