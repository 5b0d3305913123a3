"""The report's study as settings."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.config.study import (
    SHORT,
    StudySize,
    is_as_printed,
    shortened_by,
    study_runs,
)
from cifar_studio.errors import ConfigError
from cifar_studio.runs.wording import network


def test_that_the_whole_study_is_the_six_presets() -> None:
    runs = study_runs()
    assert [run.config for run in runs] == [preset.config for preset in REPORT_PRESETS]
    assert all(run.mark == "" for run in runs)


def test_that_a_smaller_one_is_marked_in_every_run() -> None:
    for run in study_runs(SHORT):
        assert run.config.epochs == 3
        assert run.config.train_per_class == 100
        assert run.mark == "short: 3 epochs, 100 training pictures a class"
    (first, *_) = study_runs(StudySize(epochs=1, test_per_class=1))
    assert first.mark == "short: 1 epoch, 1 test picture a class"


def test_that_seeds_follow_each_other() -> None:
    runs = study_runs(StudySize(seeds=3))
    assert [run.config.seed for run in runs] == [seed for seed in (0, 1, 2) for _ in range(6)]
    assert [run.config.seed for run in study_runs(StudySize(seeds=2), ["seed=5"])][::6] == [5, 6]


def test_that_other_settings_are_no_smaller_study() -> None:
    (first, *_) = study_runs(words=["precision=auto"])
    assert first.config.precision == "auto"
    assert first.mark == ""


@pytest.mark.parametrize("words", [["epochs=0"], ["train_per_clas=5"], ["validation_per_class=10"]])
def test_that_bad_settings_are_refused(words: list[str]) -> None:
    with pytest.raises(ConfigError):
        study_runs(words=words)


def test_that_a_smaller_form_of_the_reports_run_is_known_by_its_settings() -> None:
    config = REPORT_PRESETS[0].config
    assert shortened_by(config) == ""
    assert shortened_by(replace(config, seed=5)) == ""
    assert shortened_by(replace(config, epochs=2, seed=5)) == "2 epochs"
    assert shortened_by(replace(config, epochs=2, batch_size=64)) == "", "another experiment"
    assert shortened_by(replace(config, epochs=200)) == ""


def test_that_the_printed_form_is_known_whole_and_smaller() -> None:
    runs = study_runs(as_printed=True)
    assert [run.config.weight_decay for run in runs] == [0.005] * 6
    assert [run.mark for run in runs] == [""] * 6
    assert all(is_as_printed(run.config) for run in study_runs(SHORT, as_printed=True))
    assert not any(is_as_printed(run.config) for run in study_runs())
    assert network(runs[1].config) == "ResNet18, dropout 0.5, as printed"
    assert study_runs(SHORT, as_printed=True)[0].mark == study_runs(SHORT)[0].mark
    assert not is_as_printed(replace(runs[0].config, batch_size=64)), "another experiment"
