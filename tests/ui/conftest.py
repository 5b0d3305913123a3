"""Windows on real workers, and runs on disk, for the tests of the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.ui.training.run_controller import RunController
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.window.main_window import MainWindow
from scripted_worker import DispatcherInTheWindow, Stage
from support import make_environment, make_row
from ui_support import close


@pytest.fixture
def light(qapp: QApplication) -> Iterator[None]:
    theme.manager().apply("light")
    yield
    theme.manager().apply("light")


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QApplication) -> Iterator[None]:
    """A picture on it would crash Qt's offscreen platform at the end of the process."""
    yield
    if qapp.platformName() == "offscreen":
        qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Where a window starts the workers that train; real ones in tests marked `real_worker`."""
    stage = Stage()
    if request.node.get_closest_marker("real_worker") is None:
        monkeypatch.setattr("cifar_studio.experiments.local_pool.start_worker", stage)
        monkeypatch.setattr(
            "cifar_studio.ui.training.run_controller.DispatcherThread", DispatcherInTheWindow
        )
    return stage


@pytest.fixture
def no_spare_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker gets ready for a next Start where none follows: it would only import torch."""
    monkeypatch.setattr(RunController, "warm_up", lambda _: None)


@pytest.fixture
def window(qtbot: QtBot, shared_cache: Path) -> Iterator[MainWindow]:
    """The real window; closed, and its workers gone, at the end."""
    window = MainWindow()  # not left to qtbot, which would delete it while its workers run
    window.show()
    yield window
    close(qtbot, window)
    window.deleteLater()


@pytest.fixture
def make_run(home: Path) -> Callable[..., RunFolder]:
    """Puts a run into the library as a training would have left it."""

    def make(
        name: str = "20260401_120000_resnet18",
        *,
        config: TrainConfig = TrainConfig(epochs=3),  # noqa: B008 - frozen
        state: str = "finished",
        top1s: tuple[float, ...] = (10.0, 20.0, 30.0),
    ) -> RunFolder:
        folder = RunFolder(paths.runs_folder() / name)
        folder.path.mkdir(parents=True)
        folder.write_config(config)
        folder.write_environment(make_environment())
        folder.write_status(Status(state=state, epochs=config.epochs))  # type: ignore[arg-type]
        for epoch, top1 in enumerate(top1s, 1):
            folder.append_epoch(make_row(epoch, top1))
        return folder

    return make
