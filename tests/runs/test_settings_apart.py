"""In which settings runs differ."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.settings_difference import changes_from_preset, settings_apart
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment


def make(config: TrainConfig, environment: Environment | None) -> Run:
    path = Path("20260401_120000_resnet18")
    return Run(path, config, environment, Status(state="finished", epochs=1), (), Notes())


def test_that_settings_and_surroundings_that_differ_are_listed() -> None:
    here = make_environment()
    there = replace(here, device_name="NVIDIA", resolved=replace(here.resolved, threads=8))
    a = make(TrainConfig(), here)
    b = make(TrainConfig(dropout=0.5, nesterov=True), there)
    found = {setting.name: setting.values for setting in settings_apart([a, b])}
    assert found == {
        "dropout": ("null", "0.5"),
        "nesterov": ("false", "true"),
        "device used": ("CPU", "NVIDIA"),
        "threads": ("2", "8"),
    }


def test_that_equal_runs_differ_in_nothing() -> None:
    run = make(TrainConfig(), make_environment())
    assert settings_apart([run, run, run]) == []
    assert settings_apart([]) == []


def test_that_a_run_without_an_environment_is_unknown_and_not_equal() -> None:
    runs = [make(TrainConfig(), None), make(TrainConfig(), make_environment())]
    assert ("data", ("unknown data", "demo")) in [
        (one.name, one.values) for one in settings_apart(runs)
    ]


def test_what_was_changed_from_the_nearest_preset() -> None:
    preset = PRESETS["report-vgg11"]
    title, changed = changes_from_preset(make(replace(preset.config, epochs=3), None))
    assert title == preset.title
    assert [(one.name, one.values) for one in changed] == [("epochs", ("40", "3"))]
    assert changes_from_preset(make(preset.config, None))[1] == []
