"""The system's own libraries that Qt opens on Linux: found missing before Qt does, and provided.

Qt's own message names the wrong library when one is missing, so each is tried by its name.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Say = Callable[[str], None]

# Library: the Debian package that holds it.
QT = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfreetype.so.6": "libfreetype6",
    "libfontconfig.so.1": "libfontconfig1",
    "libzstd.so.1": "libzstd1",
}
X_SCREEN = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
# Program: its Debian package. The tests use them where they are there.
TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "xauth": "xauth",
    "xdotool": "xdotool",
    "desktop-file-validate": "desktop-file-utils",
}
FONT_PACKAGE = "fonts-dejavu-core"
FONT_ENDINGS = {".ttf", ".otf", ".ttc", ".pfb"}
NO_DISPLAY = (
    "There is no display for the window (DISPLAY and WAYLAND_DISPLAY are unset): work on the "
    "command line, as in: python3 packaging/studio.py train --preset quick-look"
)


def provide_for_window(say: Say) -> str:
    """Sees to it that the window can open; returns the fault and its remedy, empty if none."""
    if sys.platform != "linux":
        return ""
    wanted = wanted_by_display(os.environ)
    return NO_DISPLAY if wanted is None else provide(missing(wanted), say)


def provide_for_tests(say: Say) -> str:
    """Sees to it that the tests can run; a virtual screen is welcome, and no fault if missing."""
    if sys.platform != "linux":
        return ""
    programs = {name: package for name, package in TEST_PROGRAMS.items() if not shutil.which(name)}
    everything = missing({**QT, **X_SCREEN}) | programs
    fault = provide(everything, say)
    needed = missing(QT) if fault else {}
    if fault and not needed:
        say(f"{fault}\nGoing on without: what needs a screen may be left out.")
    return fault if needed else ""


def wanted_by_display(environ: Mapping[str, str]) -> dict[str, str] | None:
    """The libraries for the display that Qt will use; None where there is no display."""
    platform = environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform not in ("", "xcb") and not platform.startswith("wayland"):
        return QT  # offscreen and others like it need no display
    if environ.get("DISPLAY"):
        return {**QT, **X_SCREEN}
    return {**QT, **WAYLAND} if environ.get("WAYLAND_DISPLAY") else None


def missing(libraries: Mapping[str, str]) -> dict[str, str]:
    """Those of the libraries that the system's loader cannot open, and a font where none is."""
    found_missing = {}
    for soname, package in libraries.items():
        try:
            ctypes.CDLL(soname)
        except OSError:
            found_missing[soname] = package
    if not has_font():
        found_missing["a font"] = FONT_PACKAGE
    return found_missing


def has_font() -> bool:
    """Whether there is any outline font: without one every text is a row of empty boxes."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    places = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    places += [home / ".fonts", data / "fonts"]
    return any(path.suffix.lower() in FONT_ENDINGS for p in places for path in p.rglob("*"))


def provide(lacking: Mapping[str, str], say: Say) -> str:
    """Installs the packages where this account may; returns the fault and its remedy, else ""."""
    if not lacking:
        return ""
    packages = sorted(set(lacking.values()))
    names = list(lacking)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    fault = f"The system lacks {', '.join(names[:3])}{more} for the window"
    if shutil.which("apt-get") is None:
        return f"{fault}; {remedy_without_apt(lacking)}, then call again."
    apt = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    remedy = f"run: sudo {' '.join(apt)}"
    prefix: list[str] = []
    if os.geteuid() != 0:
        prefix = ["sudo", "-n"]
        if not succeeds([*prefix, "true"]):
            return f"{fault}; {remedy}"
    say(f"{fault}; installing {' '.join(packages)}")
    started = time.monotonic()
    # A bare system has no package lists yet, and old lists name packages that are gone.
    if not succeeds([*prefix, *apt]):
        succeeds([*prefix, "apt-get", "update"])
        if not succeeds([*prefix, *apt]):
            return f"{fault}, and installing failed; {remedy}"
    say(f"  {len(packages)} system packages installed in {time.monotonic() - started:.0f} s")
    return ""


def remedy_without_apt(lacking: Mapping[str, str]) -> str:
    """RPM systems find a package by the library it provides; elsewhere the names must do."""
    bits = "()(64bit)" if sys.maxsize > 2**32 else ""
    names = [f"'{name}{bits}'" if ".so." in name else name for name in lacking if name != "a font"]
    if "a font" in lacking:
        names.append("dejavu-sans-fonts")
    for tool in ("dnf", "zypper"):
        if shutil.which(tool):
            return f"run: sudo {tool} install {' '.join(names)}"
    return "install the packages that hold them"


def succeeds(command: list[str]) -> bool:
    """Runs a command without a word or a question; whether it ended well."""
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = subprocess.DEVNULL
    try:
        return not subprocess.call(command, stdin=quiet, stdout=quiet, stderr=quiet, env=settings)
    except OSError:
        return False
