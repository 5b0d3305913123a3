"""A run's script trains as the run did, without the studio."""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.export.script import script_of
from cifar_studio.runner.prepare import prepare
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runner.session import follow
from cifar_studio.runs.library import Run, list_runs
from runner.small_runs import GoOn

PATIENCE_S = 110


@pytest.mark.real_data
def test_that_its_figures_lie_among_those_of_the_studio(
    tmp_path: Path, shared_cache: Path, one_thread: None
) -> None:
    """The training loss within the spread of three seeds, and a tenth of the rate outside it."""
    config = TrainConfig(
        epochs=1, train_per_class=12, test_per_class=2, batch_size=20, precision="float32"
    )
    for seed in range(3):
        request = TrainRequest(
            id=1, config=replace(config, seed=seed), data="auto", runs=str(tmp_path / "runs")
        )
        list(follow(prepare(request), GoOn()))
    runs = list_runs(tmp_path / "runs")
    losses = [run.rows[-1].train_loss or 0.0 for run in runs]
    first = runs[-1]
    right = trained_alone(script_of(first), tmp_path / "right")
    slow = replace(first.config, learning_rate=0.001)
    wrong_run = Run(first.path, slow, first.environment, first.status, first.rows, first.notes)
    wrong = trained_alone(script_of(wrong_run), tmp_path / "wrong")
    middle, spread = statistics.fmean(losses), statistics.stdev(losses)
    assert abs(float(right["train_loss"]) - middle) < 5 * spread, (right, losses)
    assert abs(float(wrong["train_loss"]) - middle) > 5 * spread, (wrong, losses)


def trained_alone(text: str, folder: Path) -> dict[str, str]:
    """Run a script where the studio cannot be imported; its last row."""
    folder.mkdir()
    (folder / "train.py").write_text(text)
    place = Path(os.environ["CIFAR100_ROOT"])
    root = place.parent if place.name == "cifar-100-python" else place
    words = [sys.executable, "-P", "train.py", "--data", str(root), "--device", "cpu"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*words, "--workers", "0"],
        cwd=folder,
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with (folder / "epochs.csv").open() as file:
        return list(csv.DictReader(file))[-1]
