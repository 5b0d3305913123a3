"""The form as an experiment: what is varied, what is wrong, and how it is remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cifar_studio.config.experiment.axis import FIXED, Axis
from cifar_studio.config.experiment.experiment import checked_experiment
from cifar_studio.config.presets import preset
from cifar_studio.config.settings import SETTINGS
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.ui.setup.setup_panel import SetupPanel
from form_support import choose, combo, editor, experiment_of, fork, segment, shown_text, type_into

FAST = Speed(1000.0, 3000.0, 900.0, is_rough=False)


def test_that_one_run_shows_nothing_of_an_experiment(panel: SetupPanel) -> None:
    assert not panel.is_experiment
    assert panel.planned_experiment() is None
    assert panel.planned_run() is not None
    names = [b.accessibleName() for b in panel.findChildren(QToolButton) if b.isVisible()]
    assert not [name for name in names if name.startswith("Vary")]
    assert "Kind" not in shown_text(panel).splitlines()


def test_that_the_switch_tells_and_an_experiment_without_axes_says_what_to_do(
    qtbot: QtBot, panel: SetupPanel
) -> None:
    with qtbot.waitSignal(panel.mode_changed) as signal:
        segment(panel, "Experiment").click()
    assert signal.args == [True]
    assert panel.planned_experiment() is None
    assert panel.why_not() == "Press the fork beside a setting to vary it."
    assert panel.why_not() in shown_text(panel)


def test_that_every_setting_that_is_shown_and_may_be_varied_has_a_fork(form: SetupPanel) -> None:
    shown = {b.accessibleName() for b in form.findChildren(QToolButton) if b.isVisible()}
    for key in ("learning_rate", "momentum", "architecture", "batch_size", "nesterov"):
        assert f"Vary {SETTINGS[key].title}" in shown
    for key in FIXED:
        assert f"Vary {SETTINGS[key].title}" not in shown
    choose(form, "Kind", "folds")
    assert not [
        b for b in form.findChildren(QToolButton) if b.isVisible() and "Vary" in b.accessibleName()
    ]


def test_that_a_search_is_made_by_forks_and_typing(qtbot: QtBot, form: SetupPanel) -> None:
    fork(form, "Learning rate").click()
    assert editor(form, "Learning rate: values").text() == "0.001..0.1"
    fork(form, "Momentum").click()
    type_into(qtbot, form, "Momentum: values", "0.8, 0.9, 0.95")
    experiment = experiment_of(form)
    assert experiment.axes == (
        Axis(key="learning_rate", low=0.001, high=0.1, logarithmic=True),
        Axis(key="momentum", values=(0.8, 0.9, 0.95)),
    )
    assert (experiment.kind, experiment.method, experiment.trials) == ("search", "random", 20)
    assert (experiment.metric, experiment.folds, experiment.pruning) == ("val_top1", 0, "none")
    assert (experiment.data, experiment.preset) == ("demo", "quick-look")
    assert (experiment.config.train_per_class, experiment.config.validation_per_class) == (90, 10)
    assert "Validated on 10 pictures a class" in shown_text(form)
    assert checked_experiment(experiment) is experiment


def test_that_choices_and_switches_offer_all_their_values_to_tick(form: SetupPanel) -> None:
    fork(form, "Architecture").click()
    fork(form, "Nesterov").click()
    boxes = {box.accessibleName(): box for box in form.findChildren(QCheckBox)}
    assert not combo(form, "Architecture").isVisible()
    boxes["Architecture: values, VGG11"].click()
    assert experiment_of(form).axes == (
        Axis(key="architecture", values=("resnet18", "mobilenet_v2", "vgg11_bn", "densenet161")),
        Axis(key="nesterov", values=(True, False)),
    )
    assert "parameters" not in shown_text(form), "of which network?"
    fork(form, "Architecture").click()
    assert combo(form, "Architecture").isVisible()
    assert "parameters" in shown_text(form)


def test_that_ranges_become_values_where_every_combination_is_tried(
    qtbot: QtBot, form: SetupPanel, book: SpeedBook
) -> None:
    fork(form, "Learning rate").click()
    choose(form, "How", "grid")
    (axis,) = experiment_of(form).axes
    assert axis.values == (0.001, 0.00316228, 0.01, 0.0316228, 0.1)
    assert "5 values: 0.001, 0.00316, 0.01, 0.0316, 0.1." in shown_text(form)
    type_into(qtbot, form, "Learning rate: values", "0.001..0.1:log:3")
    fork(form, "Momentum").click()
    assert editor(form, "Momentum: values").text() == "0.8, 0.9, 0.99"
    assert experiment_of(form).trial_count == 9, "the 20 of a random search are no bound here"
    book.remember(preset("quick-look").config, FAST)
    form._check()
    assert "3 × 3 = 9 trials, about " in shown_text(form)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0.8", "needs two values or more, or a range"),
        ("0.8, 1", "is 1, must be 0 or more and below 1"),
        ("0.8, 0.8", "has a value twice"),
        ("0.9..0.8", "has a range from 0.9 to 0.8, which is none"),
        ("0.8, fast", "is 'fast', must be a number, 0 or more and below 1"),
        ("", "needs two values or more, or a range"),
    ],
)
def test_that_a_bad_axis_is_marked_where_it_stands_and_kept(
    qtbot: QtBot, form: SetupPanel, text: str, fault: str
) -> None:
    fork(form, "Momentum").click()
    type_into(qtbot, form, "Momentum: values", text)
    assert form.faults() == {"momentum": fault}
    assert fault in shown_text(form)
    assert form.planned_experiment() is None
    assert form.why_not() == "Fix first: Momentum"
    line = editor(form, "Momentum: values")
    assert (line.text(), line.property("faulty")) == (text, "true")
    fork(form, "Momentum").click()
    fork(form, "Learning rate").click()
    assert form.planned_experiment() is not None, "what is not varied has its single value"


def test_that_the_groups_own_faults_stand_where_they_are(qtbot: QtBot, form: SetupPanel) -> None:
    fork(form, "Momentum").click()
    for title, text, key in (
        ("Trials", "many", "trials"),
        ("Trials", "0", "trials"),
        ("Hours", "0", "hours"),
        ("Name", "a/b", "name"),
    ):
        before = editor(form, f"Experiment, {title}").text()
        type_into(qtbot, form, f"Experiment, {title}", text)
        assert list(form.faults()) == [key]
        assert form.why_not() == f"Fix first: {title}"
        assert editor(form, f"Experiment, {title}").property("faulty") == "true"
        type_into(qtbot, form, f"Experiment, {title}", before)
        assert form.planned_experiment() is not None
    type_into(qtbot, form, "Experiment, Trials", "")
    assert "for how many hours" in form.faults()["trials"]
    type_into(qtbot, form, "Experiment, Hours", "1,5")
    assert experiment_of(form).hours == 1.5


def test_that_a_single_value_that_is_bad_is_marked_as_in_one_run(
    qtbot: QtBot, form: SetupPanel
) -> None:
    form.set_open_groups(["Data", "Training"])
    fork(form, "Momentum").click()
    for title, key in (("Training", "train_per_class"), ("Seed", "seed")):
        before = editor(form, title).text()
        type_into(qtbot, form, title, "many")
        assert list(form.faults()) == [key]
        choose(form, "Kind", "seeds")
        assert list(form.faults()) == [key]
        choose(form, "Kind", "search")
        type_into(qtbot, form, title, before)
    assert form.planned_experiment() is not None
    type_into(qtbot, form, "Validation", "500")
    assert "validation_per_class" in form.faults()
    choose(form, "Each trial on", "folds")
    assert form.planned_experiment() is not None, "what is not seen is not used"


def test_that_values_that_do_not_go_together_are_found_at_the_start(
    qtbot: QtBot, form: SetupPanel
) -> None:
    choose(form, "How", "grid")
    for title, text in (("Training", "90, 9"), ("Batch size", "64, 899")):
        fork(form, title).click()
        type_into(qtbot, form, f"{title}: values", text)
    assert form.faults() == {}, "each of them fits the other's first value"
    assert form.planned_experiment() is None
    assert "leaves a last batch of one picture of 900" in form.faults()["batch_size"]
    assert form.faults()["batch_size"] in shown_text(form)
    assert form.why_not() == "Fix first: Batch size"
    type_into(qtbot, form, "Batch size: values", "64, 32")
    assert form.planned_experiment() is not None


def test_that_folds_and_seeds_need_nothing_varied(form: SetupPanel, book: SpeedBook) -> None:
    book.remember(preset("quick-look").config, FAST)
    choose(form, "Kind", "folds")
    experiment = experiment_of(form)
    assert (experiment.kind, experiment.folds, experiment.axes) == ("folds", 5, ())
    assert "5 trainings, about" in shown_text(form)
    assert "dealt out into 5 parts" in shown_text(form)
    for key in ("folds", "fold", "test", "validation_per_class"):
        assert form._fields[key].isHidden()
    choose(form, "Kind", "seeds")
    experiment = experiment_of(form)
    assert (experiment.kind, experiment.seeds) == ("seeds", 3)
    assert "3 trainings, about" in shown_text(form)
    assert "Seeds 0 to 2" in shown_text(form)


def test_that_a_search_by_folds_has_no_early_end(form: SetupPanel) -> None:
    fork(form, "Momentum").click()
    choose(form, "End early", "median")
    assert experiment_of(form).pruning == "median"
    choose(form, "Each trial on", "folds")
    experiment = experiment_of(form)
    assert (experiment.folds, experiment.pruning) == (5, "none")
    assert not combo(form, "Experiment, End early").isVisible()


def test_that_the_name_is_free_follows_the_form_and_stays_as_it_was_typed(
    qtbot: QtBot, form: SetupPanel, tmp_path: Path
) -> None:
    name = editor(form, "Experiment, Name")
    assert name.text() == "search-resnet18"
    (tmp_path / "experiments" / "folds-resnet18").mkdir(parents=True)
    choose(form, "Kind", "folds")
    assert name.text() == "folds-resnet18-2"
    type_into(qtbot, form, "Experiment, Name", "mine")
    choose(form, "Kind", "seeds")
    assert name.text() == "mine"
    (tmp_path / "experiments" / "mine").mkdir()
    form._check()
    assert "name" in form.faults()
    form.experiment_begun()
    assert name.text() == "seeds-resnet18"


def test_that_the_experiment_comes_back_faults_included(qtbot: QtBot, form: SetupPanel) -> None:
    fork(form, "Learning rate").click()
    fork(form, "Momentum").click()
    type_into(qtbot, form, "Momentum: values", "0.8, x")
    type_into(qtbot, form, "Experiment, Trials", "many")
    kept = json.loads(json.dumps(form.experiment_values()))
    form.show_experiment_values({})
    assert not form.is_experiment
    assert form.experiment_values()["vary"] == {}
    form.show_experiment_values(kept)
    assert form.is_experiment
    assert editor(form, "Momentum: values").text() == "0.8, x"
    assert editor(form, "Experiment, Trials").text() == "many"
    assert set(form.faults()) == {"momentum", "trials"}
    assert form.experiment_values() == kept


@pytest.mark.parametrize(
    "damaged",
    [
        {"mode": 3, "vary": []},
        {"mode": "experiment", "vary": {"momentum": 3, "odd": "1,2"}, "kind": "queue"},
        {"mode": "experiment", "kind": ["search"], "trials": {}, "name": 5, "folds": "many"},
    ],
)
def test_that_damaged_remembered_experiments_do_no_harm(
    panel: SetupPanel, damaged: dict[str, object]
) -> None:
    panel.show_experiment_values(damaged)
    panel.planned_experiment()
    segment(panel, "One run").click()
    assert panel.planned_run() is not None


def test_that_presets_and_resets_keep_working(qtbot: QtBot, form: SetupPanel) -> None:
    fork(form, "Momentum").click()
    assert "1 change" in combo(form, "Preset").currentText()
    form.show_config(preset("report-vgg11").config, "report-vgg11")
    assert experiment_of(form).config.architecture == "vgg11"
    assert [axis.key for axis in experiment_of(form).axes] == ["momentum"]
    form._fields["momentum"].reset_requested.emit("momentum")
    assert not fork(form, "Momentum").isChecked()
    fork(form, "Momentum").click()
    form._preset_box.preset_chosen.emit(preset("report-vgg11"))
    assert not fork(form, "Momentum").isChecked(), "all changes are reset"
    assert "change" not in combo(form, "Preset").currentText()


def test_that_what_counts_for_one_of_the_values_is_shown_and_what_counts_for_none_is_dropped(
    form: SetupPanel,
) -> None:
    form.set_open_groups(["Learning rate"])
    fork(form, "Schedule").click()
    assert form._fields["final_share"].isVisible()
    fork(form, "Ends at").click()
    assert {axis.key for axis in experiment_of(form).axes} == {"schedule", "final_share"}
    fork(form, "Schedule").click()
    fork(form, "Learning rate").click()
    assert not form._fields["final_share"].isVisible()
    assert [axis.key for axis in experiment_of(form).axes] == ["learning_rate"]


def test_that_the_keyboard_goes_from_an_editor_to_its_fork_to_the_next(form: SetupPanel) -> None:
    fork(form, "Learning rate").click()
    line = editor(form, "Learning rate: values")
    assert line.hasFocus()
    order = []
    at: QWidget = line
    for _ in range(12):
        at = at.nextInFocusChain()
        if at.isVisible() and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(at.accessibleName())
    assert order[:5] == [
        "Learning rate: values, logarithmic",
        "Vary Learning rate",
        "Learning rate: take the preset's value again",
        "Momentum",
        "Vary Momentum",
    ]
