"""The legend of a plot: a row of entries that show the last value and switch their curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from cifar_studio.ui.curves.data.explanations import explain_on_right_click
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.measures import (
    QUICK_TEST,
    TESTED,
    Measure,
    PanelName,
    measures_of,
    pen,
    title_of,
)
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.flow_layout import FlowLayout

ENTRY_PX = 24
_SAMPLE_PX = 28


@dataclass(frozen=True)
class Sample:
    """How a curve looks: attribute of the theme (or #rrggbb), dashes in pixels, symbol, width."""

    colour: str
    dash: tuple[float, ...] = ()
    marker: str = ""
    hollow: bool = False
    line: bool = True

    @classmethod
    def of(cls, measure: Measure, colour: str) -> Sample:
        """As the measure's curve is drawn; training has no symbol on its line."""
        return cls(colour, measure.dash, "" if measure.marker == "+" else measure.marker)

    def paint(self, painter: QPainter, rect: QRectF, strength: float = 1.0) -> None:
        """Draw a piece of the curve into a rectangle."""
        colours = theme.current()
        named = self.colour if self.colour.startswith("#") else getattr(colours, self.colour)
        colour = QColor(named)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(strength)
        middle = rect.center()
        if self.line:
            line = pen(colour, theme.px(2), self.dash)
            line.setCosmetic(False)
            painter.setPen(line)
            painter.drawLine(QPointF(rect.left(), middle.y()), QPointF(rect.right(), middle.y()))
        if self.marker:
            painter.translate(middle)
            fill = QColor(colours.surface) if self.hollow else colour
            drawSymbol(painter, self.marker, theme.px(7), pen(colour, 1.0), fill)
        painter.restore()


Entry = tuple[str, Sample, str, str]
"""Key, sample, title, and the widest value that needs room."""


def entries_of(panel: PanelName, runs: Sequence[RunData], widest: str) -> list[Entry]:
    """The legend of a plot: of one run with its values, of several with the curves' looks."""
    several, first = len(runs) > 1, runs[0] if runs else None
    splits = frozenset(split for run in runs for split in run.splits)
    measures = measures_of(panel, splits or TESTED)
    entries = []
    for measure in measures:
        sample = Sample.of(measure, "muted" if several else measure.colour)
        title = title_of(measure, None if several else first)
        entries.append((measure.column, sample, title, widest if len(runs) == 1 else ""))
    if any(run.has_quick_tests for run in runs):
        pictures = first.quick_pictures if first else 0
        title = f"quick test ({pictures:,})" if pictures else "quick test"
        colour = "muted" if several or panel == "accuracy" else "loss"
        sample = Sample(colour, (), "o", True, False)
        tested = sum(measure.split == "test" for measure in measures)
        entries.insert(tested, (QUICK_TEST, sample, title, ""))
    return entries


class LegendEntry(QAbstractButton):
    """A piece of the line, the curve's name, its last value; pressed in means shown."""

    def __init__(self, explanation: str) -> None:
        super().__init__()
        self.value = ""
        self._sample = Sample("text")
        self._widest = ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        explain_on_right_click(self, explanation)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_look(self, sample: Sample, title: str, widest: str) -> None:
        """The piece of line, the name, and the widest value that needs room."""
        self._sample, self._widest = sample, widest
        if not widest:
            self.value = ""
        self.setText(title)
        self.setToolTip(f"Show or hide {title}")
        self._name()
        self.updateGeometry()
        self.update()

    def set_value(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self._name()
            self.update()

    def _name(self) -> None:
        self.setAccessibleName(f"{self.text()} {self.value}".strip())

    @override
    def sizeHint(self) -> QSize:
        names, figures = (QFontMetrics(font) for font in self._fonts())
        width = theme.px(4) * 2 + theme.px(_SAMPLE_PX) + theme.px(8)
        width += names.horizontalAdvance(self.text()) + 2  # rounding must not elide the name
        if self._widest:
            width += theme.px(8) + figures.horizontalAdvance(self._widest)
        return QSize(width, theme.px(ENTRY_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        on = self.isChecked()
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.grid))
            painter.drawRoundedRect(frame, 4, 4)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 4, 4)
        pad, sample = theme.px(4), theme.px(_SAMPLE_PX)
        self._sample.paint(painter, QRectF(pad, 0, sample, self.height()), 1.0 if on else 0.25)
        names, figures = self._fonts()
        names.setStrikeOut(not on)
        left = pad + sample + theme.px(8)
        rect = QRect(left, 0, self.width() - left - pad, self.height())
        painter.setFont(names)
        painter.setPen(QColor(colours.muted if on else colours.disabled))
        room = rect.width()
        if self.value:
            room -= QFontMetrics(figures).horizontalAdvance(self.value) + theme.px(8)
        name = QFontMetrics(names).elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(figures)
        painter.setPen(QColor(colours.text if on else colours.disabled))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect, right, self.value)

    def _fonts(self) -> tuple[QFont, QFont]:
        names = QFont(self.font())
        names.setPixelSize(theme.px(theme.AXIS_PX + 1))
        return names, theme.tabular(names)


class Legend(QWidget):
    """Entries of one plot.

    Parameters
    ----------
    explanation : str
        What a right click on any entry explains; empty for the entry's own key.

    Signals
    -------
    toggled()
        A curve was switched on or off.
    entries_changed()
        There are other entries now, and the order of the Tab key is to be set anew.
    """

    toggled = Signal()
    entries_changed = Signal()

    def __init__(self, explanation: str = "") -> None:
        super().__init__()
        self._explanation = explanation
        self.entries: dict[str, LegendEntry] = {}
        self._flow = FlowLayout(self, theme.px(8))

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; those that stay keep state and focus."""
        while self._flow.takeAt(0) is not None:
            pass
        before, self.entries = self.entries, {}
        for key, sample, title, widest in entries:
            entry = before.pop(key, None)
            if entry is None:
                entry = LegendEntry(self._explanation or key)
                entry.toggled.connect(lambda _: self.toggled.emit())
            entry.set_look(sample, title, widest)
            self._flow.addWidget(entry)
            entry.show()
            self.entries[key] = entry
        for entry in before.values():
            entry.hide()
            entry.deleteLater()
        self.updateGeometry()
        self.entries_changed.emit()

    def hidden_keys(self) -> frozenset[str]:
        return frozenset(key for key, entry in self.entries.items() if not entry.isChecked())

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return self._flow.heightForWidth(width)

    def restyle(self) -> None:
        self._flow.set_gap(theme.px(8))
        for entry in self.entries.values():
            entry.updateGeometry()
            entry.update()
