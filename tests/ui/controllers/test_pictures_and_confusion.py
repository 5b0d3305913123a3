"""Pictures and Confusion in the window: a real run, a real second worker, real questions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.repeats.find_repeats import Repeats
from cifar_studio.data.repeats.kept_repeats import keep, kept_file
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import CAUTION
from cifar_studio.ui.frame.central_tabs import CONFUSION, CURVES, PICTURES
from cifar_studio.ui.pictures.data.picture_set import TEST_START
from cifar_studio.ui.pictures.detail.likeliest import ROW_PX
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.window.main_window import MainWindow
from cli_support import studio

pytestmark = pytest.mark.usefixtures("lent_helper")

WORK_MS = 120_000
Key = Qt.Key


def show(qtbot: QtBot, window: MainWindow, tab: int) -> None:
    window.commands.show_tab(tab)
    qtbot.waitUntil(
        lambda: window.pictures_and_confusion.part.pictures.pictures is not None, timeout=WORK_MS
    )


def row_place(row: int) -> QPoint:
    """The middle of a row of the likeliest classes."""
    return QPoint(20, round((row + 0.5) * theme.px(ROW_PX)))


def save_pictures(folder: Path, count: int) -> list[str]:
    """Large coloured pictures, as a camera makes them."""
    files = []
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 255, (6, 8, 3)).astype(np.uint8)
        path = folder / f"own {number}.jpg"
        Image.fromarray(noise).resize((400, 300)).save(path)
        files.append(str(path))
    return files


def wait_for_own(qtbot: QtBot, window: MainWindow, count: int) -> None:
    grid = window.pictures_and_confusion.part.pictures.grid
    qtbot.waitUntil(lambda: len(grid.references) == count, timeout=WORK_MS)


def test_that_the_selected_runs_answers_stand_under_the_pictures(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    assert view.controls.demo.isVisible()
    evaluation = load_evaluation(RunFolder(trained).best_evaluation)
    reference = TEST_START + int(evaluation.indices[0])
    view.show_picture(reference)
    assert view.detail.reference == reference
    said = view.detail.answer.bars.lines[0]
    dataset = load_dataset("demo")
    name = dataset.class_names[int(evaluation.predicted[0])].removeprefix("demo: ")
    probability = float(evaluation.probabilities[0, evaluation.predicted[0]])
    assert said.removeprefix("✓ ") == f"{name} {100 * probability:.2f} %"


def test_that_one_click_evaluates_the_training_pictures(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    view.controls.split.setCurrentText("Training")
    view.controls.answers.setCurrentText("Wrong")
    assert "not evaluated" in view.grid.accessibleDescription()
    view.controls.evaluate.click()
    qtbot.waitUntil(lambda: len(view.grid.references) > 0, timeout=WORK_MS)
    kept = load_evaluation(RunFolder(trained).training_evaluation, 50_000)
    wrong = kept.indices[kept.true != kept.predicted]
    assert np.array_equal(view.grid.references, np.sort(wrong))


def test_that_a_missing_evaluation_says_how_to_get_it_and_one_click_gets_it(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    folder = RunFolder(trained)
    before = load_evaluation(folder.best_evaluation)
    folder.best_evaluation.unlink()
    folder.last_evaluation.unlink()
    window.commands.show_tab(CONFUSION)
    view = window.pictures_and_confusion.part.confusion
    assert view.evaluate_button.isVisible()
    assert "answer all test pictures now" in view.empty.body.text()
    view.evaluate_button.click()
    qtbot.waitUntil(lambda: view.evaluation is not None, timeout=WORK_MS)
    assert view.evaluation is not None
    assert np.array_equal(view.evaluation.confusion, before.confusion)
    assert not view.empty.isVisible()


def test_that_a_damaged_evaluation_is_said_and_can_be_made_again(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    file = RunFolder(trained).best_evaluation
    contents = bytearray(file.read_bytes())
    contents[len(contents) // 2] ^= 1
    file.write_bytes(contents)
    RunFolder(trained).last_evaluation.unlink()
    window.commands.show_tab(CONFUSION)
    assert "is damaged" in window.parts.message.text
    window.pictures_and_confusion.part.confusion.evaluate_button.click()
    qtbot.waitUntil(
        lambda: window.pictures_and_confusion.part.confusion.evaluation is not None, timeout=WORK_MS
    )


def test_that_a_cells_pictures_are_opened_by_enter(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, CONFUSION)
    confusion, pictures = (
        window.pictures_and_confusion.part.confusion,
        window.pictures_and_confusion.part.pictures,
    )
    evaluation = confusion.evaluation
    assert evaluation is not None
    wrong = int(np.flatnonzero(evaluation.true != evaluation.predicted)[0])
    true, said = int(evaluation.true[wrong]), int(evaluation.predicted[wrong])
    confusion.toolbar.level.buttons["classes"].click()
    confusion.matrix.select_classes(true, said)
    expected = evaluation.indices[(evaluation.true == true) & (evaluation.predicted == said)]
    assert np.array_equal(
        window.pictures_and_confusion.part.gallery.references, expected + TEST_START
    )
    qtbot.keyClick(confusion.matrix, Key.Key_Return)
    assert window.parts.tabs.tab == PICTURES
    assert np.array_equal(pictures.grid.references, expected + TEST_START)
    names = load_dataset("demo").class_names
    assert names[said].removeprefix("demo: ") in pictures.controls.chip.text
    pictures.controls.chip.remove.click()
    assert len(pictures.grid.references) == 10_000


def test_that_why_this_class_lays_a_map_over_the_picture_and_names_the_layer(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    show(qtbot, window, PICTURES)
    detail = window.pictures_and_confusion.part.pictures.detail
    evaluation = load_evaluation(RunFolder(trained).best_evaluation)
    window.pictures_and_confusion.part.pictures.show_picture(
        TEST_START + int(evaluation.indices[5])
    )
    detail.explain.click()
    qtbot.waitUntil(lambda: detail.picture.heat is not None, timeout=WORK_MS)
    assert "features.7.conv.0" in detail.words.text()
    assert "4×4" in detail.words.text()
    first = detail.picture.heat
    qtbot.mouseClick(detail.answer.bars, Qt.MouseButton.LeftButton, pos=row_place(3))
    name = detail.answer.bars.lines[3].rsplit(" ", 2)[0]
    qtbot.waitUntil(lambda: f"“{name}”" in detail.words.text(), timeout=WORK_MS)
    assert not np.array_equal(detail.picture.heat, first)


def test_that_the_versions_of_a_picture_are_those_of_the_runs_training(
    qtbot: QtBot, window: MainWindow
) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    view.show_picture(7)
    qtbot.waitUntil(lambda: view.detail.sheet.count == 8, timeout=WORK_MS)
    assert "not trained on" in view.detail.sheet_caption.text()


def test_that_dropped_pictures_are_named_as_the_command_line_names_them(
    qtbot: QtBot, window: MainWindow, trained: Path, tmp_path: Path
) -> None:
    files = save_pictures(tmp_path, 3)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(name) for name in (*files, str(broken))])
    drop = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        content,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    assert window.parts.tabs.tab == PICTURES
    wait_for_own(qtbot, window, 3)
    qtbot.waitUntil(lambda: "broken.png" in window.parts.message.text, timeout=WORK_MS)
    view = window.pictures_and_confusion.part.pictures
    printed = studio("predict", str(trained), *files, "--json")
    assert printed.returncode == 0, printed.stderr
    for reference, printed_one in enumerate(json.loads(printed.stdout)["pictures"]):
        view.grid.set_current(reference)
        assert view.detail.name.text() == Path(files[reference]).name
        assert view.detail.answer.note.text() == f"{CAUTION}."
        lines = [
            f"{one['name'].removeprefix('demo: ')} {100 * one['probability']:.2f} %"
            for one in printed_one["likeliest"]
        ]
        assert view.detail.answer.bars.lines == lines
    detail = view.detail
    detail.explain.click()
    qtbot.waitUntil(lambda: detail.picture.heat is not None, timeout=WORK_MS)


def test_that_a_pasted_picture_is_looked_at_and_all_can_be_removed(
    qtbot: QtBot, window: MainWindow
) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    image = QImage(50, 80, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(image)
    view.intake.paste()
    view.intake.paste()
    wait_for_own(qtbot, window, 2)
    view.grid.set_current(0)
    assert view.detail.name.text() == "Pasted 1"
    assert view.shown is not None
    assert view.shown.pixels(0).reshape(-1, 3).tolist() == [[255, 0, 0]] * 1024
    view.controls.clear.click()
    assert len(view.grid.references) == 0
    view.controls.split.setCurrentText("Test")
    assert len(view.grid.references) == 10_000


def test_that_another_run_is_asked_anew_and_can_stand_beside(
    qtbot: QtBot, window: MainWindow, trained: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(trained, trained.with_name("20260101_000000_mobilenet_v2")))
    window.parts.model.refresh()
    qtbot.waitUntil(lambda: len(window.parts.model.runs) == 2)
    show(qtbot, window, PICTURES)
    window.pictures_and_confusion.part.pictures.intake.take(save_pictures(tmp_path, 2))
    wait_for_own(qtbot, window, 2)
    before = window.pictures_and_confusion.part.pictures.shown
    window.parts.selection.select(other)
    assert window.pictures_and_confusion.part.pictures.shown is not before
    wait_for_own(qtbot, window, 2)
    window.commands.show_tab(CONFUSION)
    confusion = window.pictures_and_confusion.part.confusion
    menu = confusion.toolbar.second_run.menu()
    assert menu is not None
    menu.actions()[1].trigger()
    assert confusion.disagreements.isVisible()
    assert confusion.disagreements.links["both_right"].text() != ""
    wrong = confusion.disagreements.links["both_wrong"]
    wrong.click()
    assert window.parts.tabs.tab == PICTURES
    assert (
        window.pictures_and_confusion.part.pictures.controls.chip.text == "Both wrong, answers of A"
    )


@pytest.mark.parametrize("tab", [PICTURES, CONFUSION])
def test_that_a_tab_nobody_sees_reads_nothing(window: MainWindow, trained: Path, tab: int) -> None:
    assert window.pictures_and_confusion.part.confusion.evaluation is None
    window.commands.show_tab(tab)
    assert window.pictures_and_confusion.part.confusion.evaluation is not None


def test_that_the_panel_folds_for_a_wide_view_and_comes_back(window: MainWindow) -> None:
    window.resize(1280, 800)
    assert not window.parts.panel.is_folded
    window.commands.show_tab(CONFUSION)
    assert window.parts.panel.is_folded
    window.commands.show_tab(CURVES)
    assert not window.parts.panel.is_folded
    window.commands.show_tab(CONFUSION)
    window.commands.fold_panel()
    window.commands.show_tab(CURVES)
    window.commands.fold_panel()
    window.commands.show_tab(CONFUSION)
    window.commands.show_tab(CURVES)
    assert window.parts.panel.is_folded  # by the person


def test_that_repeats_are_listed_and_a_pair_opened(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    assert view.pictures is not None
    pairs = np.array([(4, TEST_START + 9), (1, 2)], dtype=np.int32)
    found = Repeats(
        pairs_P2=pairs,
        likeness_P=np.array([1.0, 0.8], dtype=np.float32),
        mirrored_P=np.array([False, False]),
        identical_P=np.array([True, False]),
    )
    keep(view.pictures.dataset, found)  # as finding them leaves them
    view.controls.repeats.click()
    dialog = window.pictures_and_confusion.part.repeats.dialog
    assert dialog.isVisible()
    assert dialog.summary.text().startswith("2 pairs: 1 identical")
    dialog.table.pair_opened.emit(4, TEST_START + 9)
    assert view.grid.references.tolist() == [4, TEST_START + 9]
    assert view.detail.reference == 4
    dialog.close()


@pytest.mark.long
def test_that_finding_repeats_can_be_given_up(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    assert view.pictures is not None
    kept_file(view.pictures.dataset).unlink(missing_ok=True)
    view.controls.repeats.click()
    dialog = window.pictures_and_confusion.part.repeats.dialog
    qtbot.waitUntil(lambda: dialog.progress.value() > 0, timeout=WORK_MS)
    dialog.cancel.click()
    assert not dialog.isVisible()
    view.show_picture(TEST_START)  # the worker is free for the next question
    qtbot.waitUntil(lambda: view.detail.sheet.count == 8, timeout=WORK_MS)


def test_that_an_answer_about_the_run_before_is_not_shown_for_the_next(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    other = Path(shutil.copytree(trained, trained.with_name("20260101_000000_mobilenet_v2")))
    window.parts.model.refresh()
    qtbot.waitUntil(lambda: len(window.parts.model.runs) == 2)
    show(qtbot, window, PICTURES)
    view = window.pictures_and_confusion.part.pictures
    view.show_picture(TEST_START + 3)
    qtbot.waitUntil(lambda: view.detail.sheet.count == 8, timeout=WORK_MS)  # the worker is there
    view.detail.explain.click()
    window.parts.selection.select(other)
    assert view.detail.explain.text() == "Why this class"
    qtbot.waitUntil(lambda: view.detail.sheet.count == 8, timeout=WORK_MS)
    assert view.detail.picture.heat is None


def test_that_a_name_is_shown_as_it_is_written(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    show(qtbot, window, PICTURES)
    (file,) = save_pictures(tmp_path, 1)
    odd = Path(file).with_name("<b>bold & <img src=x>.jpg")
    Path(file).rename(odd)
    view = window.pictures_and_confusion.part.pictures
    view.intake.take([str(odd)])
    wait_for_own(qtbot, window, 1)
    qtbot.waitUntil(lambda: view.detail.name.text() == odd.name)
    assert view.detail.name.textFormat() is Qt.TextFormat.PlainText
