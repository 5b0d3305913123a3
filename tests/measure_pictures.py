"""Measures scrolling through all pictures by the wheel, and the choice of pictures.

    python tests/measure_pictures.py [--data demo] [--sizes 32 64 128] [--width 960] [--height 700]

No test: run it. It shows the grid (on the offscreen platform unless QT_QPA_PLATFORM says another)
with all 60,000 pictures and an evaluation of all test pictures, turns the wheel notch by notch
from the first to the last one, and lets Qt paint after each notch; then jumps by the scroll bar to
places drawn at random. Prints a line a size: events, median, p99 and worst time of one event with
its painting in ms, and how much anonymous memory grew (RssAnon, Linux only) in MiB; last, how long
each kind of query takes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.query import PictureQuery, select
from cifar_studio.ui.pictures.grid.picture_grid import PictureGrid
from cifar_studio.ui.widgets import theme
from pictures_support import make_answers

NOTCH = 120  # eighths of a degree
JUMPS = 300


def anonymous_mib() -> float:
    """Memory that no file backs, in MiB; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def turn_wheel(grid: PictureGrid, notches: int = 1) -> None:
    """Turn the wheel over the middle of the grid, downward."""
    middle = QPointF(grid.viewport().rect().center())
    event = QWheelEvent(
        middle,
        QPointF(grid.viewport().mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, -NOTCH * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(grid.viewport(), event)


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of an action and the painting that it causes."""
    start = time.perf_counter()
    action()
    QApplication.processEvents()
    return (time.perf_counter() - start) * 1000


def report(name: str, times_ms: list[float], before_mib: float) -> None:
    median, p99 = np.percentile(times_ms, [50, 99])
    grown = anonymous_mib() - before_mib
    print(
        f"{name:24} {len(times_ms):6} events  median {median:6.2f}  p99 {p99:6.2f}  "
        f"worst {max(times_ms):6.2f} ms  RssAnon {grown:+7.1f} MiB"
    )


def scroll_through(grid: PictureGrid) -> list[float]:
    """Times of all notches from the first picture to the last."""
    bar = grid.verticalScrollBar()
    bar.setValue(0)
    QApplication.processEvents()
    times_ms = []
    while bar.value() < bar.maximum():
        times_ms.append(timed(lambda: turn_wheel(grid)))
    return times_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="demo")
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, default=700)
    arguments = parser.parse_args()
    application = QApplication([])
    theme.manager().apply("light")
    pictures = PictureSet(load_dataset(arguments.data))
    answers = make_answers(pictures)
    grid = PictureGrid()
    grid.resize(arguments.width, arguments.height)
    grid.show()
    application.processEvents()
    before_mib = anonymous_mib()
    grid.show_set(pictures)
    grid.show_answers(answers)
    grid.show_references(pictures.references("both"))
    random = np.random.default_rng(0)
    for size in arguments.sizes:
        grid.set_thumbnail_size(size)
        application.processEvents()
        report(f"wheel, {size} px", scroll_through(grid), before_mib)
        bar = grid.verticalScrollBar()
        places = random.integers(0, bar.maximum(), JUMPS).tolist()
        jumps = [timed(partial(bar.setValue, place)) for place in places]
        report(f"jumps, {size} px", jumps, before_mib)
    measure_queries(pictures, answers)


def measure_queries(pictures: PictureSet, answers: Answers) -> None:
    some = frozenset(range(0, 100, 3))
    for query in (
        PictureQuery("both"),
        PictureQuery("both", classes=some),
        PictureQuery("both", said=some),
        PictureQuery("both", answers="wrong"),
        PictureQuery("both", classes=some, said=some, answers="mistakes"),
    ):
        times_ms = []
        for _ in range(50):
            start = time.perf_counter()
            select(pictures, query, answers)
            times_ms.append((time.perf_counter() - start) * 1000)
        shown = f"{query.answers}, {len(query.classes)} classes, {len(query.said)} said"
        print(f"select {shown:36} median {np.median(times_ms):5.2f}  worst {max(times_ms):5.2f} ms")


if __name__ == "__main__":
    main()
