"""The form: what is typed becomes a config, faults stand where they are, presets count changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runs.folder.events import DeviceInfo
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.workers.cost_estimator import CostEstimator
from form_support import combo, editor, shown_text, type_into

FAST = Speed(1000.0, 3000.0, 900.0, is_rough=False)


def test_that_an_untouched_form_is_quick_look(panel: SetupPanel) -> None:
    planned = panel.planned_run()
    assert planned is not None
    assert planned.config == preset("quick-look").config
    assert planned.data == "demo"


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("Epochs", "3", "epochs", 3),
        ("Learning rate", "0,05", "learning_rate", 0.05),
        ("Learning rate", "1e-3", "learning_rate", 0.001),
        ("Dropout", "0.5", "dropout", 0.5),
        ("Dropout", "", "dropout", None),
        ("Seed", "12345678901", "seed", 12345678901),
    ],
)
def test_that_what_is_typed_becomes_the_config(
    qtbot: QtBot, panel: SetupPanel, name: str, text: str, key: str, value: object
) -> None:
    type_into(qtbot, panel, name, text)
    planned = panel.planned_run()
    assert planned is not None
    assert getattr(planned.config, key) == value


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("Epochs", "0", "epochs"),
        ("Epochs", "", "epochs"),
        ("Epochs", "2.5", "epochs"),
        ("Batch size", "1", "batch_size"),
        ("Learning rate", "fast", "learning_rate"),
        ("Learning rate", "nan", "learning_rate"),
        ("Momentum", "1", "momentum"),
        ("Dropout", "1", "dropout"),
        ("Training", "501", "train_per_class"),
    ],
)
def test_that_a_bad_value_is_marked_where_it_stands_and_kept(
    qtbot: QtBot, panel: SetupPanel, name: str, text: str, key: str
) -> None:
    type_into(qtbot, panel, name, text)
    assert panel.planned_run() is None
    assert list(panel.faults()) == [key]
    assert panel.faults()[key] in shown_text(panel)
    assert editor(panel, name).text() == text
    assert editor(panel, name).property("faulty") == "true"
    type_into(qtbot, panel, name, "2")
    assert key not in panel.faults() or name in ("Momentum", "Dropout")


def test_that_changes_are_counted_marked_and_reset(qtbot: QtBot, panel: SetupPanel) -> None:
    panel.show_config(preset("report-resnet18").config, "report-resnet18")
    type_into(qtbot, panel, "Epochs", "3")
    type_into(qtbot, panel, "Seed", "7")
    assert combo(panel, "Preset").currentText() == "Report 1 · ResNet18 · 2 changes"
    assert "Epochs •" in shown_text(panel)
    panel.findChild(QLabel)
    panel._fields["epochs"].reset_requested.emit("epochs")
    assert combo(panel, "Preset").currentText() == "Report 1 · ResNet18 · 1 change"
    assert "Epochs •" not in shown_text(panel)
    planned = panel.planned_run()
    assert planned is not None
    assert planned.config == TrainConfig(epochs=70, seed=7, precision="float32")


def test_that_arrow_keys_step_a_number(qtbot: QtBot, panel: SetupPanel) -> None:
    qtbot.keyClick(editor(panel, "Epochs"), Qt.Key.Key_Up)
    assert editor(panel, "Epochs").text() == "11"
    qtbot.keyClick(editor(panel, "Learning rate"), Qt.Key.Key_Up)
    assert editor(panel, "Learning rate").text() == "0.02"
    qtbot.keyClick(editor(panel, "Learning rate"), Qt.Key.Key_Down)
    qtbot.keyClick(editor(panel, "Learning rate"), Qt.Key.Key_Down)
    assert editor(panel, "Learning rate").text() == "0.005"


def test_that_the_line_below_the_network_follows_it(panel: SetupPanel) -> None:
    assert "11.2 M parameters, 4.28 M of them in use · 37.1 M multiply-adds" in shown_text(panel)
    stem = combo(panel, "First layers")
    stem.setCurrentIndex(stem.findData("cifar"))
    assert "×15 compute" in shown_text(panel)


def test_that_the_form_says_how_much_is_left_out_and_leaves_it_where_it_is_off(
    panel: SetupPanel,
) -> None:
    panel.show_config(TrainConfig(architecture="vgg11"), "quick-look")
    assert "129 M parameters, 28.5 M of them in use" in shown_text(panel)
    panel.show_config(TrainConfig(stem="cifar"), "quick-look")
    assert "11.2 M parameters, all of them in use" in shown_text(panel)
    panel.show_config(TrainConfig(specialize=False), "quick-look")
    assert "11.2 M parameters · " in shown_text(panel)
    planned = panel.planned_run()
    assert planned is not None
    assert not planned.config.specialize


def test_that_blocks_are_not_offered_where_there_are_none(panel: SetupPanel) -> None:
    network = combo(panel, "Architecture")
    network.setCurrentIndex(network.findData("vgg11"))
    sites = combo(panel, "Dropout at")
    item = sites.model().index(sites.findData("blocks"), 0)
    assert not sites.model().flags(item) & Qt.ItemFlag.ItemIsEnabled
    assert editor(panel, "Dropout").placeholderText() == "standard: 0.5"


def test_that_a_measured_speed_becomes_a_time(panel: SetupPanel, book: SpeedBook) -> None:
    assert "not measured yet" in shown_text(panel)
    config = preset("quick-look").config
    book.remember(config, FAST)
    panel.show_config(config, "quick-look")
    assert panel.expected_seconds() == pytest.approx(10 * (10_000 / 1000 + 2_000 / 3000))
    assert "About 107" not in shown_text(panel)
    assert "About 2 min · 900 MB" in shown_text(panel)
    book.remember(config, replace(FAST, train_images_per_second=200.0, is_rough=True))
    panel.show_config(config, "quick-look")
    assert "About 6 to 11 min · 900 MB" in shown_text(panel), "a few batches say little"


def test_that_a_run_that_goes_on_corrects_the_price_of_the_next_one_within_seconds(
    qtbot: QtBot, panel: SetupPanel, book: SpeedBook, costs: CostEstimator
) -> None:
    config = preset("quick-look").config
    book.remember(config, FAST)
    panel.show_config(config, "quick-look")
    with qtbot.waitSignal(costs.changed, timeout=10_000):
        costs.follow(config, 100.0)
    assert panel.expected_seconds() == pytest.approx(10 * (10_000 / 100 + 2_000 / 300))
    costs.set_may_measure(True)  # it has ended
    assert panel.expected_seconds() == pytest.approx(10 * (10_000 / 1000 + 2_000 / 3000))


def test_that_a_text_that_does_not_fit_ends_in_an_ellipsis_and_is_told_whole(
    panel: SetupPanel,
) -> None:
    box = combo(panel, "Device")
    title = "auto (an accelerator with a name that no form is wide enough for)"
    box.setItemText(0, title)
    box.grab()
    assert box.toolTip() == title
    for name in ("Pictures", "Normalise by", "Architecture", "First layers", "Precision"):
        combo(panel, name).grab()
        assert combo(panel, name).toolTip() == "", name


def test_that_a_long_run_says_when_it_ends_and_offers_a_shorter_one(
    panel: SetupPanel, book: SpeedBook
) -> None:
    config = preset("report-resnet18").config
    book.remember(config, FAST)
    panel.show_config(config, "report-resnet18")
    assert "ends about" in shown_text(panel)
    panel._shorter.click()
    planned = panel.planned_run()
    assert planned is not None
    assert (planned.config.epochs, planned.config.train_per_class) == (10, 100)


def test_that_speeds_survive_and_a_damaged_book_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    SpeedBook(path).remember(TrainConfig(), FAST)
    assert SpeedBook(path).lookup(TrainConfig()) == FAST
    assert SpeedBook(path).lookup(TrainConfig(architecture="vgg11")) is None
    path.write_bytes(b"\x00{")
    assert SpeedBook(path).lookup(TrainConfig()) is None


def test_that_the_machines_devices_are_offered(panel: SetupPanel) -> None:
    panel.set_devices((DeviceInfo("cuda:0", "NVIDIA T4", 15000), DeviceInfo("cpu", "EPYC", 8000)))
    device = combo(panel, "Device")
    assert [device.itemText(i) for i in range(device.count())] == [
        "auto (NVIDIA T4)",
        "NVIDIA T4",
        "EPYC",
    ]
    assert device.currentData() == "auto"


def test_that_the_form_comes_back_faults_included(qtbot: QtBot, panel: SetupPanel) -> None:
    type_into(qtbot, panel, "Epochs", "many")
    values = panel.values()
    panel.show_config(preset("quick-look").config, "quick-look")
    assert panel.planned_run() is not None
    panel.show_values(values, "report-vgg11")
    assert editor(panel, "Epochs").text() == "many"
    assert panel.preset_name() == "report-vgg11"


def test_that_damaged_remembered_values_do_no_harm(panel: SetupPanel) -> None:
    panel.show_values({"epochs": [1], "odd": 3, "architecture": None, "seed": {}}, "nowhere")
    assert panel.preset_name() == "quick-look"
