"""The groups that fold: what their headers say, and which fields are there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QScrollArea, QToolButton
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import RECIPES, preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.ui.setup.form_fields import OPEN_AT_FIRST
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.widgets import theme
from form_support import combo, editor, has_colour, shown_text, type_into

NEW = ["Learning rate", "Regularisation", "Augmentation", "Choosing"]
PLAIN = preset("report-resnet18")


def header(panel: SetupPanel, title: str) -> QToolButton:
    buttons = panel.findChildren(QToolButton)
    return next(b for b in buttons if b.text() == title and b.property("role") == "group")


def words(panel: SetupPanel, title: str) -> str:
    return header(panel, title).accessibleDescription()


def choose(panel: SetupPanel, name: str, value: str) -> None:
    box = combo(panel, name)
    box.setCurrentIndex(box.findData(value))


def choose_preset(panel: SetupPanel, name: str) -> None:
    box = combo(panel, "Preset")
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())


def is_there(panel: SetupPanel, key: str) -> bool:
    return panel._fields[key].isVisible()


def show(panel: SetupPanel, config: TrainConfig, name: str = PLAIN.name) -> None:
    panel.show_config(config, name)


def test_that_the_form_begins_with_the_reports_settings_and_the_rest_folded(
    panel: SetupPanel,
) -> None:
    panel.set_open_groups(list(OPEN_AT_FIRST))
    assert panel.open_groups() == ["Network", "Training", "SGD"]
    for title in NEW:
        assert words(panel, title) == ""
    assert not is_there(panel, "mixing")


@pytest.mark.parametrize(
    ("title", "changes", "said"),
    [
        ("Learning rate", {"schedule": "cosine", "warmup_epochs": 5.0}, "cosine, warm-up 5"),
        (
            "Augmentation",
            {"mixing": "cutmix", "auto_augment": "trivialaugment"},
            "TrivialAugment, CutMix",
        ),
        ("Augmentation", {"mixing_probability": 0.5}, ""),
        (
            "Augmentation",
            {"mixing": "mixup", "mixing_probability": 0.5},
            "MixUp, in 50 % of batches",
        ),
        (
            "Regularisation",
            {"label_smoothing": 0.1, "sam_rho": 0.2},
            "label smoothing 0.1, SAM 0.2",
        ),
        ("Data", {"train_per_class": 100}, "100 training pictures a class"),
        ("Choosing", {"test_time_flip": True}, "mirror images at test"),
    ],
)
def test_that_a_header_says_what_is_on(
    panel: SetupPanel, title: str, changes: dict[str, object], said: str
) -> None:
    show(panel, replace(PLAIN.config, **changes))
    assert words(panel, title) == said
    assert said in header(panel, title).toolTip()
    panel.set_open_groups([title])
    assert words(panel, title) == said


def test_that_a_header_paints_its_words_and_ends_them_where_there_is_no_room(
    panel: SetupPanel,
) -> None:
    theme.manager().apply("light")

    def ink(title: str) -> int:
        image = header(panel, title).grab().toImage()
        return _ink(image, header(panel, title).sizeHint().width())

    show(panel, PLAIN.config)
    assert ink("Augmentation") == 0
    show(panel, replace(PLAIN.config, mixing="cutmix"))
    one = ink("Augmentation")
    assert one > 0
    show(panel, preset("modern-mobilenet_v2").config, "modern-mobilenet_v2")
    assert one < ink("Augmentation")
    assert header(panel, "Augmentation").height() == header(panel, "Machine").height()


def test_that_a_group_of_the_first_ones_says_it_only_while_it_is_folded(panel: SetupPanel) -> None:
    show(panel, preset("modern-mobilenet_v2").config, "modern-mobilenet_v2")
    assert words(panel, "Network") == "MobileNetV2, first layers for 32x32"
    title = header(panel, "Network")
    left = title.sizeHint().width()
    assert _ink(title.grab().toImage(), left) == 0
    panel.set_open_groups([])
    assert _ink(title.grab().toImage(), left) > 0


def test_that_fields_come_and_go_with_the_choice_above_them(panel: SetupPanel) -> None:
    panel.set_open_groups(NEW)
    assert not is_there(panel, "cutmix_alpha")
    choose(panel, "Mixing", "cutmix")
    assert is_there(panel, "cutmix_alpha")
    assert is_there(panel, "mixing_probability")
    assert not is_there(panel, "mixup_alpha")
    choose(panel, "Mixing", "none")
    assert not is_there(panel, "cutmix_alpha")
    assert is_there(panel, "seed") == is_there(panel, "epochs")  # other groups are as they were


def test_that_a_field_stays_while_the_number_above_it_is_being_typed(
    qtbot: QtBot, panel: SetupPanel
) -> None:
    panel.set_open_groups(["Augmentation"])
    type_into(qtbot, panel, "Cutout", "0.5")
    assert is_there(panel, "cutout_size")
    type_into(qtbot, panel, "Cutout", "")
    assert "cutout" in panel.faults()
    assert is_there(panel, "cutout_size")
    type_into(qtbot, panel, "Cutout", "0")
    assert not is_there(panel, "cutout_size")


def test_that_a_fault_in_a_field_that_does_not_count_is_shown(
    qtbot: QtBot, panel: SetupPanel
) -> None:
    panel.set_open_groups(["Augmentation"])
    choose(panel, "Mixing", "cutmix")
    type_into(qtbot, panel, "CutMix alpha", "much")
    choose(panel, "Mixing", "none")
    assert list(panel.faults()) == ["cutmix_alpha"]
    assert is_there(panel, "cutmix_alpha")
    type_into(qtbot, panel, "CutMix alpha", "1")
    assert not panel.faults()
    assert not is_there(panel, "cutmix_alpha")


def test_that_what_is_not_seen_is_no_change_of_the_preset(qtbot: QtBot, panel: SetupPanel) -> None:
    show(panel, PLAIN.config)
    panel.set_open_groups(["Augmentation"])
    choose(panel, "Mixing", "cutmix")
    type_into(qtbot, panel, "CutMix alpha", "2")
    assert combo(panel, "Preset").currentText().endswith("2 changes")
    choose(panel, "Mixing", "none")
    assert combo(panel, "Preset").currentText() == PLAIN.title
    planned = panel.planned_run()
    assert planned is not None
    assert planned.config == PLAIN.config
    choose(panel, "Mixing", "mixup or cutmix")
    assert editor(panel, "CutMix alpha").text() == "2", "what was typed is kept"


def test_that_a_fault_in_a_folded_group_marks_its_header(qtbot: QtBot, panel: SetupPanel) -> None:
    theme.manager().apply("light")
    show(panel, replace(PLAIN.config, test="at_end"))
    assert panel.planned_run() is None
    assert words(panel, "Choosing") == "Fix Test set"
    image = header(panel, "Choosing").grab().toImage()
    assert has_colour(image, theme.current().error)
    panel.set_open_groups(["Data", "Choosing"])
    assert panel.faults()["test"] in shown_text(panel)
    type_into(qtbot, panel, "Validation", "50")
    type_into(qtbot, panel, "Training", "450")
    assert words(panel, "Choosing") == "test set locked until the end"
    assert panel.planned_run() is not None


def test_that_a_fold_is_asked_for_where_there_are_folds(qtbot: QtBot, panel: SetupPanel) -> None:
    show(panel, PLAIN.config)
    panel.set_open_groups(["Choosing"])
    assert not editor(panel, "Held-out fold").isVisible()
    type_into(qtbot, panel, "Folds", "5")
    assert editor(panel, "Held-out fold").isVisible()
    type_into(qtbot, panel, "Held-out fold", "6")
    assert "there are only 5 folds" in shown_text(panel)
    type_into(qtbot, panel, "Held-out fold", "2")
    choose(panel, "Test set", "never")
    assert words(panel, "Choosing") == "test set stays locked, 5 folds, fold 2"
    planned = panel.planned_run()
    assert planned is not None
    config = planned.config
    assert (config.folds, config.fold, config.test) == (5, 2, "never")
    type_into(qtbot, panel, "Folds", "1")
    assert "must be 0 for none, or 2 to 20" in shown_text(panel)
    assert panel.planned_run() is None


def test_that_a_hint_stands_under_its_field_and_forbids_nothing(panel: SetupPanel) -> None:
    config = replace(preset("modern-resnet18").config, early_stopping="val_loss")
    show(panel, config, "modern-resnet18")
    panel.set_open_groups(["Choosing"])
    assert "stopping early may end the run before it." in shown_text(panel)
    assert panel.planned_run() is not None
    show(panel, replace(config, schedule="constant"), "modern-resnet18")
    assert "may end the run" not in shown_text(panel)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_that_choosing_a_recipe_folds_the_form_to_its_words_and_says_what_it_reaches(
    panel: SetupPanel, recipe: object
) -> None:
    opened = ["Network", "Augmentation"]
    panel.set_open_groups(opened)
    choose_preset(panel, recipe.name)  # type: ignore[attr-defined]
    planned = panel.planned_run()
    assert planned is not None
    assert planned.config == recipe.config  # type: ignore[attr-defined]
    assert panel.open_groups() == []
    assert recipe.reached in shown_text(panel)  # type: ignore[attr-defined]
    assert all(words(panel, title) for title in NEW)
    choose_preset(panel, PLAIN.name)
    assert panel.open_groups() == opened
    assert recipe.reached not in shown_text(panel)  # type: ignore[attr-defined]


def test_that_recipes_stand_below_the_reports_behind_a_line(panel: SetupPanel) -> None:
    box = combo(panel, "Preset")
    names = [box.itemData(i) for i in range(box.count())]
    line = names.index(None)
    assert names[line - 1] == "report-densenet161-dropout"
    assert names[line + 1 :] == [recipe.name for recipe in RECIPES]
    tip = box.itemData(line + 1, Qt.ItemDataRole.ToolTipRole)
    assert RECIPES[0].description in tip


def test_that_a_title_that_is_too_long_for_its_box_ends_in_an_ellipsis(
    qtbot: QtBot, panel: SetupPanel
) -> None:
    show(panel, preset("modern-mobilenet_v2").config, "modern-mobilenet_v2")
    type_into(qtbot, panel, "Epochs", "30")
    type_into(qtbot, panel, "Seed", "3")
    box = combo(panel, "Preset")
    box.grab()
    assert box.toolTip() == "Modern · MobileNetV2 · 2 changes"


def test_that_early_stopping_makes_the_time_an_upper_bound(
    panel: SetupPanel, book: SpeedBook
) -> None:
    config = replace(preset("modern-resnet18").config, early_stopping="val_top1")
    book.remember(config, Speed(1000.0, 3000.0, 900.0, is_rough=False))
    show(panel, config, "modern-resnet18")
    assert "at most · 900 MB · ends about" in shown_text(panel)
    assert "at the latest" in shown_text(panel)
    show(panel, replace(config, early_stopping="off"), "modern-resnet18")
    assert "at most" not in shown_text(panel)
    assert "at the latest" not in shown_text(panel)


def test_that_editors_keep_their_width_when_the_scroll_bar_comes(
    qtbot: QtBot, panel: SetupPanel
) -> None:
    panel.set_open_groups(["Training"])
    bar = panel.findChildren(QScrollArea)[0].verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    width = editor(panel, "Epochs").width()
    panel.resize(320, 300)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert editor(panel, "Epochs").width() == width


def _ink(image: QImage, from_x: int) -> int:
    return sum(
        image.pixelColor(x, y).alpha() > 100
        for x in range(round(from_x * image.devicePixelRatio()), image.width())
        for y in range(image.height())
    )
