"""The test run: style, types and imports beside pytest, on a virtual screen and without one.

The larger pytest run comes last, so that the output ends with its closing line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NO_TESTS_COLLECTED = 5


def run(python: Path, root: Path, words: Sequence[str]) -> int:
    """Runs everything but the long forms; 0 if all went well.

    With `--all` as the first word it runs these too; with other words pytest alone, which takes
    them.
    """
    with_long = words[:1] == ["--all"]
    pytest_arguments = list(words[1:] if with_long else words)
    checks = {} if pytest_arguments else started(style_checks(python), root)
    failed = []

    pytest = [str(python), "-m", "pytest", *pytest_arguments]
    short = "" if with_long or pytest_arguments else " and not long"
    # Without a runtime folder of its own Qt warns at every start, and a warning fails a test.
    with tempfile.TemporaryDirectory(prefix="studio-runtime-") as runtime:
        settings = {"XDG_RUNTIME_DIR": runtime, **os.environ}
        # Tests start two hundred processes, and each would compile the whole package anew.
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        if with_long:
            settings["STUDIO_TESTS_ALL"] = "1"
        places = [] if pytest_arguments else ["tests/ui"]  # only they open windows
        on_screen = run_on_screen([*pytest, "-m", f"screen{short}", *places], root, settings)
        if on_screen not in (0, NO_TESTS_COLLECTED):
            failed.append("pytest on a virtual screen")
        for title, (process, output) in checks.items():
            code = process.wait()
            heading(title)
            output.seek(0)
            print(output.read().decode(errors="replace"), end="", flush=True)
            if code:
                failed.append(title)
        heading("pytest, without a screen")
        if failed:
            print(f"Failed before this: {', '.join(failed)}.", flush=True)
        settings["QT_QPA_PLATFORM"] = "offscreen"
        everything = [] if pytest_arguments else ["-n", "auto", "--dist", "worksteal"]
        command = [*pytest, *everything, "-m", f"not screen{short}"]
        result = subprocess.call(command, cwd=root, env=settings)
    if result == NO_TESTS_COLLECTED and pytest_arguments and on_screen == 0:
        result = 0  # all that was asked for ran on the screen
    return result or (1 if failed else 0)


def started(
    checks: dict[str, list[str]], root: Path
) -> dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Each check under way, and the file that takes what it says."""
    running = {}
    for title, command in checks.items():
        output = tempfile.TemporaryFile()  # noqa: SIM115 - read when the check has ended
        process = subprocess.Popen(command, cwd=root, stdout=output, stderr=subprocess.STDOUT)
        running[title] = process, output
    return running


def style_checks(python: Path) -> dict[str, list[str]]:
    """Title and command of each check before the tests."""
    module = [str(python), "-m"]
    return {
        "ruff check": [*module, "ruff", "check", "."],
        "ruff format --check": [*module, "ruff", "format", "--check", "."],
        "mypy": [*module, "mypy"],
        "import-linter": [str(python.with_name("lint-imports")), "--no-cache"],
    }


def heading(title: str) -> None:
    print(f"\n-- {title}", flush=True)


def run_on_screen(command: list[str], root: Path, settings: dict[str, str]) -> int:
    """Runs pytest on a screen of its own; 0 where this system cannot make one."""
    heading("pytest, on a virtual screen")
    if sys.platform in ("win32", "darwin"):
        return subprocess.call(command, cwd=root, env=settings)
    if shutil.which("Xvfb") is None:
        print("Left out: there is no Xvfb here (Debian: apt-get install xvfb).", flush=True)
        return NO_TESTS_COLLECTED
    with virtual_screen() as display:
        if not display:
            print("Xvfb does not start: see what `Xvfb -displayfd 1` prints.", flush=True)
            return 1
        settings = {**settings, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        settings.pop("WAYLAND_DISPLAY", None)
        return subprocess.call(command, cwd=root, env=settings)


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Starts Xvfb, 1920x1080 with 24 bits; yields its display, empty where it did not start."""
    read_end, write_end = os.pipe()
    # Xvfb itself picks a free number and tells it once it is ready: no guess, no waiting.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as reader:
            number = reader.readline().strip()
        yield f":{number}" if number else ""
    finally:
        server.terminate()
        server.wait()
