"""The command line in processes of its own, as tests of several folders start it.

To import torch and torchvision takes longer than what most tests do with them. So a command that
a test waits for is a fork of a process that has imported them once; where a test has to do with
the start of the process, its streams or signals, it is started from nothing.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
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
    *words: Word, code: str = "", patch: str = "", cwd: Path | None = None, **streams: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; both outputs are caught where `streams` says nothing.

    `code` comes before it in a process that starts from nothing; `patch` too, where a fork does.
    """
    if os.name == "posix" and not code and not streams and _interpreter_settings() == _SETTINGS:
        return _forked(words, cwd, patch)
    code += patch
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(
        _command(words, code), text=True, errors="replace", timeout=PATIENCE_S, cwd=cwd, **streams
    )


def _interpreter_settings() -> dict[str, str]:
    """What counts only while an interpreter starts."""
    names = ("PYTHON", "LC_", "LANG", "OMP_", "COLUMNS")
    return {name: value for name, value in os.environ.items() if name.startswith(names)}


_SETTINGS = _interpreter_settings()
_FORKS = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
_FORKS.set_forkserver_preload(
    [
        "cifar_studio.cli.app",
        "cifar_studio.cli.output.training_console",
        "cifar_studio.runner.training.follow",
        "cifar_studio.engine.training.trainer",
    ]
)


def _forked(
    words: tuple[Word, ...], cwd: Path | None, patch: str
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder) / name for name in ("stdout", "stderr")]
        process = _FORKS.Process(
            target=_run,
            args=(
                [os.fsencode(word) for word in words],
                cwd or Path.cwd(),
                dict(os.environ),
                outputs,
                patch,
            ),
        )
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(map(str, words)), PATIENCE_S)
        said = [path.read_text(encoding="utf-8", errors="replace") for path in outputs]
        return subprocess.CompletedProcess(words, process.exitcode, *said)


def _run(
    words: list[bytes], cwd: Path, environment: dict[str, str], outputs: list[Path], patch: str
) -> None:
    """In the fork: what a new interpreter would find, and then the command line."""
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["cifar-studio", *map(os.fsdecode, words)]
    exec(patch, {})
    from cifar_studio.__main__ import main

    main()


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
