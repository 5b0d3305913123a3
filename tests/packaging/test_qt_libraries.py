"""The system's libraries for Qt: what is wanted, what is missing, who installs it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux needs them")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "studio_qt_libraries", ROOT / "packaging" / "qt_libraries.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


qt = load()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A Debian with an account that may do nothing; the list gets what it tries to run."""
    commands: list[list[str]] = []

    def refuse(command: list[str]) -> bool:
        commands.append(command)
        return False

    monkeypatch.setattr(qt, "succeeds", refuse)
    monkeypatch.setattr(qt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(qt.shutil, "which", lambda name: name if name == "apt-get" else None)
    return commands


def test_that_the_loader_is_asked_for_each_library() -> None:
    asked = {"libc.so.6": "libc6", "libnowhere-at-all.so.7": "libnowhere7"}
    found = qt.missing(asked)
    found.pop("a font", None)
    assert found == {"libnowhere-at-all.so.7": "libnowhere7"}


@pytest.mark.parametrize(
    ("environ", "library", "wanted"),
    [
        ({"DISPLAY": ":0"}, "libxcb-cursor.so.0", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libwayland-client.so.0", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libxcb-cursor.so.0", False),
        ({"QT_QPA_PLATFORM": "offscreen"}, "libxcb-cursor.so.0", False),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, "libGL.so.1", True),
        ({"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":0"}, "libxcb-cursor.so.0", True),
    ],
)
def test_that_the_display_decides_what_is_requested(
    environ: dict[str, str], library: str, wanted: bool
) -> None:
    assert (library in qt.wanted_by_display(environ)) is wanted


@pytest.mark.parametrize("environ", [{}, {"DISPLAY": ""}, {"QT_QPA_PLATFORM": "xcb"}])
def test_that_no_display_is_known(environ: dict[str, str]) -> None:
    assert qt.wanted_by_display(environ) is None


def test_that_who_may_not_install_gets_the_one_command(machine: list[list[str]]) -> None:
    fault = qt.provide({"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"}, pytest.fail)
    assert machine == [["sudo", "-n", "true"]]
    assert fault.startswith("The system lacks libGL.so.1, libEGL.so.1")
    assert fault.endswith("sudo apt-get install -y --no-install-recommends libegl1 libgl1")
    assert "\n" not in fault


def test_that_root_installs_and_fetches_the_package_lists_where_they_are_missing(
    monkeypatch: pytest.MonkeyPatch, machine: list[list[str]]
) -> None:
    answers = iter([False, True, True])

    def answer(command: list[str]) -> bool:
        machine.append(command)
        return next(answers)

    monkeypatch.setattr(qt, "succeeds", answer)
    monkeypatch.setattr(qt.os, "geteuid", lambda: 0)
    said: list[str] = []
    assert qt.provide({"libGL.so.1": "libgl1"}, said.append) == ""
    assert [command[1] for command in machine] == ["install", "update", "install"]
    assert "installing libgl1" in said[0]


@pytest.mark.parametrize("tool", ["dnf", "zypper"])
def test_that_rpm_systems_are_told_the_libraries_themselves(
    monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.setattr(qt.shutil, "which", lambda name: name if name == tool else None)
    fault = qt.provide({"libGL.so.1": "libgl1"}, pytest.fail)
    assert f"sudo {tool} install 'libGL.so.1()(64bit)'" in fault


def test_that_tests_go_on_without_a_virtual_screen(
    monkeypatch: pytest.MonkeyPatch, machine: list[list[str]]
) -> None:
    monkeypatch.setattr(qt, "missing", lambda _libraries: {})
    said: list[str] = []
    assert qt.provide_for_tests(said.append) == ""
    assert "Xvfb" in said[0]
    assert "apt-get install" in said[0]
