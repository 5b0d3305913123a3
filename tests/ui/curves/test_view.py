"""The Curves tab under scripted events."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.ui.curves.data.explanations import EXPLANATIONS
from cifar_studio.ui.curves.plot.measures import MEASURES
from cifar_studio.ui.curves.view import CurvesView
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import explain
from ui.curves.runs_for_curves import (
    batches,
    environment,
    epoch_ended,
    quick_test,
    row,
    run,
    started,
)


def redrawn(qtbot: QtBot, view: CurvesView) -> None:
    """Wait for the next tick's redraw."""
    before = view.redraws
    qtbot.waitUntil(lambda: view.redraws > before, timeout=2000)


def shown_figures(view: CurvesView) -> dict[str, str]:
    """The figures of the headline that are to be seen."""
    figures = view.headline.figures.items()
    return {key: figure.number.text() for key, figure in figures if figure.isVisible()}


def texts(view: CurvesView, row: int) -> list[str]:
    proxy = view.table.proxy
    return [proxy.index(row, column).data() for column in range(proxy.columnCount())]


def test_that_headline_legend_and_table_show_what_the_events_say(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    view.handle(batches(1, 5))
    view.handle(epoch_ended(row(1, 38.123, train_loss=2.9, test_loss=2.31121), 1))
    view.handle(batches(2, 5, 2.7654, 33.333))
    redrawn(qtbot, view)
    figures = shown_figures(view)
    assert figures == {"test_top1": "38.12", "test_top5": "63.12", "test_loss": "2.3112"}
    assert view.loss.legend.entries["test_loss"].value == "2.3112"
    assert view.loss.legend.entries["train_loss"].value == "2.7654"
    assert view.accuracy.legend.entries["train_top1"].value == "33.33"
    assert texts(view, 0) == ["★ 1", "2.3112", "15.00", "38.12", "63.12", "32.5", "1,540"]
    assert "best on test (selected)" in view.headline.caption.text()
    assert "10,000 test pictures of CIFAR-100" in view.headline.caption.text()


def test_that_the_best_epoch_moves(qtbot: QtBot, view: CurvesView, tmp_path: Path) -> None:
    view.begin(started(tmp_path / "a"))
    view.handle(epoch_ended(row(1, 10.0), 1))
    redrawn(qtbot, view)
    assert view.accuracy.best_text == "epoch 1 · best on test (selected)"
    view.handle(epoch_ended(row(2, 20.0), 2))
    redrawn(qtbot, view)
    assert view.accuracy.best_text == view.loss.best_text == "epoch 2 · best on test (selected)"
    assert view.headline.figures["test_top1"].number.text() == "20.00"
    assert [texts(view, index)[0] for index in (0, 1)] == ["1", "★ 2"]


def test_that_a_validation_split_gets_its_curves_columns_and_choice(
    view: CurvesView, tmp_path: Path
) -> None:
    config = TrainConfig(validation_per_class=50, train_per_class=450)
    view.show_run(run(tmp_path / "a", [row(1, 30, val_top1=9), row(2, 10, val_top1=12)], config))
    assert "val_loss" in view.loss.legend.entries
    assert view.accuracy.legend.entries["val_top1"].value == "12.00"
    assert view.loss.best_text == "epoch 2 · chosen on validation"
    assert view.table.proxy.columnCount() == 10


def test_that_a_subset_and_the_demo_set_are_named(view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(1)], facts=environment("demo", 2000)))
    assert "2,000 of 10,000 test pictures of the demo set" in view.headline.caption.text()
    assert not view.controls.report.isEnabled()


def test_that_nothing_is_redrawn_while_hidden_or_without_news(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    view.hide()
    before = view.redraws
    for batch in range(1, 10):
        view.handle(batches(1, batch))
    assert not view._tick.isActive()
    assert view.redraws == before
    view.show()
    assert view.redraws == before + 1
    view.handle(batches(1, 9))  # known already
    assert not view._tick.isActive()


def test_that_many_events_cost_ten_redraws_a_second_at_most(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    before = view.redraws
    for epoch in range(1, 201):
        view.handle(batches(epoch, 5))
        view.handle(epoch_ended(row(epoch), 1))
    assert view.redraws == before
    redrawn(qtbot, view)
    assert view.redraws == before + 1
    assert view.table.proxy.rowCount() == 200


def test_that_what_is_drawn_stays_small_however_long_the_run(
    view: CurvesView, tmp_path: Path
) -> None:
    epochs = 10_000
    rows = [row(epoch, 20 + epoch % 7) for epoch in range(1, epochs + 1)]
    points = np.stack(
        [np.linspace(0.1, epochs, 20_000), np.full(20_000, 2.0), np.full(20_000, 30.0)], axis=1
    )
    view.show_run(run(tmp_path / "a", rows, TrainConfig(epochs=epochs), points=points))
    for panel in view.panels:
        width = panel.plot.area().width()
        for line in panel.drawn[0].drawn_lines():
            assert len(line) <= 2 * width + 4


def test_that_axes_grow_in_steps_and_do_not_move_between(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    ranges = set()
    for epoch in range(1, 11):
        view.handle(epoch_ended(row(epoch, 5.0), 1))
        view._redraw()
        ranges.add((view.loss.plot.epoch_range(), view.loss.plot.value_range()))
    assert len(ranges) == 1
    view.handle(batches(11, 1))
    view._redraw()
    assert view.loss.plot.epoch_range()[1] == pytest.approx(20.4)
    assert view.accuracy.plot.epoch_range() == view.loss.plot.epoch_range()


def test_that_arrow_keys_move_the_crosshair_and_the_table(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(epoch, 10.0 + epoch) for epoch in range(1, 8)]))
    plot = view.loss.plot
    plot.setFocus()
    with qtbot.waitSignal(view.epoch_hovered) as emitted:
        qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert emitted.args == [7]
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert view.pointer.epoch == 6
    assert view.table.currentIndex().row() == 5
    card = view.accuracy.inspector.card
    assert card.isVisible()
    assert [line.value for line in card.lines] == ["16.00", "41.00", "15.00"]
    assert "Epoch 6" in view.accuracy.plot.accessibleDescription()
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert view.pointer.epoch == 1
    qtbot.keyClick(plot, Qt.Key.Key_End)
    assert view.pointer.epoch == 7
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert view.pointer.epoch == 0
    assert not card.isVisible()


def test_that_a_row_moves_the_crosshair(qtbot: QtBot, view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(epoch) for epoch in range(1, 6)]))
    with qtbot.waitSignal(view.epoch_hovered) as emitted:
        view.table.setCurrentIndex(view.table.proxy.index(2, 0))
    assert emitted.args == [3]
    assert view.loss.inspector.card.title == "Epoch 3"


def test_that_the_pointer_finds_the_nearest_epoch_and_the_one_under_way(
    view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    view.handle(epoch_ended(row(1), 1))
    view.handle(epoch_ended(row(2), 1))
    view.handle(batches(3, 4))
    view._redraw()
    found = []
    for position in (0.2, 1.4, 1.6, 2.35, 9.0, math.nan):
        view.loss.plot.hovered.emit(position)
        found.append(view.pointer.epoch)
    assert found == [1, 1, 2, 3, 3, 0]
    view.loss.plot.hovered.emit(9.0)
    assert view.loss.inspector.card.title == "Epoch 3, so far"


def test_that_the_table_copies_as_tab_separated_text(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(1, 20.0), row(2, 30.0, test_loss=None)]))
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == (
        "Epoch\tLoss\tTrain %\tTop-1 %\tTop-5 %\ts\tPictures/s\n"
        "1\t2.5000\t15.00\t20.00\t45.00\t32.5\t1540\n"
        "2\t\t15.00\t30.00\t55.00\t32.5\t1540\n"
    )
    view.table.selectRow(1)
    assert view.table.copy().count("\n") == 2


def test_that_a_plot_copies_as_a_picture(qtbot: QtBot, view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(1), row(2)]))
    QApplication.clipboard().clear()
    view.loss.plot.setFocus()
    qtbot.keySequence(view.loss.plot, QKeySequence("Ctrl+C"))
    qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull())
    assert QApplication.clipboard().image().width() == 2 * view.loss.width()


def test_that_rows_sort_by_number_and_follow_the_newest_otherwise(
    view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(epoch, 100.0 / epoch) for epoch in range(1, 40)]))
    bar = view.table.verticalScrollBar()
    assert bar.value() == bar.maximum()
    view.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    assert texts(view, 0)[0] == "39"
    assert view.table.proxy.headerData(3, Qt.Orientation.Horizontal) == "▴ Top-1 %"


def test_that_the_table_stays_where_the_person_scrolled(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    for epoch in range(1, 40):
        view.handle(epoch_ended(row(epoch), 1))
    redrawn(qtbot, view)
    bar = view.table.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(3)
    view.handle(epoch_ended(row(40), 1))
    redrawn(qtbot, view)
    assert bar.value() == 3
    bar.setValue(bar.maximum())
    view.handle(epoch_ended(row(41), 1))
    redrawn(qtbot, view)
    assert bar.value() == bar.maximum()


def test_that_a_legend_entry_hides_its_curve(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(1, 18.0), row(2, 19.0)]))
    lines = view.accuracy.drawn[0]
    before = len(lines.drawn_lines())
    assert view.accuracy.plot.value_range()[1] > 50
    view.accuracy.legend.entries["test_top5"].click()
    assert len(lines.drawn_lines()) == before - 1
    assert view.accuracy.plot.value_range()[1] < 30
    view.accuracy.legend.entries["test_top5"].click()
    assert len(lines.drawn_lines()) == before


def test_that_quick_tests_are_drawn_apart_and_kept_out_of_the_table(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    view.handle(quick_test(0.1))
    redrawn(qtbot, view)
    assert view.loss.legend.entries["quick_test"].text() == "quick test (1,000)"
    assert view.table.proxy.rowCount() == 0
    assert view.loss.legend.entries["test_loss"].value == "–"


def test_that_the_report_shows_by_default_for_its_own_settings_only(
    view: CurvesView, tmp_path: Path
) -> None:
    config = PRESETS["report-resnet18"].config
    view.show_run(run(tmp_path / "a", [row(1)], config))
    assert [level.label for level in view.accuracy.references] == [
        "report max 51.62 top-1",
        "report max 79.14 top-5",
    ]
    assert view.loss.references[0].value == 2.0048
    view.controls.report.setChecked(False)
    assert view.loss.references == ()
    view.show_run(run(tmp_path / "b", [row(1)], TrainConfig(epochs=5)))
    assert view.loss.references == ()
    view.controls.report.setChecked(True)
    assert view.loss.references[0].label == "report min 2.0048, other settings"


def test_that_runs_on_different_data_are_not_mixed_without_a_word(
    view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(1)]))
    view.set_overlays([run(tmp_path / "b", [row(1)])])
    assert view.strip.notice.text() == ""
    view.set_overlays([run(tmp_path / "c", [row(1)], facts=environment("demo", 2000))])
    assert "Different data" in view.strip.notice.text()
    assert "(demo)" in list(view.strip.legend.entries.values())[1].text()
    styles = [drawn.style for drawn in view.loss.drawn]
    assert [style.letter for style in styles] == ["A", "B"]
    assert styles[0].colour != styles[1].colour
    list(view.strip.legend.entries.values())[1].click()
    assert len(view.loss.drawn) == 1
    assert view.loss.drawn[0].style == styles[0]
    view.set_overlays([])
    assert not view.strip.isVisible()
    assert view.loss.drawn[0].style.colour is None


def test_that_an_old_run_can_be_looked_at_while_another_trains(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "live"))
    view.handle(batches(1, 1))
    view.show_run(run(tmp_path / "old", [row(1, 44.0)]))
    view._tick.stop()
    view.handle(epoch_ended(row(1, 11.0), 1))
    assert not view._tick.isActive()
    assert view.headline.figures["test_top1"].number.text() == "44.00"
    view.show_run(run(tmp_path / "live", []))
    assert view.headline.figures["test_top1"].number.text() == "11.00"
    assert len(view.shown.batches("train_loss")[0]) == 1


def test_that_the_same_run_read_again_keeps_zoom_and_crosshair(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(1), row(2)]))
    qtbot.keyClick(view.loss.plot, Qt.Key.Key_Plus)
    qtbot.keyClick(view.loss.plot, Qt.Key.Key_Home)
    zoomed = view.loss.plot.epoch_range()
    view.show_run(run(tmp_path / "a", [row(1), row(2), row(3)]))
    redrawn(qtbot, view)
    assert view.loss.plot.epoch_range() == view.accuracy.plot.epoch_range() == zoomed
    assert view.pointer.epoch == 1
    assert view.table.proxy.rowCount() == 3
    assert view.controls.fit.isEnabled()
    view.controls.fit.click()
    assert view.loss.plot.epoch_range()[0] == 0
    assert not view.controls.fit.isEnabled()


def test_that_log_and_smoothing_change_what_is_drawn(view: CurvesView, tmp_path: Path) -> None:
    rows = [row(epoch, test_loss=2.0 + epoch % 2) for epoch in range(1, 11)]
    view.show_run(run(tmp_path / "a", [*rows, row(11, test_loss=None)]))
    raw = len(view.loss.drawn[0].drawn_lines())
    view.controls.logarithmic.setChecked(True)
    assert view.loss.plot.left_axis.logarithmic
    assert view.loss.plot.value_range()[1] < 1.0
    view.controls.smoothing.setValue(4)
    assert len(view.loss.drawn[0].drawn_lines()) == 2 * raw


def test_that_a_change_of_theme_repaints(view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(1), row(2)]))
    before, light = view.redraws, view.loss.plot.backgroundBrush().color()
    theme.manager().apply("dark", 1.5)
    assert view.redraws > before
    assert view.loss.plot.backgroundBrush().color() != light
    assert view.loss.plot.left_axis.width() == pytest.approx(60)


def test_that_an_empty_view_says_how_to_fill_it(view: CurvesView) -> None:
    view.set_empty_hint("Press Ctrl+R: about 2 minutes", 10)
    view.show_run(None)
    assert view.headline.hint.text() == "Press Ctrl+R: about 2 minutes"
    assert view.loss.hint.isVisible()
    assert view.loss.plot.epoch_range()[1] == pytest.approx(10.2)
    assert view.table.proxy.rowCount() == 0


def test_that_a_run_that_ended_before_its_first_epoch_says_so(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.begin(started(tmp_path / "a"))
    assert view.headline.hint.text() == "First test after epoch 1"
    view.handle(batches(1, 2))
    view.handle(RunEnded(state="stopped", folder=str(tmp_path / "a")))
    redrawn(qtbot, view)
    assert view.headline.hint.text() == "No epoch ended"


def test_that_every_number_has_its_explanation(view: CurvesView, qtbot: QtBot) -> None:
    keys = {measure.column for measure in MEASURES} | {"quick_test", "best"}
    keys |= {column.key for column in view.table.epochs.columns}
    assert keys <= set(EXPLANATIONS)
    popup = explain("test_loss", view.mapToGlobal(view.rect().center()), view, EXPLANATIONS)
    assert popup.accessibleName() == "Test loss"
    popup.close()


def test_that_a_right_click_explains_a_number(view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(1)]))
    view.set_overlays([run(tmp_path / "b", [row(1)])])
    asked = {
        view.headline.figures["test_top5"]: "test_top5",
        view.headline.caption: "best",
        view.loss.legend.entries["train_loss"]: "train_loss",
        next(iter(view.strip.legend.entries.values())): "best",
    }
    for widget, key in asked.items():
        widget.customContextMenuRequested.emit(widget.rect().center())
        popup = QApplication.activePopupWidget()
        assert popup.accessibleName() == EXPLANATIONS[key][0]
        popup.close()


def test_that_every_control_has_a_name(view: CurvesView, tmp_path: Path) -> None:
    view.show_run(run(tmp_path / "a", [row(1)]))
    for entry in view.loss.legend.entries.values():
        assert entry.accessibleName()
    assert view.controls.smoothing.accessibleName() == "Smoothing"
    assert view.table.accessibleName() == "Epochs"
    assert view.loss.plot.accessibleName() == "Cross-entropy, nats"


def test_that_tab_goes_from_the_controls_through_each_plot_to_the_table(
    qtbot: QtBot, view: CurvesView, tmp_path: Path
) -> None:
    view.show_run(run(tmp_path / "a", [row(1)]))
    view.activateWindow()
    view.controls.smoothing.setFocus()
    order = []
    for _ in range(8):
        view.focusNextChild()
        order.append(QApplication.focusWidget())
    assert order == [
        *view.loss.legend.entries.values(),
        view.loss.plot,
        *view.accuracy.legend.entries.values(),
        view.accuracy.plot,
        view.table,
    ]
