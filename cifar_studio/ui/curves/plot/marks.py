"""What stands in a plot beside the curves: chance, the report, the best epoch, runs' letters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont

from cifar_studio.ui.curves.plot.lines import Dot
from cifar_studio.ui.curves.plot.measures import SOLID, pen
from cifar_studio.ui.curves.plot.placement import Box, most_free
from cifar_studio.ui.curves.plot.plot import MeasurePlot, points_item
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme

CHANCE_LOSS = math.log(100)
CHANCE_TOP1 = 1.0
CHANCE_TOP5 = 5.0


@dataclass(frozen=True)
class Level:
    """A horizontal line."""

    value: float
    label: str  # empty where another line's label speaks for it
    colour: str = "muted"  # attribute of the theme


def chance_levels(panel: str) -> tuple[Level, ...]:
    """What guessing among 100 classes gives."""
    if panel == "loss":
        return (Level(CHANCE_LOSS, f"chance {CHANCE_LOSS:.2f}"),)
    return (
        Level(CHANCE_TOP1, ""),
        Level(CHANCE_TOP5, f"chance {CHANCE_TOP1:.0f} % top-1, {CHANCE_TOP5:.0f} % top-5"),
    )


class PlotLabel(pg.TextItem):
    """Small text on a plate of the plot's colour, placed in pixels of the plot."""

    def __init__(self, plot: MeasurePlot, z: float = 7.0) -> None:
        super().__init__(anchor=(0, 0))
        self._plot = plot
        self._written: object = None
        plot.add(self, z)

    def write(self, text: str, colour: str = "") -> None:
        """Show a text in the theme in force; costs nothing where that is what it shows."""
        requested = (text, colour, theme.current(), theme.manager().scale)
        if requested == self._written:
            return
        self._written = requested
        font = QFont(theme.body_font(theme.manager().scale))
        font.setPixelSize(theme.px(theme.AXIS_PX))
        self.setFont(font)
        self.textItem.document().setDocumentMargin(theme.px(1))
        plate = QColor(theme.current().surface)
        plate.setAlphaF(0.85)
        self.fill = pg.mkBrush(plate)
        self.setText(text, color=colour or theme.current().muted)

    def size(self) -> tuple[float, float]:
        rect = self.textItem.boundingRect()
        return rect.width(), rect.height()

    def put(self, left: float, top: float) -> None:
        """Stand with the upper left corner at these pixels of the plot."""
        area = self._plot.area()
        low, high = self._plot.epoch_range()
        bottom, ceiling = self._plot.value_range()
        across = (left - area.left()) / max(area.width(), 1.0)
        down = (top - area.top()) / max(area.height(), 1.0)
        self.setPos(QPointF(low + across * (high - low), ceiling - down * (ceiling - bottom)))


class Levels:
    """Labelled horizontal lines.

    A label may stand at each of `places` along its line, 0 left to 1 right, the best liked first.
    """

    def __init__(self, plot: MeasurePlot, dash: tuple[float, ...], places: Sequence[float]) -> None:
        self._plot = plot
        self._dash = dash
        self._places = tuple(places)
        self.levels: tuple[Level, ...] = ()
        self._lines: list[pg.InfiniteLine] = []
        self._labels: list[PlotLabel] = []
        self._chosen: list[int | None] = []

    def set_levels(self, levels: Sequence[Level]) -> None:
        if tuple(levels) != self.levels:
            self.levels = tuple(levels)
            self.restyle()

    def restyle(self) -> None:
        """Make lines and labels anew in the theme in force."""
        for item in (*self._lines, *self._labels):
            self._plot.item.removeItem(item)
        self._lines, self._labels = [], []
        self._chosen = [None] * len(self.levels)
        ratio = self._plot.devicePixelRatioF()
        for level in self.levels:
            colour = QColor(getattr(theme.current(), level.colour))
            line = pg.InfiniteLine(angle=0, pen=pen(colour, 1.0, self._dash, ratio=ratio))
            self._lines.append(self._plot.add(line, 0))
            label = PlotLabel(self._plot, z=0.5)  # a curve that has no room beside it wins
            label.write(level.label)
            self._labels.append(label)

    def place(self, logarithmic: bool, obstacles: np.ndarray) -> np.ndarray:
        """Put lines and labels into the range in force; returns pixels that labels cover."""
        area = self._plot.area()
        covered = [np.empty((0, 2))]
        for index, (level, line, label) in enumerate(
            zip(self.levels, self._lines, self._labels, strict=True)
        ):
            value = math.log10(level.value) if logarithmic else level.value
            line.setValue(value)
            at = float(self._plot.to_pixels(np.array([[0.0, value]]))[0, 1])
            label.setVisible(bool(level.label) and area.top() < at <= area.bottom() + 1)
            if not label.isVisible():
                continue
            width, height = label.size()
            room = area.width() - width - theme.px(8)
            boxes: list[Box] = [
                (area.left() + theme.px(4) + part * room, top, width, height)
                for part in self._places
                for top in (at - height - 1, at + 1)
                if area.top() <= top and top + height <= area.bottom()
            ]
            if boxes:
                chosen = most_free(boxes, obstacles, self._chosen[index])
                self._chosen[index] = chosen
                label.put(*boxes[chosen][:2])
                covered.append(_outline(boxes[chosen]))
        return np.concatenate(covered)


class EpochMark:
    """A thin vertical line at an epoch with a few words, and a diamond a curve."""

    _HEIGHTS = (0.0, 0.14, 0.3, 0.5, 0.7)

    def __init__(self, plot: MeasurePlot, dash: tuple[float, ...] = SOLID) -> None:
        self._plot = plot
        self._dash = dash
        self._line = plot.add(pg.InfiniteLine(angle=90), 0)
        self._label = PlotLabel(plot)
        self._diamonds = plot.add(points_item(), 7)  # above the label, which is as high
        self._place: int | None = None
        self._placed_for: object = None
        self._drawn: object = None
        self.text = ""
        self.show(0, "", (), np.empty((0, 2)))

    def show(
        self,
        epoch: int,
        text: str,
        dots: Sequence[Dot],
        obstacles: np.ndarray,
        tip: str = "",
    ) -> np.ndarray:
        """Mark this epoch with a diamond at each dot; 0 marks none. `tip` says more.

        Takes the (N, 2) pixels that the label should not cover, returns those that it covers.
        """
        shown = epoch > 0
        self.text = text if shown else ""
        for item in (self._line, self._label, self._diamonds):
            item.setVisible(shown)
        if not shown:
            return np.empty((0, 2))
        requested = (epoch, tuple(dots), theme.current(), theme.manager().scale)
        if requested != self._drawn:
            self._drawn = requested
            self._draw(epoch, dots)
        self._label.write(text)
        for item in (self._line, self._label):
            item.setToolTip(tip)
        return _outline(self._put_label(epoch, obstacles))

    def _draw(self, epoch: int, dots: Sequence[Dot]) -> None:
        colours, ratio = theme.current(), self._plot.devicePixelRatioF()
        self._line.setPen(pen(QColor(colours.muted), 1.0, self._dash, alpha=0.6, ratio=ratio))
        self._line.setValue(epoch)
        self._diamonds.setData(
            x=[dot.x for dot in dots],
            y=[dot.y for dot in dots],
            symbol="d",
            size=theme.px(12),
            pen=pen(QColor(colours.surface), 1.0),
            brush=[pg.mkBrush(dot.colour) for dot in dots],
        )

    def _put_label(self, epoch: int, obstacles: np.ndarray) -> Box:
        area = self._plot.area()
        at = float(self._plot.to_pixels(np.array([[epoch, 0.0]]))[0, 0])
        self._label.setVisible(area.left() - 1 <= at <= area.right() + 1)
        width, height = self._label.size()
        gap = theme.px(4)
        sides = [at + gap, at - gap - width]
        sides = [x for x in sides if area.left() <= x and x + width <= area.right()]
        if not sides:
            sides = [max(area.left(), min(at + gap, area.right() - width))]
        boxes: list[Box] = [
            (x, area.top() + area.height() * part + theme.px(2), width, height)
            for part in self._HEIGHTS
            for x in sides
        ]
        placed_for = (epoch, area.size().toTuple(), self._plot.value_range())
        current = self._place if placed_for == self._placed_for else None
        self._place, self._placed_for = most_free(boxes, obstacles, current), placed_for
        self._label.put(*boxes[self._place][:2])
        return boxes[self._place]


class RunLetters:
    """A letter at the end of a curve, so that runs are not told by colour alone."""

    def __init__(self, plot: MeasurePlot) -> None:
        self._plot = plot
        self._labels: list[PlotLabel] = []

    def show(self, ends: Sequence[tuple[str, Dot]]) -> np.ndarray:
        """Letters and the points they stand at; returns pixels that the letters cover."""
        while len(self._labels) < len(ends):
            self._labels.append(PlotLabel(self._plot))
        for label in self._labels[len(ends) :]:
            label.setVisible(False)
        area = self._plot.area()
        covered = [np.empty((0, 2))]
        lowest: dict[float, float] = {}
        from_above = sorted(ends, key=lambda end: -end[1].y)
        for label, (letter, dot) in zip(self._labels, from_above, strict=False):
            label.setVisible(True)
            label.write(letter, dot.colour)
            (x, y), *_ = self._plot.to_pixels(np.array([[dot.x, dot.y]]))
            width, height = label.size()
            left = min(x + theme.px(4), area.right() - width)
            top = max(y - height - theme.px(2), lowest.get(dot.x, -np.inf))
            lowest[dot.x] = top + height
            label.put(left, top)
            covered.append(_outline((left, top, width, height)))
        return np.concatenate(covered)


def _outline(box: Box) -> np.ndarray:
    """Points that stand for a box among obstacles."""
    left, top, width, height = box
    across = np.arange(left, left + width + 1, 8.0)
    edges = (top, top + height / 2, top + height)
    return np.concatenate([np.stack([across, np.full(len(across), y)], axis=1) for y in edges])
