"""Figures of experiments: what is drawn, that all of it is on the page, and the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from cifar_studio.config.experiment.axis import parse_axis
from cifar_studio.export.figures.experiment.history_figure import draw_history
from cifar_studio.export.figures.experiment.importance_figure import draw_importance
from cifar_studio.export.figures.experiment.parallel_figure import draw_parallel
from cifar_studio.export.figures.experiment.slices_figure import draw_slices
from cifar_studio.export.figures.experiment.trial_curves_figure import (
    TrialCurve,
    draw_trial_curves,
)
from cifar_studio.export.figures.experiment.trials import scale_of
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import Caption, Page, Size
from cifar_studio.runs.experiment.experiment_folder import ExperimentState, create
from cifar_studio.runs.experiment.importance import Importance
from cifar_studio.runs.experiment.results import best_so_far, best_trial
from cifar_studio.runs.experiment.trials import Ended, Planned
from experiment_support import AXES, make_search, read, search

CAPTION = Caption("W" * 200, ("m" * 300,))
IMPORTANCE = Importance(trials=24, importance={axis.key: 0.25 for axis in AXES})
MANY = tuple(
    map(
        parse_axis,
        (
            *("learning_rate=0.0001..1:log", "momentum=0.5..0.99", "weight_decay=0,0.0001,0.01"),
            *("architecture=resnet18,vgg11_bn,mobilenet_v2,densenet161", "nesterov=true,false"),
            *("label_smoothing=0..0.3", "cutout=0,1", "mixing=none,mixup,cutmix,mixup or cutmix"),
            "mixup_alpha=0.1..1",
        ),
    )
)
Draw = Callable[[Page, ExperimentState], None]


def draw_curves(page: Page, state: ExperimentState) -> None:
    best = best_trial(state.trials, state.experiment)
    curves = [
        TrialCurve(
            trial.number,
            np.arange(1.0, 7.0),
            np.linspace(1, trial.value or 20, 6),
            trial.state == "pruned",
            trial is best,
        )
        for trial in state.trials
    ]
    draw_trial_curves(page, curves, "validation top-1, %")


def draw_shares(page: Page, state: ExperimentState) -> None:
    draw_importance(page, IMPORTANCE if state.trials else Importance())


DRAWINGS = [draw_history, draw_curves, draw_parallel, draw_slices, draw_shares]


def drawn(draw: Draw, state: ExperimentState, path: Path, size: Size | None = None) -> Page:
    """A page as it was written to a file."""
    with figure_file(path, size or Size(10, 5, 80), (10.0, 5.0), CAPTION) as page:
        draw(page, state)
    return page


def labels_beyond(page: Page) -> set[Text]:
    """Labels of ticks outside the axes, which are there and never drawn."""
    return {
        tick.label1
        for axes in page.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("kind", ["usual", "many settings", "one trial", "none", "losses"])
def test_that_no_word_leaves_the_page_or_covers_another(
    tmp_path: Path, draw: Draw, kind: str
) -> None:
    axes = MANY if kind == "many settings" else AXES
    trials = {"one trial": 2, "none": 1}.get(kind, 24)
    metric = "val_loss" if kind == "losses" else "val_top1"
    if kind == "none":
        state = read(create(tmp_path, "none", search()))
    else:
        state = read(make_search(tmp_path, trials, axes=axes, metric=metric))
    page = drawn(draw, state, tmp_path / "figure.png")
    width, height = page.figure.canvas.get_width_height()
    beyond = labels_beyond(page)
    boxes = []
    for text in page.figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text not in beyond:
            box = text.get_window_extent()
            assert box.x0 >= -1, text.get_text()
            assert box.y0 >= -1, text.get_text()
            assert box.x1 <= width + 1, text.get_text()
            assert box.y1 <= height + 1, text.get_text()
            boxes.append((box.shrunk(0.98, 0.7), text.get_text()))
    assert len(boxes) > 4
    for place, (box, words) in enumerate(boxes):
        for other, others in boxes[place + 1 :]:
            assert not box.overlaps(other), (words, others)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("draw", DRAWINGS)
def test_that_the_same_figure_has_the_same_bytes(tmp_path: Path, draw: Draw, suffix: str) -> None:
    state = read(make_search(tmp_path))
    one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    drawn(draw, state, one)
    drawn(draw, state, two)
    assert one.read_bytes() == two.read_bytes()


def test_that_history_shows_each_figure_and_the_best_so_far(tmp_path: Path) -> None:
    state = read(make_search(tmp_path, trials=20))
    (axes,) = drawn(draw_history, state, tmp_path / "a.png").figure.axes
    by_marker: dict[object, list[tuple[float, float]]] = {}
    for line in axes.lines:
        points = [tuple(map(float, point)) for point in np.asarray(line.get_xydata())]
        by_marker.setdefault(line.get_marker(), []).extend(points)  # type: ignore[arg-type]
    finished = [(trial.number, trial.value) for trial in state.trials if trial.value is not None]
    assert by_marker["o"] == finished
    assert [x for x, _ in by_marker["x"]] == [5, 10, 15]
    best = best_trial(state.trials, state.experiment)
    assert best is not None
    assert by_marker["D"] == [(best.number, best.value)]
    (steps,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    history = best_so_far(state.trials, state.experiment)
    wanted = {trial.number: y for trial, y in zip(state.trials, history, strict=True)}
    for x, y in np.asarray(steps.get_xydata()):
        assert wanted[int(x)] == y


def test_that_each_trial_is_a_line_through_what_it_sets(tmp_path: Path) -> None:
    state = read(make_search(tmp_path, trials=20))
    (axes,) = drawn(draw_parallel, state, tmp_path / "a.png").figure.axes
    segments = [
        np.asarray(segment)
        for collection in axes.collections
        if isinstance(collection, LineCollection)
        for segment in collection.get_segments()
    ]
    (best,) = [line for line in axes.lines if len(np.asarray(line.get_xdata())) == 5]
    assert len(segments) + 1 == 19, "one of twenty has failed"
    won = best_trial(state.trials, state.experiment)
    assert won is not None
    rate = won.parameters["learning_rate"]
    assert np.asarray(best.get_ydata())[0] == pytest.approx(np.log10(rate / 0.001) / 2)
    places = {segment[1, 1] for segment in segments}
    assert {round(place, 3) for place in places} == {0.0, 0.5, 1.0}, "0.8, 0.9 and 0.95"


def test_that_pruned_curves_are_pale_and_the_best_one_is_strong(tmp_path: Path) -> None:
    state = read(make_search(tmp_path, trials=20))
    (axes,) = drawn(draw_curves, state, tmp_path / "a.png").figure.axes
    pale, strong = axes.collections
    assert isinstance(pale, LineCollection)
    assert isinstance(strong, LineCollection)
    assert len(pale.get_segments()) == 3
    assert len(strong.get_segments()) == 16
    best = max(axes.lines, key=Line2D.get_linewidth)
    assert len(np.asarray(best.get_xdata())) == 6


def test_that_a_scale_finds_each_value_its_place(tmp_path: Path) -> None:
    experiment = search(MANY)
    trials = read(create(tmp_path, "a", experiment)).trials

    def scale(key: str) -> Callable[[object], float | None]:
        return scale_of(key, experiment, trials).place

    assert scale("learning_rate")(0.01) == pytest.approx(0.5)
    assert scale("learning_rate")(2.0) is None
    assert scale("learning_rate")(-1) is None
    assert scale("momentum")("x") is None
    assert scale("momentum")(10**400) is None
    assert scale("architecture")("vgg11_bn") == pytest.approx(1 / 3)
    assert scale("architecture")("lenet") is None
    assert scale("nesterov")(False) == 1.0
    assert [scale("weight_decay")(value) for value in (0, 0.0001, 0.01)] == [0, 0.5, 1]
    words = [words for _, words in scale_of("learning_rate", experiment, trials).ticks]
    assert words == ["0.0001", "0.001", "0.01", "0.1", "1"]


def test_that_diverged_losses_do_not_flatten_the_others(tmp_path: Path) -> None:
    planned = [Planned(trial=n, parameters={"learning_rate": 0.01 * n}) for n in (1, 2, 3)]
    folder = create(tmp_path, "a", search(metric="val_loss"), planned)
    for number, value in ((1, 3.0), (2, 3.2), (3, 1e30)):
        folder.append(Ended(trial=number, state="finished", value=value))
    for draw in (draw_history, draw_slices, draw_parallel):
        page = drawn(draw, read(folder), tmp_path / "a.png")
        assert page.figure.axes[0].get_ylim()[1] < 15


def test_that_long_curves_are_drawn_as_points_of_a_picture(tmp_path: Path) -> None:
    curves = [
        TrialCurve(number, np.arange(1.0, 201.0), np.linspace(1, 40, 200) + number / 50)
        for number in range(400)
    ]

    def draw(page: Page, _: ExperimentState) -> None:
        draw_trial_curves(page, curves, "validation top-1, %")

    drawn(draw, read(create(tmp_path, "a", search())), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 2**20
    assert b"image/png" in (tmp_path / "a.svg").read_bytes()
    drawn(draw, read(create(tmp_path, "b", search())), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (800, 400)
