"""The desktop's own entries: CIFAR Studio in the programs of Linux, Windows and macOS.

What each file holds is made by functions that touch nothing; `install` and `uninstall` do the
rest, in the person's own folders alone.
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

Say = Callable[[str], None]

NAME = "CIFAR Studio"
ICON = "cifar-studio"
COMMENT = "Train and understand convolutional networks on CIFAR-100"
ENTRY_FILE = "cifar-studio.desktop"
# Characters that the Desktop Entry Specification escapes inside a quoted argument of Exec.
ESCAPED_IN_QUOTES = '\\"`$'


def install(root: Path, say: Say) -> int:
    """Adds the entry for the project in `root`; returns the exit code."""
    command = [base_python(), str(root / "packaging" / "studio.py")]
    if any("\n" in word or "\r" in word for word in command):
        say(f"A desktop entry cannot name a path with a line break: move {str(root)!r}.")
        return 2
    if sys.platform == "win32":
        written = install_windows(command, root)
    elif sys.platform == "darwin":
        written = install_macos(command, Path.home())
    else:
        written = install_linux(command, root / "resources" / "icons", data_home())
    say("\n".join([f"{NAME} is among the desktop's programs now; written:", *map(str, written)]))
    return 0


def uninstall(say: Say) -> int:
    """Takes away what `install` wrote, and folders that are empty then; returns the exit code."""
    if sys.platform == "win32":
        files = [place / f"{NAME}{end}" for place in windows_places() for end in (".lnk", ".bat")]
        keep = windows_places()
    elif sys.platform == "darwin":
        files, keep = [macos_file(Path.home())], [Path.home()]
    else:
        home = data_home()
        files = [home / "applications" / ENTRY_FILE]
        files += (home / "icons" / "hicolor").glob(f"*/apps/{ICON}.*")
        keep = [home] if os.environ.get("XDG_DATA_HOME") else [Path.home()]
    removed = [file for file in files if file.exists()]
    for file in removed:
        file.unlink()
        remove_empty_folders(file.parent, keep)
    say(f"{len(removed)} files removed." if removed else f"{NAME} was not installed.")
    return 0


def base_python() -> str:
    """The Python that runs set-up: outside of any environment, which may be made anew."""
    python = Path(getattr(sys, "_base_executable", "") or sys.executable)
    windowed = python.with_name("pythonw.exe")
    return str(windowed if sys.platform == "win32" and windowed.exists() else python)


def remove_empty_folders(folder: Path, keep: Iterable[Path]) -> None:
    """Removes the folder and those above it while they are empty, up to the ones to keep."""
    stop = set(keep)
    while folder not in stop and folder != folder.parent:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


# --- Linux ----------------------------------------------------------------------------------------


def data_home() -> Path:
    """XDG_DATA_HOME, where it is an absolute path as its specification demands."""
    named = Path(os.environ.get("XDG_DATA_HOME") or "")
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def install_linux(command: list[str], icons: Path, data: Path) -> list[Path]:
    """Writes the entry and the icons under the data folder; returns the files."""
    entry = data / "applications" / ENTRY_FILE
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_text(desktop_entry(command), "utf-8")
    written = [entry]
    hicolor = data / "icons" / "hicolor"
    sources = {icons / f"{ICON}.svg": "scalable"}
    for picture in sorted(icons.glob(f"{ICON}-*.png")):
        size = picture.stem.rpartition("-")[2]
        sources[picture] = f"{size}x{size}"
    for source, folder in sources.items():
        target = hicolor / folder / "apps" / f"{ICON}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written.append(target)
    os.utime(hicolor)  # a cache of icons, where there is one, is out of date by this
    return written


def desktop_entry(command: list[str]) -> str:
    """The desktop entry that runs the command (Desktop Entry Specification)."""
    lines = {
        "Type": "Application",
        "Version": "1.1",
        "Name": NAME,
        "GenericName": "Neural Network Trainer",
        "Comment": COMMENT,
        "Exec": escape_string(" ".join(quote_argument(word) for word in command)),
        "Icon": ICON,
        "Terminal": "false",
        "Categories": "Science;ArtificialIntelligence;",
        "Keywords": "neural;network;training;torch;images;",
        "StartupNotify": "true",
        "StartupWMClass": ICON,
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def quote_argument(word: str) -> str:
    """One argument of an Exec line, quoted, and with its per cent signs as no field codes."""
    escaped = "".join(f"\\{sign}" if sign in ESCAPED_IN_QUOTES else sign for sign in word)
    return '"' + escaped.replace("%", "%%") + '"'


def escape_string(value: str) -> str:
    """A value of type string: this rule is applied over the quoting, so it comes last."""
    return value.replace("\\", "\\\\").replace("\t", "\\t")


# --- macOS ----------------------------------------------------------------------------------------


def macos_file(home: Path) -> Path:
    return home / "Applications" / f"{NAME}.command"


def install_macos(command: list[str], home: Path) -> list[Path]:
    """Writes a file that the Finder runs; returns it."""
    file = macos_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(shell_script(command), "utf-8")
    file.chmod(0o755)
    return [file]


def shell_script(command: list[str]) -> str:
    return f"#!/bin/sh\n# Starts {NAME}.\nexec {shlex.join(command)}\n"


# --- Windows --------------------------------------------------------------------------------------


def windows_places() -> list[Path]:
    """The start menu's folder for programs."""
    roaming = os.environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    return [Path(roaming) / "Microsoft" / "Windows" / "Start Menu" / "Programs"]


def install_windows(command: list[str], root: Path) -> list[Path]:
    """Makes a shortcut in the start menu, or a .bat where PowerShell is forbidden."""
    place = windows_places()[0]
    place.mkdir(parents=True, exist_ok=True)
    link = place / f"{NAME}.lnk"
    script = shortcut_script(link, command, root / "resources" / "icons" / f"{ICON}.ico")
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    powershell = ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(powershell, check=True, capture_output=True, timeout=60)
    if link.exists():
        return [link]
    batch = place / f"{NAME}.bat"
    batch.write_bytes(batch_file(command).encode("utf-8"))
    return [batch]


def shortcut_script(link: Path, command: list[str], icon: Path) -> str:
    """The PowerShell that makes the shortcut; single quotes keep `$` and `%` as they are."""
    properties: Mapping[str, str] = {
        "TargetPath": command[0],
        "Arguments": subprocess.list2cmdline(command[1:]),
        "WorkingDirectory": str(Path(command[1]).parent.parent),
        "IconLocation": f"{icon},0",
        "Description": COMMENT,
    }
    lines = [
        "$ErrorActionPreference = 'Stop'",
        f"$link = (New-Object -ComObject WScript.Shell).CreateShortcut({powershell_quote(link)})",
        *(f"$link.{name} = {powershell_quote(value)}" for name, value in properties.items()),
        "$link.Save()",
    ]
    return "\n".join(lines)


def powershell_quote(value: object) -> str:
    """A literal string; PowerShell takes the typographic single quotes for quotes as well."""
    text = "".join(sign * 2 if sign in "'\u2018\u2019\u201a\u201b" else sign for sign in str(value))
    return f"'{text}'"


def batch_file(command: list[str]) -> str:
    """A .bat file in UTF-8; a per cent sign is doubled there, or it would begin a variable."""
    line = " ".join(f'"{word}"' for word in command).replace("%", "%%")
    return f'@echo off\r\nchcp 65001 >nul\r\nstart "" {line}\r\n'
