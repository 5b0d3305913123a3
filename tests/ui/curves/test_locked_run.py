"""The Curves tab of a run whose test set is locked, and of one that stopped early."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import EpochEnded, FinalTestEnded, RunEnded
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.curves.view import CurvesView
from support import LOCKED, locked_rows, make_row
from ui.curves.runs_for_curves import environment, run, started
from ui.curves.test_view import shown_figures

GOING, ENDED = locked_rows(ended=False)[:4], locked_rows(ended=True)
SENTENCE = "topped early at epoch 5: no better validation loss since 3"


def titles(view: CurvesView) -> list[str]:
    return [column.title for column in view.table.epochs.columns]


def test_that_a_run_that_goes_on_has_the_validations_figures_and_no_test_curve(
    view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", GOING, LOCKED))
    assert shown_figures(view) == {"val_top1": "45.00", "val_top5": "65.00", "val_loss": "1.6000"}
    caption = view.headline.caption.text()
    assert caption.startswith("epoch 4 · chosen on validation · the test set is locked until the")
    assert list(view.loss.legend.entries) == ["val_loss", "train_loss"]
    assert list(view.accuracy.legend.entries) == ["val_top1", "val_top5", "train_top1"]
    assert view.loss.best_text == "epoch 4 · chosen on validation"
    assert not {"Loss", "Top-1 %", "Top-5 %"} & set(titles(view))
    assert view.loss.stop_text == ""
    assert not view.controls.report.isEnabled()


def test_that_a_test_set_that_stays_locked_is_said_when_the_run_has_ended(
    view: CurvesView, tmp_path: Path
) -> None:
    config = replace(
        LOCKED, test="never", train_per_class=500, validation_per_class=0, folds=5, fold=2
    )
    view.show_run(run(tmp_path / "a", locked_rows(ended=False), config))
    assert set(shown_figures(view)) == {"val_top1", "val_top5", "val_loss"}
    caption = view.headline.caption.text()
    assert "chosen on validation · the test set stays locked · " in caption
    assert not {"Loss", "Top-1 %", "Top-5 %"} & set(titles(view))
    assert not view.controls.report.isEnabled()


def test_that_an_end_shows_the_one_test_figure_and_marks_the_early_stop(
    view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", ENDED, LOCKED))
    figures = shown_figures(view)
    assert (figures.pop("test_top1"), set(figures)) == (
        "43.00",
        {"val_top1", "val_top5", "val_loss"},
    )
    assert view.headline.figures["test_top1"].accessibleName() == "43.00 % test top-1"
    assert "10,000 test pictures of CIFAR-100, looked at once" in view.headline.caption.text()
    assert view.headline.way.text() == f"S{SENTENCE}"
    assert "Top-1 %" in titles(view)
    assert "test_top1" not in view.accuracy.legend.entries
    for panel in view.panels:
        assert panel.stop_text == "stopped early"
        panel.show_crosshair(4)
        assert panel.inspector.card.note == "★ chosen on validation · test top-1 43.00 %"
        panel.show_crosshair(5)
        assert panel.inspector.card.note == "stopped early"


def test_that_the_mark_of_the_early_stop_tells_the_whole_sentence(
    view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", ENDED, LOCKED))
    tips = {item.toolTip() for item in view.loss.plot.item.items if item.isVisible()}
    assert f"s{SENTENCE}" in tips
    view.show_run(run(tmp_path / "b", [make_row(1)], TrainConfig(epochs=1)))
    tips = {item.toolTip() for item in view.loss.plot.item.items if item.isVisible()}
    assert not any(SENTENCE in tip for tip in tips)


def test_that_a_run_that_ends_before_the_eyes_shows_its_test_figure(
    view: CurvesView, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "a")
    folder.path.mkdir()
    view.begin(started(folder.path, LOCKED, environment()))
    for row in locked_rows(ended=False):
        view.handle(EpochEnded(row=row, best_epoch=min(row.epoch, 4)))
    view.handle(FinalTestEnded(row=ENDED[3]))
    view.handle(RunEnded(state="finished", folder=str(folder.path)))
    view.show_run(None)
    view.show_live()
    assert shown_figures(view)["test_top1"] == "43.00"
    assert "Top-1 %" in titles(view)


def test_that_the_table_grows_the_test_figures_while_the_run_is_shown(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "a")
    folder.path.mkdir()
    view.begin(started(folder.path, LOCKED, environment()))
    for row in locked_rows(ended=False):
        view.handle(EpochEnded(row=row, best_epoch=min(row.epoch, 4)))
    view.handle(FinalTestEnded(row=ENDED[3]))
    view.handle(RunEnded(state="finished", folder=str(folder.path)))
    qtbot.waitUntil(lambda: "Top-1 %" in titles(view), timeout=2000)
    assert view.table.epochs.rowCount() == 5


def rates(view: CurvesView) -> np.ndarray:
    """Places of the visible line of the learning rate, on the right axis."""
    (line,) = [line for line in view.loss._rates._lines if line.isVisible()]
    bottom, ceiling = view.loss.plot.value_range()
    top = view.loss.plot.right_axis.range[1]
    return (line.getData()[1] - bottom) / (ceiling - bottom) * top


def test_that_the_learning_rate_is_drawn_on_its_own_axis_only_when_asked_for(
    view: CurvesView, tmp_path: Path
) -> None:
    wanted = [0.1, 0.1, 0.02, 0.004]
    rows = [replace(make_row(e), learning_rate=rate) for e, rate in enumerate(wanted, 1)]
    view.show_run(run(tmp_path / "a", rows, TrainConfig(epochs=4)))
    assert not view.loss.plot.right_axis.isVisible()
    view.controls.rate.click()
    assert view.loss.plot.right_axis.isVisible()
    assert not view.accuracy.plot.right_axis.isVisible()
    np.testing.assert_allclose(rates(view), wanted, rtol=1e-9)
    view.controls.logarithmic.click()  # whatever the loss's axis is
    np.testing.assert_allclose(rates(view), wanted, rtol=1e-9)
    view.loss.show_crosshair(3)
    assert "learning rate 0.02" in view.loss.inspector.card.note
    # It stays while other runs are shown, as the other switches do.
    other: list[EpochRow] = [replace(row, learning_rate=0.5) for row in rows]
    view.show_run(run(tmp_path / "b", other, TrainConfig(epochs=4)))
    np.testing.assert_allclose(rates(view), [0.5] * 4, rtol=1e-9)
    view.controls.rate.click()
    assert not view.loss.plot.right_axis.isVisible()


def test_that_a_reports_run_is_drawn_as_ever(view: CurvesView, tmp_path: Path) -> None:
    config = PRESETS["report-resnet18"].config
    view.show_run(run(tmp_path / "a", [make_row(1), make_row(2, 20.0)], config))
    assert list(view.loss.legend.entries) == ["test_loss", "train_loss"]
    assert view.loss.best_text == "epoch 2 · best on test (selected)"
    assert "looked at once" not in view.headline.caption.text()
