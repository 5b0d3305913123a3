"""Runs whose scripts are written, and scripts as modules, for the tests of scripts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment, make_row

NAME = "20260401_120000_resnet18"


def run_of(config: TrainConfig, environment: Environment | None = None, name: str = NAME) -> Run:
    environment = environment or make_environment("CIFAR-100")
    status = Status(state="finished", epochs=1)
    return Run(Path(name), config, environment, status, (make_row(1),), Notes())


def with_precision(precision: str) -> Environment:
    environment = make_environment("CIFAR-100")
    return replace(environment, resolved=replace(environment.resolved, precision=precision))


def loaded(text: str, folder: Path) -> ModuleType:
    path = folder / "script_under_test.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("script_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
