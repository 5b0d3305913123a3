"""What is kept as a file from the window: read back by others, compared with what they compute."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.ui.controllers.file_saving import file_name
from cifar_studio.ui.frame.central_tabs import CONFUSION, CURVES, PICTURES
from cifar_studio.ui.pictures.data.picture_set import TEST_START
from cifar_studio.ui.window.main_window import MainWindow

pytestmark = pytest.mark.usefixtures("lent_helper")

WORK_MS = 120_000
SAVE = (Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the person answers in the file dialog, and what was offered."""
    given = {"path": "", "kind": "", "offered": ""}

    def ask(parent: object, title: str, offered: str, filters: str) -> tuple[str, str]:
        given["offered"] = offered
        return given["path"], given["kind"] or filters.partition(";;")[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return given


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def shown(window: MainWindow) -> Evaluation:
    window.commands.show_tab(CONFUSION)
    evaluation = window.pictures_and_confusion.part.confusion.evaluation
    assert evaluation is not None
    return evaluation


def test_that_the_matrix_is_saved_as_it_is_shown(
    qtbot: QtBot, window: MainWindow, answer: dict[str, str], tmp_path: Path
) -> None:
    evaluation = shown(window)
    view = window.pictures_and_confusion.part.confusion
    answer["path"] = str(tmp_path / "matrix")
    view.toolbar.level.buttons["classes"].click()
    view.save("matrix")
    header, *rows = read(tmp_path / "matrix.csv")
    dataset = load_dataset("demo")
    by_superclass = np.argsort(dataset.superclass_of, kind="stable")
    titles = [dataset.class_names[i].removeprefix("demo: ") for i in by_superclass]
    assert header[1:] == titles
    assert [row[0] for row in rows] == titles
    judged = confusion_matrix(evaluation.true, evaluation.predicted, labels=by_superclass)
    assert np.array_equal(np.array([row[1:] for row in rows], int), judged)
    assert "20" in answer["offered"]  # begins with the run's folder name


def test_that_the_class_table_is_saved_with_all_its_digits(
    qtbot: QtBot, window: MainWindow, answer: dict[str, str], tmp_path: Path
) -> None:
    evaluation = shown(window)
    window.pictures_and_confusion.part.confusion.classes.table.setFocus()
    answer["path"] = str(tmp_path / "classes.tsv")
    qtbot.keyClick(window.pictures_and_confusion.part.confusion.classes.table, *SAVE)
    lines = (tmp_path / "classes.tsv").read_text("utf-8-sig").splitlines()
    assert lines[0].split("\t") == ["Class", "Superclass", "Precision", "Recall", "F1", "n"]
    judged = precision_recall_fscore_support(
        evaluation.true, evaluation.predicted, labels=np.arange(100), zero_division=np.nan
    )
    names = [name.removeprefix("demo: ") for name in load_dataset("demo").class_names]
    for line in lines[1:]:
        name, _, *figures = line.split("\t")
        values = [float(figure) if figure else np.nan for figure in figures]
        expected = [column[names.index(name)] for column in judged]
        np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize(("key", "suffix"), [("confusion", ".svg"), ("calibration", ".png")])
def test_that_figures_are_drawn_by_the_worker(
    qtbot: QtBot,
    window: MainWindow,
    answer: dict[str, str],
    tmp_path: Path,
    key: str,
    suffix: str,
) -> None:
    shown(window)
    path = tmp_path / f"figure{suffix}"
    answer["path"] = str(path)
    window.pictures_and_confusion.part.confusion.save(key)
    qtbot.waitUntil(path.exists, timeout=WORK_MS)
    if suffix == ".svg":
        words = " ".join(ElementTree.parse(path).getroot().itertext())
        assert "true class" in words
        assert "MobileNetV2" in words
    else:
        with Image.open(path) as image:
            assert min(image.size) > 1000


def test_that_the_list_of_pictures_is_saved_with_what_was_said(
    window: MainWindow, answer: dict[str, str], tmp_path: Path
) -> None:
    evaluation = shown(window)
    window.commands.show_tab(PICTURES)
    view = window.pictures_and_confusion.part.pictures
    view.controls.split.setCurrentText("Test")
    view.controls.answers.setCurrentText("Most confident mistakes")
    answer["path"] = str(tmp_path / "mistakes.csv")
    view.controls.save_list.click()
    header, *rows = read(tmp_path / "mistakes.csv")
    assert header[:4] == ["split", "index", "class", "superclass"]
    wrong = evaluation.indices[evaluation.true != evaluation.predicted]
    assert sorted(int(row[1]) for row in rows) == sorted(wrong.tolist())
    sure = [float(row[header.index("probability")]) for row in rows]
    assert sure == sorted(sure, reverse=True)
    assert {row[header.index("right")] for row in rows} == {"no"}


def test_that_a_picture_is_saved_pixel_by_pixel(
    qtbot: QtBot, window: MainWindow, answer: dict[str, str], tmp_path: Path
) -> None:
    window.commands.show_tab(PICTURES)
    view = window.pictures_and_confusion.part.pictures
    qtbot.waitUntil(lambda: view.pictures is not None, timeout=WORK_MS)
    view.show_picture(TEST_START + 11)
    answer["path"] = str(tmp_path / "picture.png")
    qtbot.keyClick(view.grid, *SAVE)
    with Image.open(tmp_path / "picture.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    assert np.array_equal(pixels, load_dataset("demo").test.images_NCHW[11].transpose(1, 2, 0))


def test_that_a_place_that_cannot_be_written_is_said(
    window: MainWindow, answer: dict[str, str], tmp_path: Path
) -> None:
    shown(window)
    answer["path"] = str(tmp_path / "nowhere" / "matrix.csv")
    window.pictures_and_confusion.part.confusion.save("matrix")
    assert "cannot be written" in window.parts.message.text
    answer["path"] = ""  # the person thought better of it
    window.pictures_and_confusion.part.confusion.save("matrix")


def test_that_a_name_is_one_that_every_system_takes() -> None:
    assert file_name('run: "a/b\\c" <1>|? most confused') == "run a b c 1 most confused"
    assert file_name("...") == "table"


@pytest.mark.parametrize("key", ["loss", "accuracy"])
def test_that_curves_are_kept_as_a_figure(
    qtbot: QtBot, window: MainWindow, answer: dict[str, str], tmp_path: Path, key: str
) -> None:
    window.commands.show_tab(CURVES)
    answer["path"], answer["kind"] = str(tmp_path / "curves"), "SVG (*.svg)"
    plot = getattr(window.parts.curves, key).plot
    plot.setFocus()
    qtbot.waitUntil(plot.hasFocus)
    qtbot.keyClick(plot, *SAVE)
    qtbot.waitUntil((tmp_path / "curves.svg").exists, timeout=WORK_MS)
    root = ElementTree.parse(tmp_path / "curves.svg").getroot()
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "cross-entropy, nats" in words
    assert any("2 of 2 epochs" in line for line in words)
    assert answer["offered"].endswith("curves.png")
