"""What goes beyond the report's way of training: its script says it, and learns the same."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch.nn.functional import cross_entropy

from cifar_studio.config.check import check
from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.engine.augmentation.erasing import draw_cutout
from cifar_studio.engine.training.sharpness import WorstNearby
from cifar_studio.export.networks.script import network_code_of, script_of
from export.learning_configs import EACH, VALIDATED, every_config
from export.scripts import loaded, run_of, with_precision
from long_forms import daily
from support import locked_rows


@pytest.mark.parametrize("every", daily((7,), (1, 7)))
def test_that_every_script_is_tidy_and_short(tmp_path: Path, every: int) -> None:
    for number, (name, config) in enumerate(list(every_config().items())[::every]):
        assert not check(config), name
        precisions = ("float32", "bfloat16") if config.sam_rho else ("float32", "float16")
        for precision in precisions:
            text = script_of(run_of(config, with_precision(precision)))
            assert len(text.splitlines()) <= 270
            assert "cifar_studio" not in text
            (tmp_path / f"script_{number}_{precision}.py").write_text(text)
        (tmp_path / f"loader_{number}.py").write_text(network_code_of(run_of(config)))
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "100", "--no-cache", str(tmp_path)]
    rules = ["--select", "E,F,W,I,B,UP"]
    for command in (["check", *rules], ["format", "--check"]):
        done = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]


def test_that_every_setting_is_in_it_and_only_where_it_counts() -> None:
    told = set().union(*EACH.values())
    assert told == {setting.key for setting in LEARNING_SETTINGS}
    plain = script_of(run_of(VALIDATED))
    for name, changes in EACH.items():
        config = replace(VALIDATED, **changes)
        text = script_of(run_of(config))
        assert text != plain, name
        for key in changes:
            usual = replace(config, **{key: getattr(VALIDATED, key)})
            assert script_of(run_of(usual)) != text, (name, key)
    idle = [setting for setting in LEARNING_SETTINGS if not setting.counts(VALIDATED)]
    values = {key: value for changes in EACH.values() for key, value in changes.items()}
    for setting in idle:
        changed = replace(VALIDATED, **{setting.key: values[setting.key]})
        assert script_of(run_of(changed)) == plain, setting.key


def test_that_a_script_of_the_reports_stays_as_it_is() -> None:
    """People compare such files, and nothing new is theirs."""
    texts = [script_of(run_of(preset.config)) for preset in REPORT_PRESETS]
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    assert digest == "72ff766197a35191ce35aeefd4686b59f4743850277674c542fc3ffaa5a1668b"


def test_that_what_a_run_came_to_is_said_as_it_was_chosen() -> None:
    run = run_of(VALIDATED)
    locked, ended = (
        dataclasses.replace(run, rows=tuple(locked_rows(ended=is_ended)))
        for is_ended in (False, True)
    )
    assert "Its best test accuracy was 10.00 % at epoch 1." in script_of(run)
    assert "Its best validation accuracy was 45.00 % at epoch 4." in script_of(locked)
    assert "Its test accuracy was 43.00 % at epoch 4, which validation chose." in script_of(ended)
    assert " % at epoch" not in script_of(dataclasses.replace(run, rows=()))


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize("name", daily(("resnet18",), ("resnet18", "vgg11")))
def test_that_sam_moves_as_the_studios_does(tmp_path: Path, name: Any) -> None:
    config = replace(VALIDATED, architecture=name, dropout=0.0, sam_rho=0.3)
    module = loaded(script_of(run_of(config)), tmp_path)
    networks = [module.build().train() for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    pictures, labels = torch.randn(8, 3, 32, 32), torch.arange(8)
    moving = (module.worst_nearby(networks[0]), WorstNearby(networks[1], 0.3, {}).moved())
    moved = []
    for network, context in zip(networks, moving, strict=True):
        cross_entropy(network(pictures), labels).backward()
        before = {key: value.clone() for key, value in network.state_dict().items()}
        with context:
            moved.append([weight.detach().clone() for weight in network.parameters()])
            network(pictures)
        for key, value in network.state_dict().items():
            assert torch.equal(value, before[key]), key
    torch.testing.assert_close(*moved)
    distance = [
        mine - before[key]
        for mine, (key, _) in zip(moved[0], networks[0].named_parameters(), strict=True)
    ]
    assert float(torch.stack([part.norm() for part in distance]).norm()) == pytest.approx(0.3, 0.01)


def test_that_cutout_blanks_out_what_the_studio_may(tmp_path: Path) -> None:
    config = replace(VALIDATED, cutout=0.75, cutout_size=9)
    module = loaded(script_of(run_of(config)), tmp_path)
    boxes = draw_cutout(config, 100_000, 1, torch.device("cpu"))
    assert boxes is not None
    possible = set(map(tuple, boxes.tolist()))
    drawn = [cut_by(module) for _ in range(2000)]
    assert possible >= set(drawn)
    wanted = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    areas = np.array([(bottom - top) * (right - left) for top, bottom, left, right in drawn])
    error = float(wanted.double().std()) / len(drawn) ** 0.5
    assert abs(areas.mean() - float(wanted.double().mean())) < 5 * error


def cut_by(module: ModuleType) -> tuple[int, int, int, int]:
    """The box that a script blanks out: top, bottom, left, right."""
    rows, columns = np.nonzero(module.cutout(torch.ones(3, 32, 32))[0].numpy() == 0)
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
