"""The command line as a person types it, in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cifar_studio import __version__
from cifar_studio.runs.library import load

pytestmark = pytest.mark.usefixtures("shared_cache")
TINY_WORDS = [
    "--set=epochs=2",
    "--set=train_per_class=2",
    "--set=test_per_class=1",
    "--set=batch_size=50",
]


def studio(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cifar_studio", *words],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=cwd,
    )


def train(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    runs = str(tmp_path / "my runs")
    return studio("train", "--preset", "quick-look", "--data", "demo", "--runs", runs, *words)


def test_that_train_leaves_a_run_and_names_it_last(tmp_path: Path) -> None:
    result = train(tmp_path, *TINY_WORDS)
    assert result.returncode == 0, result.stderr
    last = result.stdout.splitlines()[-1]
    assert last.startswith("run: ")
    run = load(Path(last.removeprefix("run: ")))
    assert run.status.state == "finished"
    assert len(run.rows) == 2
    assert run.environment is not None
    assert run.environment.command[:2] == ["cifar-studio", "train"]
    assert "epoch 2/2" in result.stderr
    listed = studio("runs", "--runs", str(tmp_path / "my runs"))
    assert run.path.name in listed.stdout
    (entry,) = json.loads(studio("runs", "--runs", str(run.path.parent), "--json").stdout)
    assert entry["best"]["epoch"] == run.best.epoch if run.best else None


def test_that_the_same_seed_gives_the_same_digits(tmp_path: Path) -> None:
    columns = []
    for seed in (1, 1, 2):
        result = train(tmp_path, *TINY_WORDS, f"--set=seed={seed}", "--set=epochs=1")
        folder = Path(result.stdout.splitlines()[-1].removeprefix("run: "))
        with (folder / "epochs.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        columns.append([row[name] for name in row if "loss" in name or "top" in name])
    assert columns[0] == columns[1]
    assert columns[0] != columns[2]


def test_that_json_tells_the_result(tmp_path: Path) -> None:
    result = train(tmp_path, *TINY_WORDS, "--set=epochs=1", "--json")
    told = json.loads(result.stdout)
    assert told["state"] == "finished"
    assert told["epochs"][0]["epoch"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_ctrl_c_keeps_the_state_and_resume_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    runs = tmp_path / "runs"
    words = ["--data", "demo", "--runs", str(runs), *TINY_WORDS, "--set=train_per_class=100"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cifar_studio", "train", "--preset", "quick-look", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("resnet18 on demo"), line
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    folder = Path(out.splitlines()[-1].removeprefix("run: "))
    assert load(folder).status.state == "stopped"
    assert (folder / "last.pt").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "neither --preset nor --config is given"),
        (["train", "--preset", "report-alexnet"], "there is no preset 'report-alexnet'"),
        (["train", "--preset", "quick-look", "--set", "epoch=3"], "did you mean epochs?"),
        (["train", "--preset", "quick-look", "--set", "epochs"], "has no '='"),
        (["train", "--config", "no.json"], "no.json cannot be read"),
        (["train", "--resume", "nowhere"], "nowhere is no run folder"),
        (["train", "--preset", "quick-look", "--data", "nowhere"], "nowhere"),
        (["train", "--preset", "quick-look"], "data fetch"),
        (["data", "check", "nowhere"], "nowhere"),
    ],
)
def test_that_bad_input_gets_one_line_and_exit_code_2(
    tmp_path: Path, words: list[str], said: str
) -> None:
    result = studio(*words, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.glob("**/epochs.csv"))


def test_that_help_and_version_are_quick_and_need_no_torch() -> None:
    code = (
        "import sys; sys.argv = ['cifar-studio', '--version']\n"
        "from cifar_studio.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert result.stdout.split() == [__version__, "False"]
    assert "train" in studio("--help").stdout


def test_that_where_names_every_place() -> None:
    result = studio("data", "where")
    assert result.returncode == 0
    assert "CIFAR100_ROOT" in result.stdout
    assert json.loads(studio("data", "where", "--json").stdout)
