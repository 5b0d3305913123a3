"""A run as a script of its own: the same network, pictures and recipe, and it runs alone."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import safetensors.torch
import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ArchitectureName, Stem
from cifar_studio.config.check import check
from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.source import load_dataset
from cifar_studio.data.subset import choose
from cifar_studio.engine.models import build_for
from cifar_studio.errors import BadInputError
from cifar_studio.export.script import network_code_of, script_of
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.folder import Notes, Status
from cifar_studio.runs.library import Run
from support import make_environment, make_row

PATIENCE_S = 110


def script(config: TrainConfig, precision: str = "float32", data: str = "CIFAR-100") -> str:
    environment = make_environment(data)
    resolved = replace(environment.resolved, precision=precision)
    return script_of(run_of(config, replace(environment, resolved=resolved)))


def run_of(config: TrainConfig, environment: Environment) -> Run:
    path = Path('20260401_120000_resnet18"""')  # a name that would end the docstring
    status = Status(state="finished", epochs=1)
    return Run(path, config, environment, status, (make_row(1),), Notes())


def every_config() -> list[TrainConfig]:
    found = [preset.config for preset in REPORT_PRESETS]
    for network, stem, (dropout, sites), (train, validation), nesterov in itertools.product(
        ("resnet18", "mobilenet_v2", "vgg11", "densenet161"),
        ("imagenet", "cifar"),
        ((None, "classifier"), (0.5, "classifier"), (0.3, "blocks")),
        ((500, 0), (20, 0), (400, 10)),
        (False, True),
    ):
        config = TrainConfig(
            architecture=network,  # type: ignore[arg-type]
            stem=stem,  # type: ignore[arg-type]
            dropout=dropout,
            dropout_sites=sites,  # type: ignore[arg-type]
            train_per_class=train,
            validation_per_class=validation,
            nesterov=nesterov,
            random_crop=nesterov,
            horizontal_flip=stem == "cifar",
            normalization="half" if nesterov else "dataset",
        )
        if not check(config):
            found.append(config)
    return found


def loaded(text: str, folder: Path) -> ModuleType:
    path = folder / "script_under_test.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("script_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_that_every_script_is_tidy_and_short(tmp_path: Path) -> None:
    for number, config in enumerate(every_config()):
        for precision in ("float32", "bfloat16", "float16"):
            text = script(config, precision)
            assert len(text.splitlines()) <= 160
            assert "cifar_studio" not in text
            (tmp_path / f"script_{number}_{precision}.py").write_text(text)
    assert_tidy(tmp_path)


def assert_tidy(path: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "100", "--no-cache", str(path)]
    rules = ["--select", "E,F,W,I,B,UP"]
    for command in (["check", *rules], ["format", "--check"]):
        done = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(dropout=0.5),
        TrainConfig(stem="cifar", dropout=0.3, dropout_sites="blocks"),
        TrainConfig(architecture="mobilenet_v2", stem="cifar", dropout=0.3, dropout_sites="blocks"),
        TrainConfig(architecture="vgg11", stem="cifar"),
        TrainConfig(architecture="densenet161", stem="cifar", dropout=0.5),
    ],
    ids=lambda config: f"{config.architecture}-{config.dropout_sites}",
)
def test_that_it_builds_the_studios_network(tmp_path: Path, config: TrainConfig) -> None:
    theirs = loaded(script(config), tmp_path).build()
    ours = build_for(config)
    parameters = list(ours.parameters())
    assert [p.shape for p in theirs.parameters()] == [p.shape for p in parameters]
    with torch.no_grad():
        for mine, value in zip(theirs.parameters(), parameters, strict=True):
            mine.copy_(value)
    pictures = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(theirs.eval()(pictures), ours.eval()(pictures))
    assert list(theirs.state_dict()) == list(ours.state_dict())
    for network in (theirs, ours):
        network.train()
    with torch.no_grad():
        drawn = [(torch.manual_seed(1), network(pictures))[1] for network in (theirs, ours)]
    torch.testing.assert_close(*drawn)  # dropout draws the same masks at the same places


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "vgg11", "densenet161"])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_that_its_code_loads_exported_weights(
    tmp_path: Path, name: ArchitectureName, stem: Stem
) -> None:
    config = TrainConfig(architecture=name, stem=stem, dropout=0.5)
    text = network_code_of(run_of(config, make_environment("CIFAR-100")))
    assert "cifar_studio" not in text
    ours = build_for(config).eval()
    safetensors.torch.save_file(ours.state_dict(), tmp_path / "weights.safetensors")
    module = loaded(text, tmp_path)
    theirs = module.load(tmp_path / "weights.safetensors")
    pictures = torch.rand(4, 3, 32, 32)
    normalized = (pictures - module.MEAN) / module.STD
    with torch.inference_mode():
        torch.testing.assert_close(theirs(normalized), ours(normalized))
    assert len(module.CLASSES) == 100
    (tmp_path / "network.py").write_text(text)
    assert_tidy(tmp_path / "network.py")


def test_that_dropout_after_blocks_drops_while_training_only(tmp_path: Path) -> None:
    config = TrainConfig(dropout=0.5, dropout_sites="blocks")
    network = loaded(script(config), tmp_path).build()
    pictures = torch.randn(8, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network.eval()(pictures), network(pictures))
        assert not torch.equal(network.train()(pictures), network(pictures))


def test_that_it_takes_the_same_pictures(tmp_path: Path, shared_cache: Path) -> None:
    config = TrainConfig(train_per_class=20, validation_per_class=7, test_per_class=11, seed=3)
    dataset: Dataset = load_dataset("demo")
    wanted = choose(dataset, train_per_class=20, validation_per_class=7, test_per_class=11, seed=3)
    module = loaded(script(config), tmp_path)
    train, validation, test = module.choose(dataset.train.labels_N, dataset.test.labels_N, 3)
    assert np.array_equal(train, wanted.train)
    assert np.array_equal(validation, wanted.validation)
    assert np.array_equal(test, wanted.test)


def test_that_a_run_of_the_demo_set_says_what_it_trains_on() -> None:
    assert "this trains on CIFAR-100" in script(TrainConfig(), data="demo")


def test_that_a_strangers_environment_puts_no_code_in() -> None:
    words = 'float32")\nimport os  # '
    with pytest.raises(BadInputError, match="precision that is none"):
        script(TrainConfig(), precision=words)
    environment = replace(make_environment("CIFAR-100"), torch='"""\nimport os\n"""')
    text = script_of(run_of(TrainConfig(), environment))
    assert "import os" not in [line.strip() for line in text.splitlines()]
    assert isinstance(ast.parse(text).body[0], ast.Expr)
