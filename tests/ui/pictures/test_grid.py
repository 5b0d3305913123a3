"""The grid of thumbnails: what it shows, keyboard, mouse, clipboard and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.thumbnails import MAX_COUNT, Thumbnails, image_of
from cifar_studio.ui.pictures.grid.cells import Cells
from cifar_studio.ui.pictures.grid.picture_grid import NO_MATCH, PictureGrid
from cifar_studio.ui.widgets import theme

Key = Qt.Key
MAX_GROWN_MIB = 150


@pytest.fixture
def grid(qtbot: QtBot, pictures: PictureSet) -> PictureGrid:
    grid = PictureGrid()
    qtbot.addWidget(grid)
    grid.resize(500, 400)
    grid.show_set(pictures)
    grid.show_references(pictures.references("both"))
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def in_view(grid: PictureGrid) -> bool:
    place = grid.place_of(int(np.flatnonzero(grid.references == grid.current)[0]))
    return grid.viewport().rect().contains(place)


def test_that_keys_move_through_the_whole_set(qtbot: QtBot, grid: PictureGrid) -> None:
    columns = grid.cells.columns
    heard: list[int] = []
    grid.current_changed.connect(heard.append)
    for key, expected in (
        (Key.Key_Right, 0),
        (Key.Key_Right, 1),
        (Key.Key_Down, 1 + columns),
        (Key.Key_Left, columns),
        (Key.Key_Up, 0),
        (Key.Key_End, 59_999),
        (Key.Key_Home, 0),
    ):
        qtbot.keyClick(grid, key)
        assert grid.current == expected
        assert in_view(grid)
    assert heard == [0, 1, 1 + columns, columns, 0, 59_999, 0]


def test_that_pages_keep_the_column_and_stop_at_the_ends(qtbot: QtBot, grid: PictureGrid) -> None:
    columns = grid.cells.columns
    grid.set_current(2)
    qtbot.keyClick(grid, Key.Key_PageDown)
    assert grid.current > 2
    assert grid.current % columns == 2
    qtbot.keyClick(grid, Key.Key_PageUp)
    qtbot.keyClick(grid, Key.Key_PageUp)
    assert grid.current == 2
    grid.set_current(59_999 - columns)
    qtbot.keyClick(grid, Key.Key_PageDown)
    assert 59_999 // columns == grid.current // columns


def test_that_the_first_arrow_takes_the_first_visible_picture(
    qtbot: QtBot, grid: PictureGrid
) -> None:
    grid.verticalScrollBar().setValue(50 * grid.cells.pitch_y)
    first = grid.visible().start
    qtbot.keyClick(grid, Key.Key_Right)
    assert grid.current == first


def test_that_a_click_chooses_and_a_double_click_activates(qtbot: QtBot, grid: PictureGrid) -> None:
    grid.verticalScrollBar().setValue(grid.cells.pitch_y * 10)
    position = grid.visible().start + grid.cells.columns + 1
    middle = grid.place_of(position).center()
    with qtbot.waitSignal(grid.current_changed) as chosen:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert chosen.args == [position]
    with qtbot.waitSignal(grid.activated) as activated:
        qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert activated.args == [position]
    with qtbot.waitSignal(grid.activated):
        qtbot.keyClick(grid, Key.Key_Return)


def test_that_a_click_between_pictures_changes_nothing(qtbot: QtBot, grid: PictureGrid) -> None:
    grid.set_current(3)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert grid.current == 3


@pytest.mark.parametrize("size", [32, 48, 96, 128])
def test_that_the_current_picture_stays_in_view(qtbot: QtBot, grid: PictureGrid, size: int) -> None:
    grid.set_current(30_123)
    grid.set_thumbnail_size(size)
    assert grid.current == 30_123
    assert in_view(grid)
    grid.resize(813, 333)
    assert in_view(grid)
    grid.resize(240, 500)
    assert in_view(grid)


def test_that_what_was_scrolled_to_stays_while_the_size_changes(grid: PictureGrid) -> None:
    grid.set_current(5)
    grid.verticalScrollBar().setValue(grid.cells.pitch_y * 2000)
    first = grid.visible().start
    grid.set_thumbnail_size(96)
    shown = grid.visible()
    assert shown.start <= first < shown.stop


def test_that_the_same_picture_stays_current_among_others(
    grid: PictureGrid, pictures: PictureSet
) -> None:
    grid.set_current(50_010)
    heard: list[int] = []
    grid.current_changed.connect(heard.append)
    grid.show_references(pictures.references("test"))
    assert (grid.current, heard) == (50_010, [])
    assert in_view(grid)
    grid.show_references(pictures.references("training"))
    assert (grid.current, heard) == (-1, [-1])


def test_that_copying_gives_the_picture_and_its_label(
    qtbot: QtBot, grid: PictureGrid, pictures: PictureSet
) -> None:
    grid.set_current(50_003)
    qtbot.keyClick(grid, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    expected = image_of(pictures.pixels(50_003))
    assert clipboard.image().convertToFormat(QImage.Format.Format_RGB32) == expected
    assert pictures.class_name(50_003) in clipboard.text()
    assert clipboard.text().endswith("test 3 · demo set")


def test_that_a_screen_reader_hears_the_picture_and_the_verdict(
    grid: PictureGrid, answers: Answers, pictures: PictureSet
) -> None:
    assert grid.accessibleName() == "Pictures"
    assert grid.accessibleDescription() == "60,000 pictures, none chosen"
    grid.show_answers(answers)
    wrong = next(r for r in range(50_000, 60_000) if answers.said(r) != pictures.label(r))
    grid.set_current(wrong)
    said = pictures.class_names[int(answers.predicted[wrong])]
    assert f"said: {said}, wrong" in grid.accessibleDescription()
    grid.show_references(np.empty(0, dtype=np.int32))
    assert grid.accessibleDescription() == NO_MATCH


def test_that_pixels_are_shown_by_the_nearest_one(grid: PictureGrid, pictures: PictureSet) -> None:
    shot = grid.viewport().grab().toImage()
    ratio = shot.devicePixelRatio()
    for position in (0, 1, grid.cells.columns):
        place = grid.place_of(position)
        pixels = pictures.pixels(position)
        for x, y in ((5, 9), (31, 31), (0, 16)):
            at = place.topLeft() + QPoint(2 * x + 1, 2 * y + 1)
            colour = shot.pixelColor(round(at.x() * ratio), round(at.y() * ratio))
            assert colour == QColor(*pixels[y, x].tolist())


def test_that_wrong_answers_are_marked_at_any_size(
    grid: PictureGrid, answers: Answers, pictures: PictureSet
) -> None:
    grid.show_references(pictures.references("test"))
    grid.show_answers(answers)
    grid.set_thumbnail_size(32)
    shot = grid.viewport().grab().toImage()
    red = QColor(theme.current().error)
    marked = [
        shot.pixelColor(grid.place_of(position).center().x(), grid.place_of(position).bottom() + 2)
        == red
        for position in range(40)
    ]
    expected = [answers.said(50_000 + i) != pictures.label(50_000 + i) for i in range(40)]
    assert marked == expected


def test_that_thumbnails_are_bounded(pictures: PictureSet, qtbot: QtBot) -> None:
    thumbnails = Thumbnails(max_bytes=50 * 64 * 64 * 4)
    thumbnails.show(pictures)
    for start in range(0, 1000, 40):
        references = np.arange(start, start + 40, dtype=np.int32)
        assert len(thumbnails.pixmaps(references, 64, 1.0)) == 40
        assert thumbnails.bytes_kept <= 50 * 64 * 64 * 4
    doubled = thumbnails.pixmaps(np.array([1], dtype=np.int32), 64, 2.0)[0]
    assert (doubled.width(), doubled.devicePixelRatio()) == (128, 2.0)
    assert MAX_COUNT > 2000


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("width", [50, 240, 333, 960])
def test_that_a_cell_is_found_where_it_lies(size: int, width: int) -> None:
    cells = Cells(1234, width, size, 20)
    for position in (0, 1, 77, 1233):
        assert cells.position_at(cells.thumbnail(position).center()) == position
        assert position in cells.positions(
            cells.thumbnail(position).top(), cells.thumbnail(position).bottom()
        )
    assert cells.position_at(QPoint(10, cells.height + 500)) == -1
    assert cells.thumbnail(1233).bottom() < cells.height


SCROLL = """
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.ui.pictures.grid.picture_grid import PictureGrid
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from measure_pictures import anonymous_mib, turn_wheel
from PySide6.QtWidgets import QApplication

application = QApplication([])
pictures = PictureSet(load_dataset("demo"))
grid = PictureGrid()
grid.resize(900, 700)
grid.set_thumbnail_size(48)
grid.show()
application.processEvents()
before = anonymous_mib()
grid.show_set(pictures)
grid.show_references(pictures.references("both"))
bar = grid.verticalScrollBar()
seen = set(grid.visible())
highest = 0.0
while bar.value() < bar.maximum():
    turn_wheel(grid, 2)
    application.processEvents()
    seen.update(grid.visible())
    highest = max(highest, anonymous_mib() - before)
print(len(seen), round(highest))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RssAnon is Linux's")
def test_that_scrolling_the_whole_set_takes_little_memory(shared_cache: Path) -> None:
    tests = Path(__file__).parents[2]
    path = [str(tests), str(tests.parent), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{SCROLL}"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen, grown_mib = map(int, done.stdout.split())
    assert seen == 60_000
    assert grown_mib < MAX_GROWN_MIB
