"""Draws the matrix: coloured cells, figures, titles and the legend of the colours.

The maps of the colours are `colours.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from cifar_studio import colours
from cifar_studio.runs.analysis.confusion_cells import Cells, Shading, signed
from cifar_studio.runs.wording import MINUS
from cifar_studio.ui.confusion.frame import Frame, Window, make_frame
from cifar_studio.ui.widgets import theme

LEGEND_PX = 64
_BAR_PX = 12
_TITLE_GAP_PX = 6
_MOST_TITLE_PX = 132
_SMALLEST_PX, _LARGEST_PX = 8, 16


@dataclass(frozen=True, eq=False)
class Look:
    """What is drawn, and how.

    Attributes
    ----------
    cells : Cells
    percent : bool
    shading : Shading
    marked : str
        Words searched for, in small letters; titles that have them stand out.
    """

    cells: Cells
    percent: bool
    shading: Shading
    marked: str = ""


def paint(
    strengths: NDArray[np.float64], values: NDArray[np.float64], is_difference: bool
) -> NDArray[np.uint8]:
    """Colours, (..., 3), of values of these strengths, in the theme in force."""
    now = theme.current()
    ground = QColor(now.surface)
    rgb = (ground.red(), ground.green(), ground.blue())
    return colours.paint(strengths, values, is_difference, now.name, rgb)


def ink_on(rgb: NDArray[np.uint8]) -> QColor:
    """Black or white, whichever stands out more; at least 4.5:1 on any colour."""
    return QColor("#000000") if colours.is_black_better(rgb) else QColor("#FFFFFF")


def make_titled_frame(cells: Cells, window: Window, room: QRectF, ratio: float) -> Frame:
    """The matrix in a room without the legend's, with as much of it for titles as they need."""
    metrics = QFontMetricsF(_axis_font())
    titles = cells.titles if window.rows <= 20 else tuple(name for name, _ in cells.groups)
    widest = max(metrics.horizontalAdvance(title) for title in titles) * 1.1 + theme.px(12)
    top = max(min(widest, theme.px(_MOST_TITLE_PX), room.height() * 0.25), theme.px(48))
    spare = room.width() - (room.height() - top)  # what a square matrix leaves beside it
    left = min(widest, max(theme.px(_MOST_TITLE_PX), spare), room.width() * 0.4)
    return make_frame(room, max(left, theme.px(64)), top, window, ratio)


def cell_image(look: Look, frame: Frame) -> QImage:
    """The coloured cells in sight, each on whole device pixels."""
    window = frame.window
    part = np.s_[
        window.row : window.row + window.rows, window.column : window.column + window.columns
    ]
    values = look.cells.values(look.percent)[part]
    rgb = paint(look.shading.strength(values), values, look.cells.is_difference)
    rows = np.repeat(np.arange(window.rows), _device_sizes(frame.down, frame.ratio))
    columns = np.repeat(np.arange(window.columns), _device_sizes(frame.across, frame.ratio))
    pixels = np.ascontiguousarray(rgb[np.ix_(rows, columns)])
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    image.setDevicePixelRatio(frame.ratio)
    return image


def draw_grid(painter: QPainter, look: Look, frame: Frame) -> None:
    """Hairlines: between all cells where they are large, else between superclasses."""
    now, area, window, cells = theme.current(), frame.area, frame.window, look.cells
    spacious = min(area.width() / window.columns, area.height() / window.rows) >= theme.px(12)
    for edges, start, down in (
        (frame.across, window.column, False),
        (frame.down, window.row, True),
    ):
        borders = {0, len(edges) - 1}
        if cells.level == "classes":
            borders |= {cells.rows_of_group(group)[0] - start for group in range(len(cells.groups))}
        for index, edge in enumerate(edges.tolist()):
            if index not in borders and not spacious:
                continue
            painter.setPen(QPen(QColor(now.border if index in borders else now.grid), 1))
            if down:
                painter.drawLine(QPointF(area.left(), edge), QPointF(area.right(), edge))
            else:
                painter.drawLine(QPointF(edge, area.top()), QPointF(edge, area.bottom()))


def draw_figures(painter: QPainter, look: Look, frame: Frame) -> None:
    """Each cell's figure, where the widest of them fits."""
    window, cells = frame.window, look.cells
    places = [
        (row, column)
        for row in range(window.row, window.row + window.rows)
        for column in range(window.column, window.column + window.columns)
        if cells.counts[row, column]
    ]
    if len(places) > 400:  # a whole matrix of classes: no figure fits, and none needs measuring
        return
    texts = {place: cells.text(*place, look.percent) for place in places}
    widest = max(texts.values(), key=len, default="0")
    room = frame.cell(window.row, window.column)
    font = _fitting_font(widest, room.width(), room.height())
    if font is None:
        return
    painter.setFont(font)
    values = cells.values(look.percent)
    rgb = paint(look.shading.strength(values), values, cells.is_difference)
    for place, text in texts.items():
        painter.setPen(ink_on(rgb[place]))
        painter.drawText(frame.cell(*place), Qt.AlignmentFlag.AlignCenter, text)


def draw_titles(painter: QPainter, look: Look, frame: Frame, current: tuple[int, int]) -> None:
    """Titles left and on top; those of the current cell stand out."""
    now, area, window = theme.current(), frame.area, frame.window
    gap, plain = theme.px(_TITLE_GAP_PX), _axis_font()
    least = 0.8 * QFontMetricsF(plain).height()
    for rows, first, count, place, space in (
        (True, window.row, window.rows, current[0], frame.left),
        (False, window.column, window.columns, current[1], frame.top),
    ):
        room = space - gap - theme.px(2)
        for title, start, size in _titles_in_sight(look.cells, first, count):
            low, high = frame.band(start, size, rows=rows)
            is_current = start <= place < start + size
            is_marked = bool(look.marked) and look.marked in title.lower()
            stands_out = is_current or is_marked
            if high - low < least and not stands_out:
                continue  # it would lie on its neighbours
            font = QFont(plain)
            font.setBold(is_current)
            font.setUnderline(is_marked)
            painter.setFont(font)
            painter.setPen(QColor(now.text if stands_out else now.muted))
            text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room))
            thick = max(high - low, painter.fontMetrics().height())
            middle = (low + high) / 2
            painter.save()
            if rows:
                painter.translate(area.left() - gap - room, middle - thick / 2)
                align = Qt.AlignmentFlag.AlignRight
            else:
                painter.translate(middle - thick / 2, area.top() - gap)
                painter.rotate(-90)
                align = Qt.AlignmentFlag.AlignLeft
            rect = QRectF(0, 0, room, thick)
            painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, text)
            painter.restore()


def _titles_in_sight(cells: Cells, first: int, count: int) -> list[tuple[str, int, int]]:
    """Titles of rows or columns, each with the first one that it names and how many.

    Superclasses stand where the classes are too thin for a title each.
    """
    if count <= 20:
        return [(cells.titles[place], place, 1) for place in range(first, first + count)]
    return [(title, *cells.rows_of_group(g)) for g, (title, _) in enumerate(cells.groups)]


def draw_axis_names(painter: QPainter, frame: Frame) -> None:
    """ "shown as" over the rows' titles, "said" before the columns'."""
    gap, area = theme.px(_TITLE_GAP_PX), frame.area
    font = _axis_font()
    font.setItalic(True)
    painter.setFont(font)
    painter.setPen(QColor(theme.current().muted))
    line = painter.fontMetrics().height()
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    room = QRectF(area.left() - frame.left, area.top() - gap - line, frame.left - gap, line)
    painter.drawText(room, right, "shown as ↓")
    painter.drawText(room.translated(0, -line), right, "said →")


def draw_legend(painter: QPainter, look: Look, frame: Frame, left: float) -> None:
    """A bar of the colours from zero to the top, or from the lowest to the highest difference."""
    area, line = frame.area, theme.px(theme.AXIS_PX + 4)
    bar = QRectF(left, area.top() + line + theme.px(8), theme.px(_BAR_PX), 0)
    bar.setBottom(max(min(area.bottom(), bar.top() + theme.px(280)), bar.top() + 1))
    difference = look.cells.is_difference
    _draw_bar(painter, bar, difference)
    painter.setFont(_axis_font())
    painter.setPen(QColor(theme.current().muted))
    unit = "%" if look.percent else "pictures"
    heading = QRectF(bar.left(), area.top(), theme.px(LEGEND_PX), line)
    top_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(heading, top_left, f"Δ {unit}" if difference else unit)
    ticks = look.shading.ticks(whole=not look.percent)
    if difference:
        if bar.height() < theme.px(160):
            ticks = [0.0, ticks[-1]]
        ticks = [-tick for tick in ticks[:0:-1]] + ticks
    for tick in ticks:
        strength = float(look.shading.strength(np.array(tick))) * (-1 if tick < 0 else 1)
        share = (strength + 1) / 2 if difference else strength
        y = bar.bottom() - share * bar.height()
        room = QRectF(bar.right() + theme.px(4), y - line / 2, theme.px(LEGEND_PX), line)
        painter.drawText(room, top_left, _tick_text(tick, difference))


def _draw_bar(painter: QPainter, bar: QRectF, difference: bool) -> None:
    steps = np.linspace(-1 if difference else 0, 1, 255)[::-1, None]
    rgb = np.ascontiguousarray(paint(np.abs(steps), steps, difference))
    image = QImage(rgb.data, 1, len(rgb), 3, QImage.Format.Format_RGB888)
    painter.drawImage(bar, image)
    painter.setPen(QPen(QColor(theme.current().border), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)


def _tick_text(tick: float, difference: bool) -> str:
    if tick == round(tick):
        return signed(round(tick)) if difference else f"{tick:,.0f}"
    size = f"{abs(tick):.2g}" if abs(tick) < 10 else f"{abs(tick):.0f}"
    sign = ("+" if tick > 0 else MINUS) if difference else ""
    return sign + size


def _device_sizes(edges: NDArray[np.float64], ratio: float) -> NDArray[np.intp]:
    return np.diff(np.round(edges * ratio)).astype(np.intp)


def _fitting_font(text: str, width: float, height: float) -> QFont | None:
    largest = _LARGEST_PX if width > theme.px(48) else theme.AXIS_PX
    for size in range(largest, _SMALLEST_PX - 1, -1):
        font = _axis_font(size)
        metrics = QFontMetricsF(font)
        if metrics.horizontalAdvance(text) + 1 <= width and metrics.ascent() + 2 <= height:
            return font
    return None


def _axis_font(size: float = theme.AXIS_PX) -> QFont:
    font = theme.tabular(theme.body_font(theme.manager().scale))
    font.setPixelSize(theme.px(size))
    return font
