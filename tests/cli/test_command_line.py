"""The command line as a person types it, in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cifar_studio import __version__
from cifar_studio.runs.folder.library import Run, load
from cli_support import ENDLESS, PATIENCE_S, TINY, assert_one_line, last_run, start, studio

pytestmark = [pytest.mark.usefixtures("shared_cache"), pytest.mark.timeout(3 * PATIENCE_S)]
TINY_WORDS = [
    "--set=epochs=2",
    "--set=train_per_class=2",
    "--set=test_per_class=1",
    "--set=batch_size=50",
]


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "neither --preset nor --config is given"),
        (["train", "--preset", "report-alexnet"], "there is no preset 'report-alexnet'"),
        (["train", "--preset", "quick-look", "--set", "epoch=3"], "did you mean epochs?"),
        (["train", "--preset", "quick-look", "--set", "epochs"], "has no '='"),
        (["train", "--config", "no.json"], "no.json cannot be read"),
        (["train", "--resume", "nowhere"], "nowhere is no run folder"),
        (["train", "--resume", "x" * 300], "is no run folder"),
        (["train", "--resume", "a", "--preset", "quick-look"], "Leave --preset and --config out"),
        (["train", "--resume", "a", "--config", "b"], "Leave --preset and --config out"),
        (
            ["train", "--resume", "a", "--set=seed=3", "--set=epochs=0", "--set=epoch=3"],
            "keeps its seed, epoch. With --resume only epochs, schedule_epochs and device can be "
            "set",
        ),
        (["train", "--resume", "a", "--set=epochs=0", "--set=device=gpu"], "epochs: is 0, must"),
        (
            ["train", "--resume", "a", "--set=epochs=0", "--set=device=gpu"],
            "device: is 'gpu', must",
        ),
        (["train", "--resume", "a", "--set=epochs"], "has no '='"),
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
    assert_one_line(result, said)
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
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert result.stdout.split() == [__version__, "False"]
    assert "train" in studio("--help").stdout


def test_that_where_names_every_place() -> None:
    result = studio("data", "where")
    assert result.returncode == 0
    assert "CIFAR100_ROOT" in result.stdout
    assert json.loads(studio("data", "where", "--json").stdout)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, _cache: Path) -> Iterator[Run]:
    """A run of one epoch; tests work on copies of its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(_cache / "demo"))
        runs = tmp_path_factory.mktemp("runs")
        result = studio(*TINY, "--set=epochs=1", f"--runs={runs}")
        assert result.returncode == 0, result.stderr
        yield last_run(result.stdout)


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished.path, tmp_path / finished.path.name))


def resume(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return studio("train", "--resume", folder, *words)


def test_that_a_finished_run_can_be_made_longer(copied: Path) -> None:
    result = resume(copied, "--set=epochs=2", "--set=device=cpu")
    assert result.returncode == 0, result.stderr
    run = load(copied)
    assert run.status.state == "finished"
    assert [row.epoch for row in run.rows] == [1, 2]
    assert (run.config.epochs, run.config.device) == (2, "cpu")
    # And not again to what is done already.
    again = resume(copied, "--set=epochs=2")
    assert again.returncode == 2
    assert_one_line(again, "has finished 2 epochs", "--set epochs=")


@pytest.mark.parametrize(("damage", "kept"), [("damaged", "last.pt"), ("missing", "best.pt")])
def test_that_settings_are_recovered_and_that_is_said(copied: Path, damage: str, kept: str) -> None:
    (copied / "config.json").write_bytes(b"\0" * 100)
    if damage == "missing":
        (copied / "config.json").unlink()
    for name in {"last.pt", "previous.pt", "best.pt"} - {kept}:
        (copied / name).unlink(missing_ok=True)
    result = resume(copied, "--set=epochs=2")
    assert result.returncode == 0, result.stderr
    assert "cifar-studio: config.json was missing or damaged" in result.stderr
    run = load(copied)
    assert run.config.architecture == "mobilenet_v2"
    assert len(run.rows) == 2


def test_that_a_folder_without_settings_and_checkpoints_is_no_run(copied: Path) -> None:
    for name in ("config.json", "last.pt", "previous.pt", "best.pt"):
        (copied / name).unlink(missing_ok=True)
    result = resume(copied)
    assert result.returncode == 2
    assert_one_line(result, "neither a config.json")


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
def test_that_odd_names_of_folders_work(tmp_path: Path) -> None:
    names = ("two  spaces and 'quotes' $HOME", "grüße 日本 🙂", "[red] {x} %s", "-", "l" * 200)
    runs = tmp_path.joinpath(*names)
    result = studio(*TINY, "--set=epochs=1", f"--runs={runs}")
    assert result.returncode == 0, result.stderr
    run = last_run(result.stdout)
    assert run.path.parent == runs
    assert run.status.state == "finished"
    (entry,) = json.loads(studio("runs", "--json", "--runs", runs).stdout)
    assert entry["folder"] == str(run.path)


@pytest.mark.parametrize(
    "name",
    ["ü" * 200, "x" * 300, "line\nend", "\x1b[31m", os.fsdecode(b"latin-\xfc")],
    ids=ascii,
)
@pytest.mark.skipif(os.name == "nt", reason="other names are refused there")
def test_that_a_name_that_no_run_can_have_is_refused(tmp_path: Path, name: str) -> None:
    result = studio(*TINY, b"--runs=" + os.fsencode(tmp_path / name))
    assert result.returncode == 2
    assert_one_line(result, "--runs")
    assert result.stderr.strip().isprintable()
    assert not result.stdout


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
def test_that_a_run_folder_whose_name_is_no_text_is_refused(copied: Path) -> None:
    renamed = copied.rename(copied.with_name(os.fsdecode(b"\xff\n")))
    result = resume(renamed, "--set=epochs=2")
    assert result.returncode == 2
    assert_one_line(result, "is no valid text")


@pytest.mark.skipif(os.name == "nt", reason="there are no such files there")
@pytest.mark.parametrize("kind", ["pipe", "zero", "folder"])
def test_that_a_config_without_end_is_refused(tmp_path: Path, kind: str) -> None:
    config = Path("/dev/zero") if kind == "zero" else tmp_path / "config.json"
    if kind == "pipe":
        os.mkfifo(config)
    elif kind == "folder":
        config.mkdir()
    result = studio("train", "--config", config)
    assert result.returncode == 2
    assert_one_line(result, str(config))


def test_that_a_training_talks_to_no_other_computer(tmp_path: Path) -> None:
    watch = """
import sys
def tell(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        print("NETWORK", event, arguments, file=sys.stderr, flush=True)
sys.addaudithook(tell)
"""
    words = (*ENDLESS, "--set=train_per_class=1", f"--runs={tmp_path / 'runs'}")
    with start(*words, code=watch) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline()]
        while not lines[-1].startswith("epoch 1/"):
            assert lines[-1], lines
            lines.append(process.stderr.readline())
        running = psutil.Process(process.pid)
        for one in (running, *running.children(recursive=True)):
            assert not one.net_connections("inet")
        process.terminate()
        _, rest = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "NETWORK" not in "".join(lines) + rest
