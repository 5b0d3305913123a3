"""What the command line does with what is typed wrongly, and with outputs that fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.cli.output.training_display import TrainingDisplay
from cifar_studio.config.presets import preset
from cifar_studio.plain_text import plain, printable
from cli_support import PATIENCE_S, TINY, Word, assert_one_line, last_run, only_run, start, studio
from scripted_worker import started

pytestmark = pytest.mark.timeout(3 * PATIENCE_S)
FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
on_posix = pytest.mark.skipif(os.name == "nt", reason="pipes and streams are others there")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs, so that nothing is said about a missing one."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("CIFAR_STUDIO_RUNS", str(folder))
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--preest", "x"], "no option --preest. Perhaps --preset is meant"),
        (["train", "--epochs", "3"], "Settings are given as --set epochs=VALUE"),
        (["train", "--batch-size=3"], "Settings are given as --set batch_size=VALUE"),
        (["train", "--preset"], "'--preset' requires an argument"),
        (["train", "-x"], "no option -x"),
        (["rusn"], "Perhaps runs is meant"),
        (["data", "chekc"], "Perhaps check is meant; see `cifar-studio data --help`"),
        (["data"], "Give one of where, check, fetch"),
        (["experiment"], "Give one of new, run, list, show, stop, pause, go-on, more, finish"),
        (["--"], "no command is given"),
        (["--verison"], "Perhaps --version is meant"),
        (["runs", "more"], "unexpected extra argument"),
        (["runs", "--json=3"], "does not take a value"),
        (["\x1b[31mred\n"], "no such command"),
        ([b"\xff"], "no such command"),
    ],
)
def test_that_a_word_typed_wrongly_gets_one_line(words: list[Word], said: str) -> None:
    result = studio(*words)
    assert result.returncode == 2
    assert not result.stdout
    assert_one_line(result, said)
    assert result.stderr.strip().isprintable()


@pytest.mark.parametrize(
    "words", [["--help"], ["train", "-h"], ["data", "--help"], ["experiment", "new", "--help"]]
)
def test_that_help_stays_whole(words: list[str]) -> None:
    result = studio(*words)
    assert result.returncode == 0
    assert "Usage: cifar-studio" in result.stdout
    assert "─" in result.stdout
    assert not result.stderr


@needs_full_device
@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "words",
    [["data", "where"], ["data", "where", "--json"], ["runs", "--json"], ["--version"], ["--help"]],
)
def test_that_a_full_disk_under_the_output_gets_one_line(words: list[str]) -> None:
    with FULL.open("w") as full:
        result = studio(*words, stdout=full)
    assert result.returncode == 1
    assert_one_line(result, "No space left")


@on_posix
@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("words", [["data", "where"], ["runs", "--json"], ["train", "--help"]])
def test_that_a_broken_pipe_is_quiet(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = studio(*words, stdout=writing)
    os.close(writing)
    assert result.returncode == 1
    assert not result.stderr


@needs_full_device
def test_that_a_fault_keeps_its_exit_code_where_nobody_can_read_it() -> None:
    with FULL.open("w") as full:
        assert studio("nope", stderr=full).returncode == 2


@on_posix
def test_that_closed_streams_are_replaced() -> None:
    """A file that took the number of a closed stream would get what libraries write there."""
    code = (
        "import os, sys\n"
        "os.close(1), os.close(2)\n"
        "sys.stdout = sys.stderr = None\n"
        "from cifar_studio import terminal\n"
        "terminal.open_streams()\n"
        "sys.exit(0 if os.open(sys.argv[1], os.O_RDONLY) > 2 else 3)\n"
    )
    assert studio(os.devnull, code=code).returncode == 0
    code = "import os, sys; os.close(1); os.close(2); sys.stdout = sys.stderr = None"
    assert studio("data", "where", code=code).returncode == 1


@on_posix
def test_that_a_training_outlives_the_reader_of_its_progress(
    tmp_path: Path, shared_cache: Path
) -> None:
    with start(*TINY, "--set=epochs=2", f"--runs={tmp_path / 'runs'}") as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.readline().startswith("MobileNetV2 on demo")
        process.stderr.close()
        output = process.stdout.read()
    assert process.returncode == 0
    run = last_run(output)
    assert run.status.state == "finished"
    assert len(run.rows) == 2
    log = (run.path / "log.txt").read_text()
    assert log.count("progress is shown no more") == 1


@needs_full_device
def test_that_a_result_that_cannot_be_written_does_not_undo_the_training(
    tmp_path: Path, shared_cache: Path
) -> None:
    with FULL.open("w") as full:
        words = (*TINY, "--set=epochs=1", f"--runs={tmp_path / 'runs'}")
        result = studio(*words, stdout=full, stderr=full)
    assert result.returncode == 1
    assert only_run(tmp_path / "runs").status.state == "finished"


def test_that_a_line_holds_nothing_that_a_terminal_obeys() -> None:
    assert printable("größe 日本 🙂") == "größe 日本 🙂"
    obeyed = "a\n\r\t\x1b[2J\x7f\x9b\u202e\u2028" + os.fsdecode(b"\xff") + "\ud800"
    assert printable(obeyed) == (r"a\n\r\t\x1b[2J\x7f\x9b\u202e\u2028\xff\ud800")
    assert plain(os.fsdecode("größe".encode() + b"\xff")) == "größe\ufffd"


def test_that_a_fault_of_the_studio_itself_is_one_line_with_the_rest_in_a_file(runs: Path) -> None:
    broken = "import cifar_studio.cli.output.listing as l; l.list_folder = None"
    result = studio("runs", code=broken)
    assert result.returncode == 1
    assert_one_line(result, "something unexpected (TypeError")
    details = Path(result.stderr.rpartition(" ")[2].strip().rstrip("."))
    assert "Traceback" in details.read_text()


def test_that_a_training_begins_with_what_a_person_should_know_of_its_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = replace(preset("modern-resnet18").config, early_stopping="val_loss")
    for begun in (config, replace(config, schedule="constant")):
        with TrainingDisplay() as display:
            display.show(started(Path(), begun))
    assert capsys.readouterr().err.count("\ncifar-studio: Under a cosine schedule") == 1
