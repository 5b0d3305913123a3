"""The tab as a person uses it: what it shows, and what follows from mouse and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.runs.experiment.trials import Ended, Planned
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.reader import ExperimentReader
from cifar_studio.ui.experiment.view import VIEWS, ExperimentView
from cifar_studio.ui.experiment.views.each_setting import EachSettingView
from cifar_studio.ui.experiment.views.history import HistoryView
from cifar_studio.ui.experiment.views.importance import ImportanceView
from cifar_studio.ui.experiment.views.learning_curves import LearningCurvesView
from cifar_studio.ui.experiment.views.parallel_axes import ParallelAxesView
from cifar_studio.ui.experiment.views.repetitions import RepetitionsView
from cifar_studio.ui.widgets import theme
from experiments_support import (
    CONFIG,
    FOLDS,
    SEARCH,
    SEEDS,
    add_trial,
    drawn,
    make_edge,
    make_planned,
    make_search,
    write_importance,
)

SMALL = replace(SEARCH, trials=12)
LEFT = Qt.MouseButton.LeftButton


def search_data(trials: int = 12, running: int = 2) -> ExperimentData:
    folder = make_search(experiment=SMALL, trials=trials, running=running)
    lock = folder.hold()
    data = ExperimentReader(folder.path).read(60)
    lock.release()
    return data


def texts(view: ExperimentView, column: str) -> list[str]:
    names = view.table.trials.header()
    place = names.index(column)
    proxy = view.table.filter
    return [str(proxy.index(row, place).data()) for row in range(proxy.rowCount())]


def shown(view: ExperimentView, key: str, kind: type[QWidget]) -> QWidget:
    view.choose_view(key)
    assert isinstance(view.shown, kind)
    return view.shown


def visible_buttons(view: ExperimentView) -> list[str]:
    return [b.text() for b in view.summary.findChildren(QPushButton) if b.isVisible()]


def test_that_without_an_experiment_it_says_how_to_get_one(view: ExperimentView) -> None:
    view.show_experiment(None)
    assert view.empty.isVisible()
    words = " ".join(label.text() for label in view.empty.findChildren(QLabel))
    assert "Choose an experiment under Runs, or set one up: Set up › Experiment" in words


def test_that_the_table_has_what_varies_and_the_figures(view: ExperimentView) -> None:
    data = search_data()
    view.show_experiment(data)
    assert view.table.trials.header() == (
        *("trial", "learning_rate", "momentum", "batch_size", "architecture"),
        *("val_top1", "best_epoch", "epochs", "state", "seconds"),
    )
    assert texts(view, "trial") == [str(number) for number in range(1, 13)]
    best = data.best
    assert best is not None
    assert texts(view, "state")[best.number - 1] == "best"
    assert texts(view, "val_top1")[best.number - 1] == f"{best.value:.2f}"
    assert texts(view, "state").count("running") == 2


def test_that_a_failed_trial_tells_why(view: ExperimentView) -> None:
    view.show_experiment(search_data())
    row = texts(view, "state").index("failed")
    tip = view.table.filter.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "The GPU ran out of memory" in tip


def test_that_it_sorts_by_figure_with_unknown_ones_at_the_end(view: ExperimentView) -> None:
    data = search_data()
    view.show_experiment(data)
    place = view.table.trials.header().index("val_top1")
    view.table.sortByColumn(place, Qt.SortOrder.DescendingOrder)
    figures = [float(text) for text in texts(view, "val_top1")]
    assert figures == sorted(figures, reverse=True)


def test_that_a_row_that_is_chosen_selects_its_run_everywhere(
    view: ExperimentView, qtbot: QtBot
) -> None:
    data = search_data()
    view.show_experiment(data)
    with qtbot.waitSignal(view.run_chosen) as chosen:
        view.table.setCurrentIndex(view.table.filter.index(3, 0))
    assert chosen.args == [paths.runs_folder() / data.trials[3].run]
    assert view.marks.chosen == 4


def test_that_a_run_chosen_elsewhere_is_marked_without_an_echo(view: ExperimentView) -> None:
    data = search_data()
    view.show_experiment(data)
    told: list[object] = []
    view.run_chosen.connect(told.append)
    view.select_run(paths.runs_folder() / data.trials[6].run)
    assert view.marks.chosen == 7
    assert view.table.currentIndex().row() == 6
    view.select_run(paths.runs_folder() / "another")
    assert view.marks.chosen is None
    assert not view.table.selectionModel().hasSelection()
    assert told == []


def test_that_rows_are_copied_as_a_spreadsheet_takes_them(view: ExperimentView) -> None:
    data = search_data()
    view.show_experiment(data)
    view.table.setCurrentIndex(view.table.filter.index(0, 0))
    lines = view.table.copy().splitlines()
    assert lines[0].startswith("trial\tlearning_rate\tmomentum")
    rate = data.trials[0].parameters["learning_rate"]
    assert lines[1].split("\t")[:2] == ["1", f"{rate:.4g}"]
    assert QApplication.clipboard().text().splitlines() == lines


def test_that_a_trial_that_ends_comes_in_at_the_next_turn(
    view: ExperimentView, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    reader = ExperimentReader(folder.path)
    view.show_experiment(reader.read(60))
    resets: list[None] = []
    view.table.trials.modelReset.connect(lambda: resets.append(None))
    generator = np.random.default_rng(0)
    values = drawn(SMALL, generator)
    folder.append(Planned(trial=4, parameters=values))
    add_trial(folder, SMALL, 4, values, "finished", 20, generator)
    view.show_experiment(reader.read(60))
    qtbot.waitUntil(lambda: len(texts(view, "trial")) == 4, timeout=3000)
    assert resets == []
    assert view.summary.headline.text().startswith("rates  ·  Search · 4/12")


def test_that_nothing_is_drawn_while_it_is_hidden(view: ExperimentView) -> None:
    view.hide()
    view.show_experiment(search_data())
    assert view.table.trials.rowCount() == 0
    view.show()
    assert view.table.trials.rowCount() == 12


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda: search_data(), ["history", "curves", "parallel", "slices", "importance"]),
        (
            lambda: ExperimentReader(make_planned("f", FOLDS, done=2).path).read(60),
            ["band", "curves"],
        ),
    ],
)
def test_that_each_kind_has_the_views_that_say_something(
    view: ExperimentView, make: object, keys: list[str]
) -> None:
    view.show_experiment(make())  # type: ignore[operator]
    assert view.segments is not None
    assert list(view.segments.buttons) == keys


def test_that_a_point_of_the_history_is_named_and_chosen(
    view: ExperimentView, qtbot: QtBot
) -> None:
    data = search_data()
    view.show_experiment(data)
    history = shown(view, "history", HistoryView)
    assert isinstance(history, HistoryView)
    view.grab()
    x, y = history.plot.to_pixels(np.array([4.0]), np.array([data.figures[4]]))
    at = QPoint(round(x[0]), round(y[0]))
    assert history.dots.find(QPointF(at)) == 4
    assert history.dots.find(QPointF(at) + QPointF(0, 60)) != 4
    with qtbot.waitSignal(view.run_chosen) as chosen:
        qtbot.mouseClick(history.plot.viewport(), LEFT, pos=at)
    assert chosen.args == [paths.runs_folder() / data.trials[3].run]
    assert view.table.currentIndex().row() == 3


def test_that_keys_walk_from_trial_to_trial(view: ExperimentView, qtbot: QtBot) -> None:
    view.show_experiment(search_data())
    history = shown(view, "history", HistoryView)
    for key, chosen in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_End, 12),
        (Qt.Key.Key_Left, 11),
        (Qt.Key.Key_Home, 1),
    ):
        qtbot.keyClick(history, key)
        assert view.marks.chosen == chosen
    assert history.accessibleDescription().startswith("Trial 1 · ")


def test_that_all_curves_are_few_items_and_the_line_under_the_pointer_is_found(
    view: ExperimentView,
) -> None:
    data = search_data()
    view.show_experiment(data)
    curves = shown(view, "curves", LearningCurvesView)
    assert isinstance(curves, LearningCurvesView)
    view.grab()
    assert len(curves.plot.item.items) == 4
    trial = data.best
    assert trial is not None
    rows = data.rows[trial.run]
    middle = (rows[17].val_top1 or 0) / 2 + (rows[18].val_top1 or 0) / 2
    x, y = curves.plot.to_pixels(np.array([18.5]), np.array([middle]))
    assert curves._find(QPointF(x[0], y[0])) == trial.number
    assert curves._find(QPointF(x[0], y[0] - 120)) is None


def test_that_a_drag_along_an_axis_limits_the_trials_of_every_view(
    view: ExperimentView, qtbot: QtBot
) -> None:
    data = search_data()
    view.show_experiment(data)
    axes = shown(view, "parallel", ParallelAxesView)
    assert isinstance(axes, ParallelAxesView)
    x = round(axes.axis_x(0))
    start, end = QPoint(x, round(axes.to_y(1.0))), QPoint(x, round(axes.to_y(0.5)))
    qtbot.mousePress(axes, LEFT, pos=start)
    qtbot.mouseMove(axes, pos=end)
    qtbot.mouseRelease(axes, LEFT, pos=end)
    low, _ = view.marks.limits["learning_rate"]
    expected = [
        str(trial.number)
        for trial in data.trials
        if np.log10(trial.parameters["learning_rate"]) >= low
    ]
    assert 0 < len(expected) < 12
    assert texts(view, "trial") == expected
    assert view.limits_words.text() == f"{len(expected)} of 12 within limits"
    qtbot.mouseClick(axes, LEFT, pos=end)
    assert view.marks.limits == {}
    assert len(texts(view, "trial")) == 12


def test_that_limits_can_be_set_and_cleared_by_key(view: ExperimentView, qtbot: QtBot) -> None:
    view.show_experiment(search_data())
    axes = shown(view, "parallel", ParallelAxesView)
    qtbot.keyClick(axes, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    for _ in range(3):
        qtbot.keyClick(axes, Qt.Key.Key_Down)
    assert list(view.marks.limits) == ["momentum"]
    assert view.clear_limits.isVisible()
    qtbot.keyClick(axes, Qt.Key.Key_Escape)
    assert view.marks.limits == {}
    assert not view.clear_limits.isVisible()


def test_that_a_line_between_the_axes_is_chosen(view: ExperimentView, qtbot: QtBot) -> None:
    view.show_experiment(search_data())
    axes = shown(view, "parallel", ParallelAxesView)
    assert isinstance(axes, ParallelAxesView)
    between = (axes.axis_x(0) + axes.axis_x(1)) / 2
    height = axes.to_y(float(axes.places[0, 4] + axes.places[1, 4]) / 2)
    at = QPointF(between, height)
    number = axes.trial_at(at)
    assert number is not None
    qtbot.mouseClick(axes, LEFT, pos=at.toPoint())
    assert view.marks.chosen == number


def test_that_each_setting_has_a_plot_on_its_own_kind_of_axis(view: ExperimentView) -> None:
    view.show_experiment(search_data())
    settings = shown(view, "slices", EachSettingView)
    assert isinstance(settings, EachSettingView)
    titles = [one.title.text() for one in settings.slices]
    assert titles == ["Learning rate", "Momentum", "Batch size", "Architecture"]
    assert settings.slices[0].plot.bottom_axis.logarithmic
    assert not settings.slices[1].plot.bottom_axis.logarithmic


def test_that_importance_is_said_in_order(view: ExperimentView) -> None:
    folder = make_search(experiment=SMALL, trials=6, running=0)
    write_importance(folder.path, {"momentum": 0.2, "learning_rate": 0.8})
    view.show_experiment(ExperimentReader(folder.path).read(60))
    importance = shown(view, "importance", ImportanceView)
    assert importance.accessibleDescription() == "Learning rate 80 %, Momentum 20 %"


def test_that_folds_have_a_mean_a_deviation_and_a_corrected_error(view: ExperimentView) -> None:
    folder = make_planned("folds", FOLDS, done=5)
    data = ExperimentReader(folder.path).read(60)
    view.show_experiment(data)
    mean = shown(view, "band", RepetitionsView)
    assert isinstance(mean, RepetitionsView)
    rows = {str(row.values[0]): row.values[1] for row in mean.table.figures.rows}
    values = [run.best.val_top1 for run in data.members if run.best is not None]
    assert rows["Mean"] == pytest.approx(np.mean(values))
    deviation = np.std(values, ddof=1)
    assert rows["Deviation"] == pytest.approx(deviation)
    environment = data.members[0].environment
    assert environment is not None
    ratio = environment.data.validation_pictures / environment.data.train_pictures
    assert rows["Std. error"] == pytest.approx(deviation * np.sqrt(1 / 5 + ratio))
    mean.table.setCurrentIndex(mean.table.filter.index(2, 0))
    assert view.marks.chosen == 3


def test_that_seeds_are_judged_on_test_where_they_were_tested(view: ExperimentView) -> None:
    folder = make_planned("seeds", SEEDS, done=3)
    view.show_experiment(ExperimentReader(folder.path).read(60))
    mean = shown(view, "band", RepetitionsView)
    assert isinstance(mean, RepetitionsView)
    firsts = [row.values[0] for row in mean.table.figures.rows]
    assert firsts == ["0", "1", "2", "Mean", "Deviation"]
    assert mean.table.figures.columns[1].title == "Test top-1, %"


def test_that_the_buttons_are_those_that_make_sense_now(view: ExperimentView) -> None:
    folder = make_search(experiment=SMALL, trials=12, running=2)
    lock = folder.hold()
    reader = ExperimentReader(folder.path)
    view.show_experiment(reader.read(60))
    assert visible_buttons(view) == ["Pause", "Stop"]
    lock.release()
    view.show_experiment(None)
    view.show_experiment(reader.read(60))
    assert visible_buttons(view) == ["Go on", "More trials…"]
    for number in (11, 12):
        folder.append(Ended(trial=number, state="finished", value=30.0, best_epoch=1, epochs=2))
    view.show_experiment(None)
    view.show_experiment(reader.read(60))
    assert "More trials…" in visible_buttons(view)
    assert "Train the winner…" in visible_buttons(view)
    assert "look at the test set once" in view.summary.next_step.words.text()


def test_that_the_buttons_ask_for_what_they_say(view: ExperimentView, qtbot: QtBot) -> None:
    view.show_experiment(search_data())
    summary = view.summary
    for button, signal in (
        (summary.pause, view.pause_requested),
        (summary.go_on, view.go_on_requested),
        (summary.stop, view.stop_requested),
        (summary.more, view.more_requested),
        (summary.finish, view.finish_requested),
    ):
        with qtbot.waitSignal(signal):
            button.click()


def test_that_widening_names_the_axis_at_whose_edge_the_best_lies(
    view: ExperimentView, qtbot: QtBot
) -> None:
    folder = make_edge("edge", Axis(key="learning_rate", low=0.01, high=0.1), 0.099)
    view.show_experiment(ExperimentReader(folder.path).read(60))
    assert view.summary.edge.isVisible()
    assert "upper edge of 0.01 to 0.1" in view.summary.edge.words.text()
    with qtbot.waitSignal(view.widen_requested) as asked:
        view.summary.widen.click()
    assert asked.args == ["learning_rate"]


def test_that_a_view_is_copied_and_asked_to_be_kept(view: ExperimentView, qtbot: QtBot) -> None:
    view.show_experiment(search_data())
    axes = shown(view, "parallel", ParallelAxesView)
    qtbot.keyClick(axes, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().image().width() == 2 * axes.width()
    with qtbot.waitSignal(view.save_requested) as asked:
        qtbot.keyClick(axes, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == ["parallel"]
    with qtbot.waitSignal(view.save_requested) as asked:
        qtbot.keyClick(view.table, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == ["trials"]


def test_that_every_view_is_painted_in_both_themes_and_scales_and_has_names(
    view: ExperimentView,
) -> None:
    view.show_experiment(search_data())
    for choice, scale in (("dark", 1.0), ("light", 2.0), ("light", 1.0)):
        theme.manager().apply(choice, scale)
        assert view.segments is not None
        for key in view.segments.buttons:
            view.choose_view(key)
            assert not view.grab().isNull()
            assert view.shown is not None
            assert view.shown.accessibleName()
    for button in view.findChildren(QToolButton) + view.findChildren(QPushButton):
        if button.isVisible():
            assert button.accessibleName() or button.text()
            assert button.toolTip()


def test_that_an_experiment_without_trials_or_figures_is_shown_all_the_same(
    view: ExperimentView,
) -> None:
    folder = make_search("none", experiment=SMALL, trials=0, running=0)
    view.show_experiment(ExperimentReader(folder.path).read(60))
    assert view.segments is not None
    for key in view.segments.buttons:
        view.choose_view(key)
        view.grab()
    folder = make_planned("planned", FOLDS, done=0)
    view.show_experiment(ExperimentReader(folder.path).read(60))
    view.choose_view("band")
    view.grab()
    assert visible_buttons(view) == ["Start"]


def test_that_a_report_is_a_short_table_of_its_runs(view: ExperimentView) -> None:
    folder = make_planned("report", Experiment(kind="report", config=CONFIG), done=0)
    for number, name in enumerate(("resnet18", "vgg11"), 1):
        parameters = {"architecture": name}
        folder.append(Planned(trial=number, parameters=parameters, preset=f"report-{name}"))
    view.show_experiment(ExperimentReader(folder.path).read(60))
    assert texts(view, "preset") == ["report-resnet18", "report-vgg11"]
    assert texts(view, "architecture") == ["ResNet18", "VGG11"]


def test_that_keys_of_views_are_their_own(home: Path) -> None:
    keys = [view.KEY for view in VIEWS]
    assert len(set(keys)) == len(keys)
