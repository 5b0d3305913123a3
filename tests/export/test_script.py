"""A run as a script of its own: the same network, pictures and recipe, and it runs alone."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ArchitectureName, Stem
from cifar_studio.config.check import check
from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.networks.models import build_for
from cifar_studio.errors import BadInputError, RunFolderError
from cifar_studio.export.networks.script import (
    CIFAR100_MEAN,
    CIFAR100_STD,
    network_code_of,
    script_of,
    write_script,
)
from cifar_studio.runs.folder.library import Run
from export.scripts import loaded, run_of, with_precision
from long_forms import daily
from support import make_environment


def every_config() -> list[TrainConfig]:
    found = [preset.config for preset in REPORT_PRESETS]
    for network, stem, (dropout, sites), (training, validation), flag in itertools.product(
        ARCHITECTURE_NAMES,
        ("imagenet", "cifar"),
        ((None, "classifier"), (0.1 + 0.2, "classifier"), (0.1 + 0.2, "blocks")),
        ((500, 0), (20, 0), (400, 10)),
        (False, True),
    ):
        config = TrainConfig(
            architecture=network,
            stem=stem,  # type: ignore[arg-type]
            dropout=dropout,
            dropout_sites=sites,  # type: ignore[arg-type]
            train_per_class=training,
            validation_per_class=validation,
            learning_rate=1e-05,
            nesterov=flag,
            random_crop=flag,
            deterministic=flag,
            device="cuda:1" if flag else "auto",
            horizontal_flip=stem == "cifar",
            normalization="half" if flag else "dataset",
        )
        if not check(config):
            found.append(config)
    return found


@pytest.mark.parametrize("every", daily((7,), (1, 7)))
def test_that_every_script_and_loader_is_tidy_and_short(tmp_path: Path, every: int) -> None:
    for number, config in enumerate(every_config()[::every]):
        for precision in ("float32", "bfloat16", "float16"):
            text = script_of(run_of(config, with_precision(precision)))
            assert len(text.splitlines()) <= 170
            assert "cifar_studio" not in text
            (tmp_path / f"script_{number}_{precision}.py").write_text(text)
        loader = network_code_of(run_of(config))
        assert len(loader.splitlines()) <= 60
        (tmp_path / f"loader_{number}.py").write_text(loader)
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "100", "--no-cache", str(tmp_path)]
    rules = ["--select", "E,F,W,I,B,UP"]
    for command in (["check", *rules], ["format", "--check"]):
        done = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]


BUILT = (
    TrainConfig(dropout=0.5, seed=5),
    TrainConfig(stem="cifar", dropout=0.3, dropout_sites="blocks"),
    TrainConfig(architecture="mobilenet_v2", stem="cifar", dropout=0.3, dropout_sites="blocks"),
    TrainConfig(architecture="mobilenet_v2", dropout=0.4),
    TrainConfig(architecture="vgg11", stem="cifar"),
    TrainConfig(architecture="vgg11_bn", stem="cifar"),
    TrainConfig(architecture="densenet161", stem="cifar", dropout=0.5),
    TrainConfig(architecture="densenet161", dropout=0.5, dropout_sites="blocks"),
)


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize(
    "config",
    daily(BUILT[:4], BUILT),
    ids=lambda config: f"{config.architecture}-{config.stem}-{config.dropout_sites}",
)
def test_that_it_builds_the_studios_network(tmp_path: Path, config: TrainConfig) -> None:
    """The same names and starting weights, and the same pictures dropped for the same seed."""
    module = loaded(script_of(run_of(config)), tmp_path)
    torch.manual_seed(module.SEED)
    theirs = module.build()
    ours = build_for(config)
    weights = theirs.state_dict()
    assert list(weights) == list(ours.state_dict())
    for name, value in ours.state_dict().items():
        assert torch.equal(weights[name], value), name
    pictures = torch.randn(3, 3, 32, 32)
    answers = []
    for network in (theirs, ours):
        torch.manual_seed(1)
        with torch.no_grad():
            answers.append((network.train()(pictures), network.eval()(pictures)))
    for mine, wanted in zip(*answers, strict=True):
        assert torch.equal(mine, wanted)
    assert not torch.equal(*answers[0])


@pytest.mark.parametrize("name", daily(("resnet18", "mobilenet_v2"), ARCHITECTURE_NAMES))
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


@pytest.mark.parametrize(
    "changes",
    [
        {"validation_per_class": 7},
        {"folds": 3, "fold": 2},
        {"folds": 7, "fold": 7, "test": "never"},
    ],
    ids=str,
)
def test_that_it_takes_the_same_pictures(
    tmp_path: Path, shared_cache: Path, changes: dict[str, object]
) -> None:
    config = replace(TrainConfig(train_per_class=20, test_per_class=11, seed=3), **changes)
    dataset: Dataset = load_dataset("demo")
    wanted = choose_for(config, dataset)
    module = loaded(script_of(run_of(config)), tmp_path)
    chosen, held_back, tested = module.choose(dataset.train.labels_N, dataset.test.labels_N)
    assert np.array_equal(chosen, wanted.train)
    assert np.array_equal(held_back, wanted.validation)
    assert np.array_equal(tested, wanted.test)


def test_that_every_setting_is_in_it() -> None:
    base = TrainConfig(dropout=0.25)
    changes = {
        "architecture": "densenet161",
        "stem": "cifar",
        "dropout": 0.5,
        "dropout_sites": "blocks",
        "epochs": 3,
        "batch_size": 64,
        "learning_rate": 0.02,
        "momentum": 0.8,
        "weight_decay": 0.0,
        "nesterov": True,
        "random_crop": False,
        "horizontal_flip": False,
        "train_per_class": 400,
        "test_per_class": 50,
        "validation_per_class": 10,
        "seed": 1,
        "deterministic": True,
        "device": "cpu",
    }
    # What stands in environment.json decides these two, and lossless rewrites change no result.
    resolved, without = {"normalization", "precision"}, {"specialize"}
    learning = {setting.key for setting in LEARNING_SETTINGS}  # test_script_learning.py
    assert changes.keys() | resolved | without | learning == set(TrainConfig.__struct_fields__)
    plain = script_of(run_of(replace(base, train_per_class=300)))
    for key, value in changes.items():
        changed = replace(base, **{"train_per_class": 300, key: value})
        assert script_of(run_of(changed)) != plain, key
    assert "STD = (0.25, 0.25, 0.25)" in plain
    assert "torch.bfloat16" in script_of(run_of(base, with_precision("bfloat16")))


def test_that_a_run_of_the_demo_set_says_what_it_trains_on(tmp_path: Path) -> None:
    text = script_of(run_of(TrainConfig(), make_environment("demo")))
    module = loaded(text, tmp_path)
    assert "This trains on CIFAR-100" in (module.__doc__ or "")
    assert (module.MEAN, module.STD) == (CIFAR100_MEAN, CIFAR100_STD)
    assert "10.00 %" not in text  # of other pictures


def test_that_a_strangers_run_puts_nothing_into_it(tmp_path: Path) -> None:
    hostile = 'x"""\nimport os\nos.abort()\n"""\\\udcff{run}'
    environment = replace(make_environment("CIFAR-100"), torch=hostile, torchvision=hostile)
    found = ast.parse(script_of(run_of(TrainConfig(), environment, hostile)))
    wanted = ast.parse(script_of(run_of(TrainConfig())))
    assert ast.get_docstring(found) != ast.get_docstring(wanted)
    assert [ast.dump(node) for node in found.body[1:]] == [
        ast.dump(node) for node in wanted.body[1:]
    ]
    with pytest.raises(RunFolderError, match="no precision"):
        script_of(run_of(TrainConfig(), with_precision("float32); os.abort(")))
    run = run_of(TrainConfig())
    with pytest.raises(RunFolderError, match="no environment"):
        script_of(Run(run.path, run.config, None, run.status, run.rows, run.notes))
    with pytest.raises(BadInputError, match=r"End its name in \.py"):
        write_script(tmp_path / "train.txt", run)
