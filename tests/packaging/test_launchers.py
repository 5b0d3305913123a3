"""The desktop's entries: what they hold, and that taking them away leaves nothing."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
AWKWARD = '/home/ä ö/100% $HOME/it\'s `a` "b"/c\\d;e/(x)'


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "studio_launchers", ROOT / "packaging" / "launchers.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


launchers = load()


def test_that_the_escaping_is_the_specifications() -> None:
    # The specification's own examples: a dollar sign is \\$, a backslash is four of them.
    assert launchers.escape_string(launchers.quote_argument("$")) == '"\\\\$"'
    assert launchers.escape_string(launchers.quote_argument("\\")) == '"\\\\\\\\"'
    assert launchers.quote_argument("100%") == '"100%%"'
    assert launchers.quote_argument('a "b" `c`') == '"a \\"b\\" \\`c\\`"'


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="needs its validator")
@pytest.mark.parametrize("path", ["/opt/studio", AWKWARD])
def test_that_the_entry_is_valid(tmp_path: Path, path: str) -> None:
    entry = tmp_path / launchers.ENTRY_FILE
    entry.write_text(launchers.desktop_entry(["/usr/bin/python3", path]), "utf-8")
    done = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("gio") is None, reason="needs a desktop's own launcher")
def test_that_the_desktop_starts_the_command_letter_by_letter(tmp_path: Path) -> None:
    # GLib looks for the program before it undoes a doubled per cent sign: no such sign in there.
    folder = tmp_path / AWKWARD.replace("/", "_").replace("%", "")
    folder.mkdir()
    result = folder / "arguments"
    program = folder / "a program"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$(dirname "$0")/arguments"\n')
    program.chmod(0o755)
    os.mkfifo(result)  # reading it waits until the program has written
    entry = tmp_path / launchers.ENTRY_FILE
    entry.write_text(launchers.desktop_entry([str(program), AWKWARD, "%f"]), "utf-8")
    quiet = subprocess.DEVNULL  # a pipe would be held open by the program, which waits for us
    subprocess.run(["gio", "launch", entry], check=True, stdout=quiet, stderr=quiet)
    assert result.read_text("utf-8") == f"{AWKWARD}\n%f\n"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the entry of Linux")
def test_that_install_and_uninstall_leave_the_home_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = tmp_path / "person"
    person.mkdir()
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    said: list[str] = []
    assert launchers.install(ROOT, said.append) == 0
    data = person / ".local" / "share"
    entry = (data / "applications" / "cifar-studio.desktop").read_text("utf-8")
    assert str(ROOT / "packaging" / "studio.py") in entry
    icons = sorted(path.parent.parent.name for path in data.glob("icons/hicolor/*/apps/*"))
    assert icons == sorted([*(f"{n}x{n}" for n in (16, 24, 32, 48, 64, 128, 256, 512)), "scalable"])
    assert launchers.install(ROOT, said.append) == 0  # again, over itself
    assert launchers.uninstall(said.append) == 0
    assert list(person.iterdir()) == []
    assert launchers.uninstall(said.append) == 0
    assert said[-1] == "CIFAR Studio was not installed."


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the entry of Linux")
def test_that_the_data_folder_is_respected_and_other_entries_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "my data"
    other = data / "applications" / "other.desktop"
    other.parent.mkdir(parents=True)
    other.write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    assert launchers.install(ROOT, str) == 0
    assert (data / "applications" / "cifar-studio.desktop").exists()
    assert launchers.uninstall(str) == 0
    assert [path for path in data.rglob("*") if path.is_file()] == [other]
    assert not (data / "icons").exists()


def test_that_the_file_for_macos_runs_the_command_letter_by_letter(tmp_path: Path) -> None:
    (file,) = launchers.install_macos(["printf", "%s", AWKWARD], tmp_path)
    assert file.name == "CIFAR Studio.command"
    assert shlex.split(file.read_text("utf-8").splitlines()[-1]) == [
        "exec",
        "printf",
        "%s",
        AWKWARD,
    ]
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o755
        assert subprocess.run([file], capture_output=True, check=True).stdout.decode() == AWKWARD


def test_that_the_windows_shortcut_takes_every_path_literally() -> None:
    # Written with both separators, so that it means the same wherever the test runs.
    studio = "C:/Users/O'Neil $x 100%/studio/packaging/studio.py"
    script = launchers.shortcut_script(
        Path("C:/menu/CIFAR Studio.lnk"), ["C:/py thon/pythonw.exe", studio], Path("C:/i.ico")
    )
    assert "$link.TargetPath = 'C:/py thon/pythonw.exe'" in script
    assert "$link.Arguments = '\"C:/Users/O''Neil $x 100%/studio/packaging/studio.py\"'" in script
    assert "$link.WorkingDirectory = 'C:/Users/O''Neil $x 100%/studio'".replace(
        "/", os.sep
    ) in script.replace("/", os.sep)
    assert script.splitlines()[-1] == "$link.Save()"


def test_that_the_batch_file_doubles_per_cent_signs() -> None:
    text = launchers.batch_file(["C:\\pythonw.exe", "C:\\100% ä\\studio.py"])
    assert text.endswith('start "" "C:\\pythonw.exe" "C:\\100%% ä\\studio.py"\r\n')
    assert "chcp 65001" in text


def test_that_a_path_with_a_line_break_is_refused() -> None:
    said: list[str] = []
    assert launchers.install(Path("/a\nb"), said.append) == 2
    assert "line break" in said[0]
