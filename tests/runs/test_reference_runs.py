"""The reference runs that come with the studio: whole, small, and held against the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cifar_studio.config.presets import AS_PRINTED, PRESETS
from cifar_studio.export.tables.report_columns import RunColumn
from cifar_studio.runs.folder.library import can_resume, can_train_longer, load
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.runs.reference_runs import (
    is_reference,
    on_its_way,
    reference_folder,
    reference_of,
    reference_runs,
)
from support import make_environment, make_row

REPEATS = {
    "report-resnet18": "repeats the report within 0.3 points",
    "report-resnet18-dropout": "repeats the report within 0.5 points",
    "report-mobilenet_v2": "repeats the report within 0.5 points",
    "report-vgg11": "repeats the report within 0.7 points",
    "report-vgg11-as-printed": "far from the report: training accuracy 37 points lower",
    "report-densenet161": "not comparable: 27 of 40 epochs run",
}


def test_what_each_says_of_the_report() -> None:
    assert {run.path.name: RunColumn.of(run).verdict() for run in reference_runs()} == REPEATS


def test_that_each_is_a_whole_run_of_its_preset_that_cannot_go_on() -> None:
    for run in reference_runs():
        assert run.config == PRESETS[run.path.name].config
        assert run.damage == ()
        assert is_reference(run)
        assert not can_resume(run)
        assert not can_train_longer(run)
        assert run.environment is not None
        assert run.environment.device_name


def test_that_they_are_small() -> None:
    files = [path for path in reference_folder().rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) < 200_000


def test_that_a_run_finds_the_reference_of_its_preset() -> None:
    config = PRESETS["report-vgg11"].config

    def name_of(changed: object) -> str | None:
        found = reference_of(msgspec.convert(changed, type(config)))
        return found.path.name if found is not None else None

    assert name_of(config) == "report-vgg11"
    assert name_of(replace(config, seed=4, epochs=12)) == "report-vgg11"
    assert name_of(AS_PRINTED["report-vgg11"].config) == "report-vgg11-as-printed"
    assert name_of(replace(config, train_per_class=100)) is None, "its epochs are shorter"
    assert name_of(replace(config, batch_size=64)) is None, "another experiment"


@pytest.mark.parametrize(
    ("top1", "words"),
    [
        (22.0, "as the reference at epoch 2: 22.0 %, 20.0 %"),
        (23.5, "above the reference at epoch 2: 23.5 %, 20.0 %"),
        (16.0, "below the reference at epoch 2: 16.0 %, 20.0 %"),
    ],
)
def test_how_a_run_stands_beside_its_reference(top1: float, words: str) -> None:
    rows = [make_row(1, 10.0), make_row(2, 20.0)]
    assert on_its_way(rows, 2, top1, rows[1].test_top5) == words
    assert on_its_way(rows, 3, top1, 50.0) == ""


def test_that_the_script_makes_one_of_a_run_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "a run")
    folder.path.mkdir()
    config = PRESETS["report-vgg11"].config
    folder.write_config(config)
    folder.write_environment(make_environment("CIFAR-100", complete=True))
    folder.write_status(Status(state="finished", epoch=40, epochs=40))
    for epoch in range(1, 41):
        folder.append_epoch(replace(make_row(epoch), train_loss=1 / 3))
    script = Path(__file__).parents[2] / "packaging" / "reference_runs.py"

    def make(run: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, str(script), str(run), "--out", str(tmp_path / "out")]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert make(folder.path).returncode == 0
    made = load(tmp_path / "out" / "report-vgg11")
    assert made.config == config
    assert len(made.rows) == 40
    assert made.rows[0].train_loss == 0.333333
    assert made.notes.name == "Reference: VGG11"
    folder.write_config(replace(config, train_per_class=100))
    refused = make(folder.path)
    assert refused.returncode == 2
    assert "no whole report preset" in refused.stderr
