"""Curves as figures: what is drawn, and that all of it is on the page."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from msgspec.structs import replace
from PIL import Image

from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.export.figures.curves_figure import DEFAULT_IN, Curves, draw_curves, save_curves
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import Caption, Page, Size
from cifar_studio.runs.folder.early_stopping import stopping
from report_runs import report_rows
from support import LOCKED, locked_rows, make_row

REPORT = REPORT_RESULTS["report-resnet18"]
CAPTION = Caption("ResNet18", ("CIFAR-100",))


def curves(title: str = "ResNet18", epochs: int = 70) -> Curves:
    rows = report_rows(REPORT)[:epochs]
    return Curves(title, rows, 70, "training (while learning)", 1, "best on test (selected)")


def drawn(*shown: Curves, **options: object) -> Page:
    """A page as it was written to a file."""
    size = Size(*DEFAULT_IN["both"], 80)
    with (
        TemporaryDirectory() as folder,
        figure_file(Path(folder) / "x.png", size, DEFAULT_IN["both"], CAPTION) as page,
    ):
        draw_curves(page, shown, **options)  # type: ignore[arg-type]
    return page


def lines_with(page: Page, panel: int, values: list[float]) -> list[Line2D]:
    wanted = np.array(values)
    return [
        line
        for line in page.figure.axes[panel].lines
        if np.array_equal(np.asarray(line.get_ydata(), dtype=float), wanted)
    ]


def test_that_each_curve_is_drawn_with_the_runs_figures() -> None:
    page = drawn(curves())
    rows = report_rows(REPORT)
    (test,) = lines_with(page, 0, [row.test_loss or math.nan for row in rows])
    (training,) = lines_with(page, 0, [row.train_loss or math.nan for row in rows])
    assert list(test.get_xdata()) == list(range(1, 71))
    assert list(training.get_xdata())[:2] == [0.5, 1.5], "a training figure is a mean of its epoch"
    assert test.get_linestyle() != training.get_linestyle()
    for column in ("test_top1", "test_top5", "train_top1"):
        assert len(lines_with(page, 1, [getattr(row, column) for row in rows])) == 1
    assert page.figure.axes[1].get_ylim() == (0, 100)


def labels_beyond(axes: Axes) -> list[Text]:
    """Labels of ticks outside the axes, which are there and never drawn."""
    ticks = ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
    return [
        label
        for axis, (low, high) in ticks
        for tick, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        if not low <= tick <= high
    ]


@pytest.mark.parametrize(
    "shown",
    [
        [curves()],
        [curves(epochs=1)],
        [curves(epochs=0)],
        [curves("$a_1$ <b> " + "long " * 60), *(curves(f"run {n}") for n in range(9))],
    ],
    ids=["70 epochs", "1 epoch", "none", "many, with long names"],
)
def test_that_no_word_leaves_the_page_or_covers_another(shown: list[Curves]) -> None:
    page = drawn(*shown, report=REPORT)
    width, height = page.figure.canvas.get_width_height()
    boxes = []
    beyond = {label for axes in page.figure.axes for label in labels_beyond(axes)}
    for text in page.figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text not in beyond:
            box = text.get_window_extent()
            assert box.x0 >= 0, text.get_text()
            assert box.y0 >= 0, text.get_text()
            assert box.x1 <= width + 1, text.get_text()
            assert box.y1 <= height + 1, text.get_text()
            boxes.append((box.shrunk(0.98, 0.8), text))
    for place, (box, text) in enumerate(boxes):
        for other, another in boxes[place + 1 :]:
            both = text.get_text(), another.get_text()
            assert not box.overlaps(other), both


def test_that_what_is_not_finite_is_a_gap() -> None:
    rows = [make_row(1), replace(make_row(2), test_loss=None), make_row(3)]
    page = drawn(Curves("x", rows, 3))
    ys = [np.asarray(line.get_ydata(), dtype=float) for line in page.figure.axes[0].lines]
    assert any(len(y) == 3 and np.isnan(y[1]) for y in ys)


def test_that_a_band_is_as_wide_as_it_says() -> None:
    rows = [make_row(1, 10.0), make_row(2, 20.0)]
    one = Curves("x", rows, 2, deviations={"test_top1": np.array([1.0, 2.5])})
    (band,) = drawn(one).figure.axes[1].collections
    points = band.get_paths()[0].vertices
    assert {(float(x), float(y)) for x, y in points} >= {(1, 9), (1, 11), (2, 17.5), (2, 22.5)}


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_that_the_same_curves_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        save_curves(tmp_path / f"{name}{suffix}", [curves()], CAPTION, report=REPORT)
    first = (tmp_path / f"a{suffix}").read_bytes()
    assert first == (tmp_path / f"b{suffix}").read_bytes()


def test_size_and_words_of_the_files(tmp_path: Path) -> None:
    save_curves(tmp_path / "x.png", [curves()], CAPTION, Size(6, 4, 100), panels="loss")
    with Image.open(tmp_path / "x.png") as image:
        assert image.size == (600, 400)
    save_curves(tmp_path / "x.svg", [curves()], CAPTION, panels="accuracy", report=REPORT)
    words = " ".join("".join(e.itertext()) for e in ET.parse(tmp_path / "x.svg").iter())
    assert "report max 51.62 top-1" in words
    assert "epoch 1, best on test (selected)" in words
    assert "cross-entropy" not in words


def test_that_a_locked_test_set_has_no_curve_and_an_early_end_is_marked() -> None:
    rows = locked_rows(ended=True)
    stop = stopping(rows, LOCKED)
    shown = Curves("x", rows, 9, best_epoch=4, locks_test_set=True, stop=stop)
    page = drawn(shown)
    assert lines_with(page, 0, [row.val_loss or math.nan for row in rows])
    assert lines_with(page, 1, [row.val_top1 or math.nan for row in rows])
    for panel, axes in enumerate(page.figure.axes):
        words = [str(line.get_label()) for line in axes.lines]
        assert "stopped early" in words
        marked = [line for line in axes.lines if "stopped early" in str(line.get_label())]
        assert [list(line.get_xdata()) for line in marked] == [[5, 5]]
        column = ("test_loss", "test_top1")[panel]
        values = [getattr(row, column) for row in rows]
        assert not lines_with(page, panel, [math.nan if v is None else v for v in values])
