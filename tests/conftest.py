"""What every test gets: a home of its own, no leaked threads, and Qt without a screen."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import hypothesis
import pytest

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import DEMO

# Before Qt is imported anywhere. Tests marked `screen` are run apart, on a real X screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Tests run side by side: threads that spin while they wait would take the others' processor.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

hypothesis.settings.register_profile("daily", max_examples=25)
hypothesis.settings.register_profile("all", max_examples=150)
hypothesis.settings.load_profile("all" if "STUDIO_TESTS_ALL" in os.environ else "daily")

# The person's own choice of places must not reach the tests, but for the real data.
REAL_DATA = os.environ.get("CIFAR100_ROOT", "")


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home folder; nothing of the person's own is read or written."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / f".{name.lower()}"))
    monkeypatch.delenv("CIFAR_STUDIO_RUNS", raising=False)
    monkeypatch.delenv("CIFAR_STUDIO_EXPERIMENTS", raising=False)
    if request.node.get_closest_marker("real_data") is None:
        monkeypatch.delenv("CIFAR100_ROOT", raising=False)
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of this test run; see `made_once`."""
    own = tmp_path_factory.getbasetemp()
    is_one_of_several = "PYTEST_XDIST_WORKER" in os.environ
    folder = (own.parent if is_one_of_several else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that one process fills, while the others wait for it."""
    with filelock.FileLock(folder.with_suffix(".lock")):
        if not (done := folder.with_suffix(".done")).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def _cache(shared_folder: Path) -> Path:
    """With the demo set drawn, as every process of the test run would draw it."""

    def draw(folder: Path) -> None:
        (folder / "demo").mkdir()
        (folder / "real").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(folder / "demo"))
            load_dataset(DEMO)

    return made_once(shared_folder / "cache", draw)


@pytest.fixture(scope="session")
def small_run(shared_folder: Path, _cache: Path) -> Path:
    """The folder of a finished run of two epochs; tests work on copies of it."""

    def make(folder: Path) -> None:
        from runner.small_runs import train

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(_cache / "demo"))
            train(folder)

    (made,) = made_once(shared_folder / "small_run", make).iterdir()
    return made


@pytest.fixture
def shared_cache(
    request: pytest.FixtureRequest, home: Path, _cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """One cache folder for all tests that ask for it, so that the demo set is drawn once.

    Tests of the real data share another one: where CIFAR-100 is kept, nobody trains on the demo
    set by himself.
    """
    is_real = request.node.get_closest_marker("real_data") is not None
    folder = _cache / ("real" if is_real else "demo")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def signals_arrive() -> Iterator[None]:
    """Tests started in the background, or by nohup, ignore signals, and so do their children."""
    defaults = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    ignored = [
        getattr(signal, name)
        for name in defaults
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, defaults[number.name])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A thread that outlives its test fails it."""
    before = set(threading.enumerate())
    yield
    leaked = []
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(10)
            leaked += [thread.name] if thread.is_alive() else []
    assert not leaked, f"threads left behind: {leaked}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_screen = os.environ["QT_QPA_PLATFORM"] not in ("offscreen", "minimal")
    for item in items:
        if item.get_closest_marker("real_data") and not REAL_DATA:
            item.add_marker(pytest.mark.skip(reason="CIFAR100_ROOT names no folder"))
        if item.get_closest_marker("screen") and not on_screen:
            item.add_marker(pytest.mark.skip(reason="needs a real screen"))
