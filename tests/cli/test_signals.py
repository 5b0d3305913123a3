"""Ctrl-C, SIGTERM and a terminal that closes, from the first import to the last save."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from pathlib import Path

import pytest

from cifar_studio.cli.output.signals import SignalControl, ended_by_signals
from cifar_studio.runner.protocol import Command
from cifar_studio.runs.folder.run_folder import RunFolder
from cli_support import ENDLESS, PATIENCE_S, TINY, last_run, only_run, start, studio
from long_forms import daily

pytestmark = [
    pytest.mark.usefixtures("shared_cache"),
    pytest.mark.timeout(3 * PATIENCE_S),
    pytest.mark.skipif(os.name == "nt", reason="signals are others there"),
]

# Puts a save under the test's thumb: it is told of, and waits until standard input closes.
IMPATIENCE_S = 0.6
"""A person who presses Ctrl-C again; sooner it is an echo of the first."""
SLOW_SAVE = """
import signal, sys
from cifar_studio.engine.training import epoch_files
from cifar_studio.cli.output import training_console
from cifar_studio.runs.folder.events import BatchesEnded

save, show = epoch_files.save_state, training_console.TrainingDisplay.show

def save_slowly(*arguments):
    print("saving", file=sys.stderr, flush=True)
    sys.stdin.read()
    save(*arguments)

def show_and_interrupt(display, event):
    show(display, event)
    if isinstance(event, BatchesEnded):
        signal.raise_signal({first})

epoch_files.save_state, training_console.TrainingDisplay.show = save_slowly, show_and_interrupt
"""


def read_until(terminal: int, words: bytes) -> bytes:
    """What a terminal shows, up to these words."""
    shown = b""
    while words not in shown:
        assert select.select([terminal], [], [], PATIENCE_S)[0], shown
        shown += os.read(terminal, 4096)
    return shown


@pytest.mark.parametrize(
    "module",
    daily(
        ("cifar_studio.cli.app", "torch.nn"),
        (
            "cifar_studio.cli.app",
            "typer",
            "msgspec",
            "numpy",
            "torch._utils",
            "torch.nn",
            "torchvision",
        ),
    ),
)
def test_that_ctrl_c_in_the_midst_of_imports_ends_at_once_and_quietly(
    tmp_path: Path, module: str
) -> None:
    words = (*ENDLESS, f"--runs={tmp_path / 'runs'}")
    with start(*words, options=("-X", "importtime")) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == module:
                break
        os.kill(process.pid, signal.SIGINT)
        output, rest = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert not output
    assert not [line for line in rest.splitlines() if not line.startswith("import time:")]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "number", daily((signal.SIGINT,), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
)
def test_that_the_first_signal_keeps_the_state_and_resume_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start(*ENDLESS, f"--runs={tmp_path / 'runs'}") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("MobileNetV2 on demo")
        os.kill(process.pid, number)
        output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert "keeping the state" in errors
    assert "Traceback" not in errors
    run = last_run(output)
    assert f"--resume {run.path}" in errors
    assert run.status.state == "stopped"
    assert (run.path / "last.pt").exists()
    assert not RunFolder(run.path).is_held()
    if number is signal.SIGINT:
        longer = len(run.rows) + 1
        resumed = studio("train", "--resume", run.path, f"--set=epochs={longer}")
        assert resumed.returncode == 0, resumed.stderr
        assert len(last_run(resumed.stdout).rows) == longer


@pytest.mark.parametrize(
    ("first", "second"),
    daily(
        ((signal.SIGINT, signal.SIGINT),),
        (
            (signal.SIGINT, signal.SIGINT),
            (signal.SIGINT, signal.SIGTERM),
            (signal.SIGTERM, signal.SIGTERM),
            (signal.SIGHUP, signal.SIGTERM),
        ),
    ),
)
def test_that_a_second_signal_ends_a_save_at_once(
    tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    words = (*ENDLESS, f"--runs={tmp_path / 'runs'}")
    code = SLOW_SAVE.format(first=int(first))
    with start(*words, code=code, stdin=-1) as process:
        assert process.stderr is not None
        assert "saving\n" in iter(process.stderr.readline, "")
        time.sleep(IMPATIENCE_S)
        os.kill(process.pid, second)
        assert process.wait(PATIENCE_S) == 128 + second
        assert not process.stderr.read()
    run = only_run(tmp_path / "runs")
    assert run.status.state == "interrupted"
    assert not RunFolder(run.path).is_held()
    assert '"running"' in (run.path / "status.json").read_text()


@pytest.mark.parametrize(
    ("number", "seconds"),
    daily(
        ((signal.SIGINT, 0),),
        ((signal.SIGHUP, IMPATIENCE_S), (signal.SIGINT, 0), (signal.SIGTERM, 0)),
    ),
)
def test_that_a_signal_that_comes_twice_is_no_impatience(
    number: signal.Signals, seconds: float, tmp_path: Path
) -> None:
    """Of a closed terminal the shell tells, and then the system; make passes Ctrl-C on."""
    words = (*ENDLESS, f"--runs={tmp_path / 'runs'}")
    code = SLOW_SAVE.format(first=int(number)).replace(
        f"signal.raise_signal({int(number)})",
        f"[signal.raise_signal({int(number)}) for _ in range(2)]",
    )
    with start(*words, code=code, stdin=-1) as process:
        assert process.stderr is not None
        assert "saving\n" in iter(process.stderr.readline, "")
        if seconds:
            time.sleep(seconds)
            os.kill(process.pid, number)
        output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert last_run(output).status.state == "stopped"


def test_that_a_training_in_a_terminal_that_closes_is_saved(tmp_path: Path) -> None:
    ours, its = os.openpty()
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    streams = {"stdin": its, "stdout": its, "stderr": its, "start_new_session": True}
    with start(*ENDLESS, f"--runs={tmp_path / 'runs'}", code=code, **streams) as process:
        os.close(its)
        read_until(ours, b"pictures/s")
        os.close(ours)
        process.wait(PATIENCE_S)
    assert process.returncode == 1  # nobody could be told where the run is
    run = only_run(tmp_path / "runs")
    assert run.status.state == "stopped"
    assert (run.path / "last.pt").exists()


def test_that_the_cursor_is_there_again_after_a_second_ctrl_c(tmp_path: Path) -> None:
    """The bar hides it, and has no time to show it."""
    ours, its = os.openpty()
    words = (*ENDLESS, f"--runs={tmp_path / 'runs'}")
    code = SLOW_SAVE.format(first=int(signal.SIGINT))
    with start(*words, code=code, stdin=-1, stderr=its) as process:
        os.close(its)
        shown = read_until(ours, b"saving")
        time.sleep(IMPATIENCE_S)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    os.close(ours)
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l") >= 0


def test_that_what_goes_wrong_in_the_display_saves_and_lets_go(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from cifar_studio.cli import app as cli
from cifar_studio.cli.output import training_console
from cifar_studio.runs.folder.events import BatchesEnded
from cifar_studio.runs.folder.run_folder import RunFolder

show = training_console.TrainingDisplay.show
followed = []

def fail(display, event):
    show(display, event)
    if isinstance(event, BatchesEnded):
        raise RuntimeError("the display failed")
    followed.append(getattr(event, "folder", None))

def look(error):
    print(error, "held" if RunFolder(Path(followed[0])).is_held() else "free")
    return unexpected(error)

unexpected = cli._unexpected
training_console.TrainingDisplay.show = fail
cli._unexpected = look
"""
    result = studio(*ENDLESS, f"--runs={tmp_path / 'runs'}", patch=code)
    assert result.returncode == 1
    assert result.stdout == "the display failed free\n"
    assert "something unexpected (RuntimeError: the display failed)" in result.stderr
    run = only_run(tmp_path / "runs")
    assert run.status.state == "interrupted"
    assert (run.path / "last.pt").exists()


@pytest.mark.parametrize(
    ("refusals", "state"), daily(((99, "failed"),), ((1, "stopped"), (99, "failed")))
)
def test_that_a_disk_that_refuses_ends_the_run_with_one_line(
    tmp_path: Path, refusals: int, state: str
) -> None:
    code = f"""
import errno
from cifar_studio.engine.training import epoch_files

save, refusals = epoch_files.save_epoch, [{refusals}]

def refuse(*arguments, **named):
    if refusals[0]:
        refusals[0] -= 1
        raise OSError(errno.ENOSPC, "No space left on device")
    return save(*arguments, **named)

epoch_files.save_epoch = refuse
"""
    result = studio(*TINY, "--set=epochs=2", f"--runs={tmp_path / 'runs'}", patch=code)
    assert result.returncode == 1
    ours = [line for line in result.stderr.splitlines() if line.startswith("cifar-studio: ")]
    assert sum("No space left" in line for line in ours) == 1, result.stderr
    assert only_run(tmp_path / "runs").status.state == state


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_that_a_signal_unwinds_other_work_whatever_that_brings(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    """A loader process that got the signal too makes torch raise in the midst of clearing up."""
    before = signal.getsignal(number)
    cleared = []

    def work() -> None:
        with ended_by_signals("Stopped; nothing is kept."):
            try:
                signal.raise_signal(number)
            finally:
                signal.raise_signal(number)  # such as make passes it on; not again so soon
                cleared.append(True)
                raise RuntimeError("a helper process is gone")

    with pytest.raises(SystemExit) as ended:
        work()
    assert ended.value.code == 128 + number
    assert cleared
    assert signal.getsignal(number) is before
    assert capfd.readouterr().err == "Stopped; nothing is kept.\n"


def test_that_faults_without_a_signal_are_told_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="its own"), ended_by_signals("Stopped."):
        raise RuntimeError("its own")


def test_that_a_second_signal_kills_the_work_of_another_process(tmp_path: Path) -> None:
    code = f"""
import signal, time
from cifar_studio.cli.output.signals import SignalControl
with SignalControl(lambda: print("stop", flush=True), lambda: print("kill", flush=True)):
    signal.raise_signal(signal.SIGTERM)
    time.sleep({IMPATIENCE_S})
    signal.raise_signal(signal.SIGTERM)
    time.sleep({PATIENCE_S})
"""
    done = studio(code=code)
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stdout == "stop\nkill\n"


def test_that_a_signal_that_was_ignored_stays_ignored() -> None:
    """As nohup wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalControl() as control:
            signal.raise_signal(signal.SIGHUP)
            assert not control.stop_requested
            assert control.poll() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_that_signals_are_left_as_they_were(capfd: pytest.CaptureFixture[str]) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with SignalControl() as control:
        assert control.poll() is None
        signal.raise_signal(signal.SIGTERM)
        assert control.stop_requested
        assert control.poll() is Command.STOP_NOW
        assert control.wait() is Command.STOP_NOW
    assert [signal.getsignal(number) for number in numbers] == before
    assert re.fullmatch(r"Stopping .*\n", capfd.readouterr().err)
