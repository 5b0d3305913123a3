"""The command line in processes of its own, as tests of several folders start it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cifar_studio.runs.folder.library import Run, load, run_paths

TINY = (
    "train",
    "--preset=quick-look",
    "--data=demo",
    "--set=architecture=mobilenet_v2",
    "--set=train_per_class=1",
    "--set=test_per_class=1",
    "--set=batch_size=50",
)
"""A training of a second an epoch."""
ENDLESS = (*TINY, "--set=epochs=100000", "--set=train_per_class=5")
PATIENCE_S = 110
"""Longest wait for a process: seconds of work, on a computer that has other work too."""

Word = str | bytes | Path


def studio(
    *words: Word, code: str = "", cwd: Path | None = None, **streams: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; both outputs are caught where `streams` says nothing."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(
        _command(words, code), text=True, errors="replace", timeout=PATIENCE_S, cwd=cwd, **streams
    )


@contextlib.contextmanager
def start(
    *words: Word, code: str = "", options: tuple[str, ...] = (), **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """Start the command line, and `code` before it in the same process; waits for its end.

    A test that fails meanwhile leaves no process behind.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    with subprocess.Popen(_command(words, code, options), text=True, **streams) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _command(words: tuple[Word, ...], code: str, options: tuple[str, ...] = ()) -> list[bytes]:
    ours = ["-m", "cifar_studio"]
    if code:
        ours = ["-c", f"{code}\nfrom cifar_studio.__main__ import main\nmain()"]
    return [os.fsencode(word) for word in (sys.executable, *options, *ours, *words)]


def last_run(output: str) -> Run:
    """The run that the last line of standard output names."""
    return load(Path(output.splitlines()[-1].removeprefix("run: ")))


def only_run(runs: Path) -> Run:
    """The run in a folder that has one."""
    (path,) = run_paths(runs)
    return load(path)


def assert_one_line(result: subprocess.CompletedProcess[str], *said: str) -> None:
    """Standard error is one line of ours with these words in it."""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("cifar-studio: ")
    for words in said:
        assert words in result.stderr
