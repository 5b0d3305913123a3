"""Set-up: what it finds due, what its arguments mean, and that no interruption wrecks it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "studio.py"
PROJECT = """
[project]
name = "tiny"
dependencies = ["torch>=2", "torchvision", "rich>=13"]
[project.optional-dependencies]
test = ["pytest"]
[tool.ruff]
line-length = 100
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="locks are not inherited on Windows")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("studio_setup", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


studio = load()


@pytest.fixture
def environment(tmp_path: Path) -> Any:
    """A tiny project without an environment, in a folder with an awkward name."""
    root = tmp_path / "a project, 100 % ä"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT, "utf-8")
    return studio.Environment(root)


@pytest.fixture
def ready(environment: Any) -> Any:
    """The same with an environment that is complete and has the CPU build of torch."""
    studio.prepare(environment, (), "cpu", fake_install)
    return environment


def fake_install(installer: Any, due: str, extras: Any, torch: str | None) -> dict[str, Any]:
    environment = installer.environment
    environment.python.parent.mkdir(parents=True, exist_ok=True)
    if not environment.python.exists():
        environment.python.symlink_to(sys.executable)
    return {
        "folder": str(environment.folder),
        "base": environment.base_name(),
        "project": studio.fingerprint(studio.read_project(environment.root)),
        "extras": sorted(extras),
        "torch": torch or "cpu",
    }


# --- Arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (None, False, [])),
        (["test", "-k", "foo"], (None, False, ["test", "-k", "foo"])),
        (["--torch", "cpu", "train", "--torch", "x"], ("cpu", False, ["train", "--torch", "x"])),
        (["--torch=cuda"], ("cuda", False, [])),
        (["--help"], (None, True, [])),
        (["train", "--help"], (None, False, ["train", "--help"])),
    ],
)
def test_that_only_options_before_the_first_word_are_set_ups_own(
    arguments: list[str], expected: object
) -> None:
    assert studio.split_arguments(arguments) == expected


@pytest.mark.parametrize("arguments", [["--torch"], ["--torch", "gpu"], ["--torhc=cpu", "runs"]])
def test_that_a_wrong_option_is_refused_in_one_line(
    arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["studio.py", *arguments])
    assert studio.main() == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_that_help_explains_itself_on_a_screenful(capfd: pytest.CaptureFixture[str]) -> None:
    assert studio.run(["--help"]) == 0
    text = capfd.readouterr().out
    assert len(text.splitlines()) <= 18
    assert all(word in text for word in ("test", "install", "uninstall", "--torch", "train"))


def test_that_an_older_python_is_told_so(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio.sys, "version_info", (3, 9, 2))
    assert studio.main() == 2
    assert "needs Python 3.11 or later" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a display")
def test_that_a_window_without_a_display_is_refused_before_anything_is_installed() -> None:
    unset = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    settings = {key: value for key, value in os.environ.items() if key not in unset}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "studio.py train" in done.stderr


# --- What is due ----------------------------------------------------------------------------------


def test_that_nothing_is_due_after_a_complete_set_up(ready: Any) -> None:
    assert studio.what_is_due(ready, (), None) == "nothing"
    assert studio.what_is_due(ready, (), "cpu") == "nothing"


def test_that_a_missing_environment_is_built(environment: Any) -> None:
    assert studio.what_is_due(environment, (), None) == "build"


def test_that_an_extra_or_a_changed_dependency_means_an_update(ready: Any) -> None:
    assert studio.what_is_due(ready, ("test",), None) == "update"
    (ready.root / "pyproject.toml").write_text(PROJECT.replace("rich>=13", "rich>=14"), "utf-8")
    assert studio.what_is_due(ready, (), None) == "update"


def test_that_a_changed_tool_setting_installs_nothing(ready: Any) -> None:
    (ready.root / "pyproject.toml").write_text(PROJECT.replace("100", "99"), "utf-8")
    assert studio.what_is_due(ready, (), None) == "nothing"


def test_that_another_torch_means_a_switch(ready: Any) -> None:
    assert studio.what_is_due(ready, (), "cuda") == "switch"


def test_that_a_project_that_moved_is_built_anew(ready: Any) -> None:
    moved = ready.root.rename(ready.root.with_name("elsewhere"))
    assert studio.what_is_due(studio.Environment(moved), (), None) == "build"


def test_that_an_environment_whose_python_is_gone_is_built_anew(ready: Any) -> None:
    ready.python.unlink()
    assert studio.what_is_due(ready, (), None) == "build"


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_that_a_damaged_stamp_counts_as_none(ready: Any, content: str) -> None:
    ready.stamp_file.write_text(content, "utf-8")
    assert studio.what_is_due(ready, (), None) == "build"


def test_that_a_folder_of_somebody_else_is_left_alone(environment: Any) -> None:
    mine = environment.folder / "mine"
    mine.mkdir(parents=True)
    with pytest.raises(studio.SetupError, match="not of this set-up's making"):
        studio.prepare(environment, (), None, fake_install)
    assert mine.exists()


def test_that_a_rebuild_begins_with_an_empty_folder(
    ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    junk = ready.folder / "lib" / "half-way"
    junk.mkdir(parents=True)
    calls: list[list[str]] = []
    monkeypatch.setattr(studio.Installer, "call", lambda _self, command: calls.append(command))
    studio.make_venv(studio.Installer(ready, 0))
    assert [entry.name for entry in ready.folder.iterdir()] == ["studio.lock"]
    assert calls == [[sys.executable, "-m", "venv", str(ready.folder)]]


def test_that_a_python_without_ensurepip_is_told_the_package(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(studio.SetupError, match="apt-get install python3-venv") as caught:
        studio.make_venv(studio.Installer(environment, 0))
    assert caught.value.code == 2


# --- Interruption ---------------------------------------------------------------------------------

# Loads set-up, prepares with an installation that says "installing" and waits for its input to end.
CALLER = """
import importlib.util, subprocess, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_setup_script import studio, fake_install
def slow_install(installer, due, extras, torch):
    (installer.environment.folder / "half-way").write_text("x")
    print("installing", due, flush=True)
    if {with_child}:
        code = "import sys; print('child', flush=True); sys.stdin.read()"
        subprocess.run([sys.executable, "-c", code], pass_fds=(installer.lock,))
    sys.stdin.read()
    return fake_install(installer, due, extras, torch)
studio.prepare(studio.Environment(Path({root!r})), (), None, slow_install)
print("done", flush=True)
"""


def call_set_up(environment: Any, with_child: bool = False) -> subprocess.Popen[str]:
    code = CALLER.format(
        tests=str(Path(__file__).parent), root=str(environment.root), with_child=with_child
    )
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_that_an_interrupted_set_up_is_done_by_the_next_call(environment: Any, number: int) -> None:
    with call_set_up(environment) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "installing build\n"
        first.send_signal(number)
        first.communicate()
    assert first.returncode != 0
    assert studio.what_is_due(environment, (), None) == "build"
    studio.prepare(environment, (), None, fake_install)
    assert studio.what_is_due(environment, (), None) == "nothing"


def test_that_of_two_calls_at_once_one_works_and_the_other_waits(environment: Any) -> None:
    with call_set_up(environment) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "installing build\n"
        with call_set_up(environment) as second:
            assert second.stderr is not None
            assert "waiting for it to end" in second.stderr.readline()
            assert first.communicate()[0] == "done\n"
            assert second.communicate()[0] == "done\n"  # without a word of installing
    assert (first.returncode, second.returncode) == (0, 0)


@posix
def test_that_a_child_that_outlives_a_killed_set_up_keeps_the_lock(environment: Any) -> None:
    with call_set_up(environment, with_child=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "installing build\n"
        assert first.stdout.readline() == "child\n"
        first.kill()
        first.wait()
        with environment.lock_file.open("a+b") as file:
            assert not studio.take_lock(file.fileno())
        assert first.stdin is not None
        first.stdin.close()  # the child's input ends, and so does the child
    import fcntl

    with environment.lock_file.open("a+b") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)  # returns: the child has given it back


@posix
def test_that_the_second_start_goes_straight_to_the_program(
    ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)  # it may lead to the real program
    shutil.copytree(SCRIPT.parent, ready.root / "packaging")
    package = ready.root / "cifar_studio"
    package.mkdir()
    (package / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    # The fake environment's Python is a link: without this it looks for its own library.
    (ready.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
    done = subprocess.run(
        [sys.executable, str(ready.root / "packaging" / "studio.py"), "runs", "a b"],
        cwd=ready.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "['runs', 'a b']\n"
    assert done.stderr == ""


# --- torch and torchvision ------------------------------------------------------------------------


class ScriptedInstaller:
    """Stands in for pip: writes down what is asked and answers as told."""

    def __init__(self, environment: Any, cpu_index: bool = True) -> None:
        self.environment = environment
        self.cpu_index = cpu_index
        self.asked: list[str] = []

    def plan(self, wanted: list[str], *options: str, alone: bool = False) -> list[Any]:
        self.asked.append(f"plan {' '.join(wanted)}{' alone' * alone}")
        return [studio.Package("torch", "2.15.0", 1)]

    def plan_cpu(self, pair: list[str]) -> list[Any] | None:
        return self.plan(pair, alone=True) if self.cpu_index else None

    def fetch(self, packages: list[Any], kind: str, *index: str, alone: bool = False) -> None:
        self.asked.append(" ".join(["fetch", kind, *index, *["alone"] * alone]))

    def pip(self, *arguments: str) -> None:
        self.asked.append(arguments[0])


def write_fake_python(environment: Any, body: str) -> None:
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text(f"#!/bin/sh\n{body}\n")
    environment.python.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the registry has the CPU build")
def test_that_the_cpu_pair_comes_from_one_index_and_falls_back_in_one_line(
    environment: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    pair = ["torch>=2", "torchvision"]
    installer = ScriptedInstaller(environment)
    assert studio.install_pair(installer, pair, "cpu") == "cpu"
    index = "--index-url https://download.pytorch.org/whl/cpu"
    assert installer.asked == ["plan torch>=2 torchvision alone", f"fetch cpu {index}"]
    capfd.readouterr()
    assert studio.install_pair(ScriptedInstaller(environment, False), pair, "cpu") == "cuda"
    assert capfd.readouterr().err.count("\n") == 1


@posix
def test_that_a_pair_that_does_not_fit_is_installed_anew(
    environment: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    fault = "RuntimeError: operator torchvision::nms does not exist"
    flag = environment.root / "tried"
    write_fake_python(
        environment,
        f'[ -e "{flag}" ] && echo 2 && exit; touch "{flag}"; echo "{fault}" >&2; exit 1',
    )
    installer = ScriptedInstaller(environment)
    kind = studio.verify_pair(installer, ["torch>=2", "torchvision"], "cpu")
    assert kind == ("cuda" if sys.platform == "linux" else "cpu")
    assert installer.asked == [
        "uninstall",
        "plan torch>=2 torchvision alone",
        f"fetch {kind} alone",
    ]
    assert f"do not fit ({fault})" in capfd.readouterr().err


@posix
def test_that_a_pair_that_never_fits_is_a_fault_with_a_remedy(environment: Any) -> None:
    write_fake_python(environment, "echo broken >&2; exit 1")
    with pytest.raises(studio.SetupError, match=r"\(broken\): delete .* --torch"):
        studio.verify_pair(ScriptedInstaller(environment), ["torch", "torchvision"], "cpu")


# --- Faults on the way ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("WARNING: Retrying ... NewConnectionError('...')\nERROR: No matching", "No package regis"),
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("noise\nERROR: No matching distribution found for x", "matching distribution found for x"),
        ("", "no message"),
    ],
)
def test_that_pips_faults_become_one_line(output: str, expected: str) -> None:
    line = studio.explain(output)
    assert expected in line
    assert "call again" in line
    assert "\n" not in line


@posix
def test_that_without_a_network_pip_says_so_and_the_log_is_named(environment: Any) -> None:
    fault = "Retrying: NewConnectionError: Failed to establish a new connection"
    write_fake_python(environment, f"echo '{fault}'; exit 1")
    with pytest.raises(studio.SetupError, match="No package registry answers") as caught:
        studio.Installer(environment, 0).pip("install", "pip>=24.1")
    assert str(environment.log_file) in str(caught.value)
    assert fault in environment.log_file.read_text("utf-8")


@posix
def test_that_a_plan_reads_names_versions_and_sizes_from_pips_report(environment: Any) -> None:
    wheel = environment.root / "tiny ä.whl"
    wheel.write_bytes(b"x" * 1234)
    item = {
        "metadata": {"name": "tiny", "version": "1.0"},
        "download_info": {"url": wheel.as_uri()},
    }
    report = environment.root / "report.json"
    report.write_text(json.dumps({"install": [item]}), "utf-8")
    target = environment.scratch / "plan.json"
    write_fake_python(environment, f'cp "{report}" "{target}"')
    assert studio.Installer(environment, 0).plan(["tiny"]) == [("tiny", "1.0", 1234)]


def test_that_a_full_disk_is_found_before_anything_is_fetched(tmp_path: Path) -> None:
    studio.check_disk(tmp_path, 1)
    with pytest.raises(studio.SetupError, match=r"3\.20 EB|GB are needed"):
        studio.check_disk(tmp_path, 10**18)


def test_that_progress_is_counted_and_taken_out_of_the_log() -> None:
    progress = studio.Progress(300)
    assert progress.feed("Progress 50 of 100\n")
    assert progress.feed("Progress 100 of 100\n")
    assert progress.done_bytes == 100
    assert not progress.feed("Installing collected packages: tiny\n")
