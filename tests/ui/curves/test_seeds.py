"""Groups of seeds in the plots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QGraphicsPathItem
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.seeds import group_by_seed
from cifar_studio.runs.folder.library import list_runs
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.curves.view import CurvesView

Maker = Callable[..., RunFolder]


@pytest.fixture
def view(qtbot: QtBot, light: None, make_run: Maker) -> CurvesView:
    for seed, tops in enumerate(((10.0, 20.0), (14.0, 24.0), (18.0, 34.0))):
        config = TrainConfig(epochs=2, seed=seed)
        make_run(f"2026040{seed + 1}_120000_resnet18", config=config, top1s=tops)
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show_run(list_runs(paths.runs_folder())[0])
    view.show()
    return view


def bands(view: CurvesView) -> list[QGraphicsPathItem]:
    return [item for item in view.accuracy.plot.item.items if isinstance(item, QGraphicsPathItem)]


def test_that_a_band_is_one_deviation_wide(view: CurvesView, qapp: QApplication) -> None:
    view.show_groups(group_by_seed(list_runs(paths.runs_folder())))
    box = next(
        band.path().boundingRect()
        for band in bands(view)
        if band.path().boundingRect().left() == 1.0
        and band.path().boundingRect().top() == pytest.approx(10.0)
    )
    # Epoch 1 has 10, 14 and 18: 14 and 4; epoch 2 has 20, 24 and 34: 26 and 7.21.
    assert box.right() == 2.0
    assert box.bottom() == pytest.approx(26 + np.std([20, 24, 34], ddof=1))
    assert "one standard deviation" in view.strip.notice.text()
    assert view.strip.isVisible()


def test_that_another_run_ends_the_groups(view: CurvesView) -> None:
    runs = list_runs(paths.runs_folder())
    view.show_groups(group_by_seed(runs))
    view.show_run(runs[1])
    assert bands(view) == []
    assert view.strip.isHidden()


def test_that_one_seed_has_no_band(view: CurvesView) -> None:
    view.show_groups(group_by_seed(list_runs(paths.runs_folder())[:1]))
    assert bands(view) == []
    assert "spread unknown" in view.strip.notice.text()


def test_that_a_band_goes_with_its_curve(view: CurvesView) -> None:
    view.show_groups(group_by_seed(list_runs(paths.runs_folder())))
    assert len([band for band in bands(view) if band.isVisible()]) == 3
    view.accuracy.legend.entries["test_top1"].click()
    assert len([band for band in bands(view) if band.isVisible()]) == 2
