"""Experiments in the list of runs: what stands where, what folds, and what is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt, SignalInstance
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QMenu
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.experiment.experiment import Experiment, settled
from cifar_studio.runs.experiment import experiment_folder
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned, PlannedAgain
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.library.experiment_entry import ShownExperiment
from cifar_studio.ui.library.experiment_model import EXPERIMENT_ROLE, TRIAL_ROLE
from cifar_studio.ui.library.run_model import RUN_ROLE, RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.shortcut_keys import DELETE
from experiments_support import CONFIG, FOLDS, SEARCH, SEEDS, make_planned, make_search, write_run
from support import make_row

OpenPanel = Callable[[], RunsPanel]
RATE = (SEARCH.axes[0],)
SMALL = replace(SEARCH, trials=5, axes=RATE)
END = "Reference runs · Show"


def run_list(panel: RunsPanel) -> QListView:
    (found,) = panel.findChildren(QListView)
    return found


def listed(panel: RunsPanel) -> list[str]:
    """What stands in the list from top to bottom, without the heading of the reference runs."""
    model = run_list(panel).model()
    texts = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    return [text for text in texts if text != END]


def choose(panel: RunsPanel, row: int) -> None:
    run_list(panel).setFocus()
    run_list(panel).setCurrentIndex(run_list(panel).model().index(row, 0))


def click(panel: RunsPanel, row: int, from_left: int = 100) -> None:
    view = run_list(panel)
    place = view.visualRect(view.model().index(row, 0)).topLeft() + QPoint(from_left, 20)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def press(panel: RunsPanel, key: Qt.Key) -> None:
    QTest.keyClick(run_list(panel), key)


def current(panel: RunsPanel) -> str:
    return str(run_list(panel).currentIndex().data())


def look(panel: RunsPanel, qtbot: QtBot) -> None:
    model: RunModel = panel._model
    model.refresh()
    qtbot.waitUntil(lambda: not model.is_reading and not panel.experiments.is_reading)


def shown(panel: RunsPanel, folder: ExperimentFolder) -> ShownExperiment:
    found = panel.experiments.find(folder.path)
    assert found is not None
    return found


def told_by(signal: SignalInstance) -> list[Path]:
    """What a signal tells from now on."""
    told: list[Path] = []
    signal.connect(told.append)
    return told


# What stands where


def test_that_experiments_stand_above_single_runs_and_hold_their_own(
    open_panel: OpenPanel, make_run: Callable[..., RunFolder]
) -> None:
    make_run("20990101_120000_resnet18")
    folds = make_planned("folds", FOLDS, done=2)
    folds.write_experiment(replace(folds.read_experiment(), created="2026-11-02T10:00:00+00:00"))
    search = make_search(experiment=SMALL, trials=3, running=0)
    search.write_experiment(replace(search.read_experiment(), created="2026-11-01T10:00:00+00:00"))
    panel = open_panel()
    assert listed(panel) == ["folds", "rates", "ResNet18"], "the newest one first"
    assert len(panel._model.runs) == 6, "who compares still sees all of them"
    panel.experiments.set_open(search.path, True)
    titles = [
        f"{number} · learning rate {trial.parameters['learning_rate']:.4g}"
        for number, trial in enumerate(search.read().trials, 1)
    ]
    assert listed(panel) == ["folds", "rates", *titles, "ResNet18"]
    panel.experiments.set_open(search.path, False)
    assert listed(panel) == ["folds", "rates", "ResNet18"]


def test_that_each_kind_says_what_sets_its_trials_apart(open_panel: OpenPanel) -> None:
    make_planned("folds", FOLDS, done=1)
    make_planned("seeds", SEEDS, done=2)
    twice = settled(Experiment(kind="search", config=CONFIG, axes=RATE, trials=1, folds=2))
    folds_search = make_search("twice", experiment=twice, trials=1, running=0)
    report = Experiment(kind="report", config=CONFIG)
    planned = [Planned(trial=1, parameters={"architecture": "vgg11", "dropout": 0.5})]
    folder = experiment_folder.create(paths.experiments_folder(), "report", report, planned)
    config = report.trial_config(planned[0].parameters)
    place = TrialOf(experiment="report", trial=1)
    write_run("20260401_120000_vgg11", config, [make_row(1)], "running", place)
    folder.append(Begun(trial=1, run="20260401_120000_vgg11"))
    panel = open_panel()
    for path in list(paths.experiments_folder().iterdir()):
        panel.experiments.set_open(path, True)
    rate = folds_search.read().trials[0].parameters["learning_rate"]
    assert {text for text in listed(panel) if "·" in text} == {
        "1 · VGG11, dropout 0.5",
        f"1 · fold 1 of 2, learning rate {rate:.4g}",
        f"1 · fold 2 of 2, learning rate {rate:.4g}",
        "1 · seed 0",
        "2 · seed 1",
        "1 · fold 1 of 5",
    }


def test_that_a_row_says_how_the_experiment_stands(open_panel: OpenPanel, qtbot: QtBot) -> None:
    folder = make_search(experiment=SMALL, trials=5, running=2)
    panel = open_panel()
    best = max(trial.value for trial in folder.read().trials if trial.state == "finished")
    row = shown(panel, folder)
    assert row.figure == f"{best:.2f} %"
    assert (row.about, row.standing) == ("Search · 3/5", "stopped")
    index = run_list(panel).model().index(0, 0)
    spoken = f"Experiment rates, Search · 3/5, {best:.2f} %, stopped, folded"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == spoken
    with folder.hold():
        look(panel, qtbot)
        assert shown(panel, folder).standing.endswith(" min left")
        folder.append(Ended(trial=4, state="failed"))
        look(panel, qtbot)
        assert shown(panel, folder).about == "Search · 3/5 · 1 failed"
        folder.say_paused(True)
        look(panel, qtbot)
        assert (shown(panel, folder).stage, shown(panel, folder).standing) == ("paused",) * 2
    look(panel, qtbot)
    assert shown(panel, folder).stage == "stopped", "nobody works on it"


def test_that_repetitions_show_their_mean_and_one_that_waits_nothing(
    open_panel: OpenPanel,
) -> None:
    seeds = make_planned("seeds", SEEDS, done=4)
    waiting = make_planned("folds", FOLDS, done=0)
    panel = open_panel()
    values = [trial.value for trial in seeds.read().trials]
    assert shown(panel, seeds).figure == f"mean {sum(values) / 4:.2f} %"
    assert shown(panel, seeds).standing == ""
    assert (shown(panel, waiting).figure, shown(panel, waiting).standing) == ("", "not begun")


def test_that_a_trial_that_was_pruned_says_so_and_shows_its_figure(open_panel: OpenPanel) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    model = run_list(panel).model()
    first, third = (model.index(row, 0).data(TRIAL_ROLE) for row in (1, 3))
    assert (first.end, third.end) == ("", "pruned")
    value = folder.read().trials[0].value
    assert value is not None
    assert first.figure == f"{value:.2f} %"


# What happens meanwhile


def test_that_a_trial_that_begins_gets_a_row_and_nothing_is_read_twice(
    open_panel: OpenPanel, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    folder.append(Planned(trial=3, parameters={"learning_rate": 0.05}))
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    entry = panel.experiments._watch.find(folder.path)
    assert entry is not None
    before = entry._reader._ledger.bytes_read
    run = "20260401_130000_rates"
    place = TrialOf(experiment="rates", trial=3)
    write_run(run, SMALL.trial_config({"learning_rate": 0.05}), [], "running", place)
    folder.append(Begun(trial=3, run=run))
    look(panel, qtbot)
    assert listed(panel)[3] == "3 · learning rate 0.05"
    assert entry._reader._ledger.bytes_read - before < 1000


def test_that_the_runs_of_an_experiment_that_is_gone_stand_by_themselves(
    open_panel: OpenPanel, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    panel = open_panel()
    elsewhere = paths.experiments_folder().parent / "elsewhere"
    shutil.move(folder.path, elsewhere)
    look(panel, qtbot)
    assert listed(panel) == ["ResNet18"] * 3
    shutil.move(elsewhere, folder.path)
    look(panel, qtbot)
    assert listed(panel) == ["rates"]


def test_that_a_deleted_run_leaves_its_experiment(open_panel: OpenPanel, qtbot: QtBot) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    shutil.rmtree(folder.read().run_path(folder.read().trials[1]) or Path())
    look(panel, qtbot)
    assert [text[:1] for text in listed(panel)] == ["r", "1", "3"]


def test_that_one_that_cannot_be_read_hides_no_runs_and_comes_when_it_is_mended(
    open_panel: OpenPanel, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    whole = folder.experiment_file.read_bytes()
    panel = open_panel()
    folder.experiment_file.write_bytes(b"{}")
    look(panel, qtbot)
    assert len(listed(panel)) == 2
    assert panel.experiments.find(folder.path) is None
    folder.experiment_file.write_bytes(whole)
    look(panel, qtbot)
    assert listed(panel) == ["rates"]


def test_that_the_queue_is_no_experiment_of_the_list(
    open_panel: OpenPanel, make_run: Callable[..., RunFolder]
) -> None:
    run = make_run()
    planned = [Planned(trial=1, parameters={})]
    queue = Experiment(kind="queue")
    folder = experiment_folder.create(paths.experiments_folder(), "queue", queue, planned)
    folder.append(Begun(trial=1, run=run.path.name))
    assert listed(open_panel()) == ["ResNet18"]


def test_that_a_run_that_was_there_before_stands_by_itself_and_with_its_trial(
    open_panel: OpenPanel, make_run: Callable[..., RunFolder], qtbot: QtBot
) -> None:
    run = make_run()
    folder = make_planned("seeds", SEEDS, done=0)
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    folder.append(Begun(trial=1, run=run.path.name))
    look(panel, qtbot)
    assert listed(panel) == ["seeds", "1 · seed 0", "ResNet18"]
    choose(panel, 1)
    panel.select(run.path)
    assert current(panel) == "1 · seed 0", "what was chosen is that run already"
    folder.append(PlannedAgain(trial=1))
    look(panel, qtbot)
    assert listed(panel) == ["seeds", "ResNet18"]


def test_that_an_earlier_attempt_stands_with_its_trial(open_panel: OpenPanel, qtbot: QtBot) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    values = folder.read().trials[0].parameters
    folder.append(PlannedAgain(trial=1))
    again = "20260401_140000_rates"
    place = TrialOf(experiment="rates", trial=1)
    write_run(again, SMALL.trial_config(values), [make_row(1)], "running", place)
    folder.append(Begun(trial=1, run=again))
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    assert [text[:1] for text in listed(panel)] == ["r", "1", "1", "2"]


# Hands


def test_that_a_click_chooses_the_experiment_and_one_on_its_chevron_folds(
    open_panel: OpenPanel,
) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    panel = open_panel()
    chosen, runs = told_by(panel.experiment_chosen), told_by(panel.run_chosen)
    click(panel, 0)
    assert [chosen[0], len(chosen), len(listed(panel))] == [folder.path, 1, 1]
    click(panel, 0, from_left=8)
    assert (len(chosen), len(listed(panel))) == (1, 3)
    click(panel, 2)
    assert runs[0] == folder.read().run_path(folder.read().trials[1])
    click(panel, 0, from_left=8)
    assert (len(listed(panel)), current(panel)) == (1, "rates")
    assert (len(chosen), len(runs)) == (1, 1), "folding away what is chosen chooses nothing"


def test_that_it_folds_by_keys(open_panel: OpenPanel) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    panel = open_panel()
    choose(panel, 0)
    press(panel, Qt.Key.Key_Left)
    assert len(listed(panel)) == 1
    press(panel, Qt.Key.Key_Right)
    assert (len(listed(panel)), current(panel)) == (3, "rates")
    press(panel, Qt.Key.Key_Right)
    assert current(panel).startswith("1 · ")
    press(panel, Qt.Key.Key_Right)
    assert current(panel).startswith("1 · ")
    press(panel, Qt.Key.Key_Left)
    assert (len(listed(panel)), current(panel)) == (3, "rates")
    press(panel, Qt.Key.Key_Left)
    assert len(listed(panel)) == 1
    press(panel, Qt.Key.Key_Return)
    assert len(listed(panel)) == 3
    with_space = told_by(panel.experiment_chosen)
    press(panel, Qt.Key.Key_Space)
    assert with_space[0] == folder.path


def test_that_the_run_of_all_tabs_is_marked_also_where_it_is_folded_away(
    open_panel: OpenPanel,
) -> None:
    folder = make_search(experiment=SMALL, trials=3, running=0)
    make_search("others", experiment=SMALL, trials=1, running=0, seed=1)
    panel = open_panel()
    runs = told_by(panel.run_chosen)
    panel.select(folder.read().run_path(folder.read().trials[1]) or Path())
    assert current(panel) == "rates"
    panel.experiments.set_open(folder.path, True)
    panel.select(folder.read().run_path(folder.read().trials[2]) or Path())
    assert current(panel).startswith("3 · ")
    assert len(runs) == 0


def test_that_a_search_finds_trials_below_their_experiment(
    open_panel: OpenPanel, make_run: Callable[..., RunFolder]
) -> None:
    make_run(config=replace(CONFIG, architecture="vgg11"))
    networks = replace(SEARCH, trials=4, axes=(SEARCH.axes[3],))
    folder = make_search("which network", experiment=networks, trials=4, running=0)
    make_search(experiment=SMALL, trials=2, running=0)
    trials = folder.read().trials
    vggs = [trial.number for trial in trials if trial.parameters["architecture"] == "vgg11"]
    assert 0 < len(vggs) < 4
    panel = open_panel()
    runs = told_by(panel.run_chosen)
    choose(panel, 2)
    panel._search.setText("vgg11")
    expected = [f"{number} · architecture VGG11" for number in vggs]
    assert listed(panel) == ["which network", *expected, "VGG11"]
    heading = run_list(panel).model().index(0, 0)
    assert heading.data(EXPERIMENT_ROLE).is_open
    panel._search.setText("which network vgg11")
    assert listed(panel) == ["which network", *expected]
    panel._search.setText("which")
    assert listed(panel) == ["which network"], "found by its own name it stays folded"
    panel._search.setText("")
    assert len(listed(panel)) == 3
    assert len(runs) == 1, "who searches has not chosen another run"
    assert current(panel) == "VGG11"


def test_that_a_search_that_hides_what_was_chosen_leaves_nothing_chosen(
    open_panel: OpenPanel, make_run: Callable[..., RunFolder]
) -> None:
    make_run("20260402_120000_vgg11", config=replace(CONFIG, architecture="vgg11"))
    make_run()
    panel = open_panel()
    runs = told_by(panel.run_chosen)
    choose(panel, 0)
    panel._search.setText("resnet18")
    click(panel, 0)
    assert [path.name for path in runs] == [
        "20260402_120000_vgg11",
        "20260401_120000_resnet18",
    ]


# The menu


def offered(panel: RunsPanel, folder: ExperimentFolder) -> dict[str, bool]:
    menu = QMenu()
    panel.experiments_menu.fill(menu, shown(panel, folder))
    return {one.text(): one.isEnabled() for one in menu.actions() if not one.isSeparator()}


def test_that_the_menu_offers_what_makes_sense(open_panel: OpenPanel, qtbot: QtBot) -> None:
    search = make_search(experiment=SMALL, trials=5, running=1)
    grown = make_search("grown", experiment=SMALL, trials=5, running=0)
    folds = make_planned("folds", FOLDS, done=5)
    waiting = make_planned("seeds", SEEDS, done=0)
    always = ["Export…", "Copy as command", "Open its folder", "Move to the bin"]
    panel = open_panel()
    assert [*offered(panel, search)] == ["Show", "Go on", "More trials…", *always]
    assert [*offered(panel, grown)] == ["Show", "More trials…", "Train the winner…", *always]
    assert [*offered(panel, folds)] == ["Show", "Train on all pictures…", *always]
    assert [*offered(panel, waiting)] == ["Show", "Start", *always]
    assert all(offered(panel, search).values())
    with search.hold():
        look(panel, qtbot)
        assert [*offered(panel, search)] == ["Show", "Pause", "Stop", *always]
        assert not offered(panel, search)["Move to the bin"]
        search.say_paused(True)
        look(panel, qtbot)
        assert [*offered(panel, search)] == ["Show", "Go on", "Stop", *always]


def test_that_each_entry_of_the_menu_tells_which_experiment_is_meant(
    open_panel: OpenPanel, qtbot: QtBot
) -> None:
    search = make_search("two words", experiment=SMALL, trials=5, running=0)
    panel = open_panel()
    menus = panel.experiments_menu
    wanted = {
        "More trials…": menus.more_requested,
        "Train the winner…": menus.finish_requested,
        "Export…": menus.export_requested,
        "Move to the bin": menus.delete_requested,
        "Show": panel.experiment_chosen,
    }
    menu = QMenu()
    menus.fill(menu, shown(panel, search))
    actions = {action.text(): action for action in menu.actions()}
    for text, signal in wanted.items():
        with qtbot.waitSignal(signal) as told:
            actions[text].trigger()
        assert told.args == [search.path]
    with qtbot.waitSignal(menus.command_copied) as told:
        actions["Copy as command"].trigger()
    assert told.args == ["cifar-studio experiment run 'two words'"]


def test_that_the_delete_key_asks_for_an_experiment_that_nobody_works_on(
    open_panel: OpenPanel, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=1)
    panel = open_panel()
    asked = told_by(panel.experiments_menu.delete_requested)
    choose(panel, 0)
    with folder.hold():
        look(panel, qtbot)
        QTest.keySequence(run_list(panel), QKeySequence(DELETE))
        assert len(asked) == 0
    look(panel, qtbot)
    QTest.keySequence(run_list(panel), QKeySequence(DELETE))
    assert asked[0] == folder.path


def test_that_rows_are_painted_in_both_themes(open_panel: OpenPanel) -> None:
    folder = make_search(experiment=replace(SEARCH, trials=9), trials=9, running=2)
    panel = open_panel()
    panel.experiments.set_open(folder.path, True)
    pictures = []
    for name in ("light", "dark"):
        theme.manager().apply(name)
        choose(panel, 0)
        pictures.append(panel.grab().toImage())
    assert pictures[0] != pictures[1]
    assert run_list(panel).model().index(1, 0).data(RUN_ROLE) is not None
