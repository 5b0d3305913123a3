"""Drawing leaves a training its processor time."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.ui.plots import throttle
from cifar_studio.ui.plots.throttle import LATEST_MS, SOONEST_MS, Throttle


@pytest.mark.parametrize(
    ("drawing_s", "processors", "interval_ms"),
    [
        (0.001, 2, SOONEST_MS),
        (0.005, 2, 500),
        (0.016, 16, 200),
        (0.016, 2, LATEST_MS),
        (0.5, 16, LATEST_MS),
    ],
)
def test_that_costly_drawings_are_seldom(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    drawing_s: float,
    processors: int,
    interval_ms: int,
) -> None:
    monkeypatch.setattr(throttle.os, "cpu_count", lambda: processors)
    timer = Throttle()
    timer.take(drawing_s)
    assert timer.interval() == interval_ms
    assert timer.isSingleShot()


def test_that_a_drawing_is_timed(qtbot: QtBot) -> None:
    timer = Throttle()
    timer.take(0.5)
    with timer.drawing():
        pass
    assert timer.interval() == SOONEST_MS
