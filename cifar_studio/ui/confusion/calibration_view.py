"""Whether the network's confidence can be believed: reliability, histogram, and in words."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.runs.analysis.calibration import Calibration, in_words
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.plots import pg
from cifar_studio.ui.plots.bin_plot import BinPlot
from cifar_studio.ui.plots.value_axis import nice_step
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import QUESTION, explain

_HEADER = ("Above %", "To %", "Answers", "Right", "Wrong", "Mean confidence %", "Right %")
_TITLES = ("Right answers, %", "Answers")
_SIDE_BY_SIDE_BELOW_PX = 400
_HINT = "Point at a bin, or walk with the arrow keys"


class CalibrationView(QWidget):
    """Reliability diagram over the histogram of confidence.

    Signals
    -------
    save_requested(str)
        "bins" as a table, or "calibration" as a figure.
    """

    save_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._calibration: Calibration | None = None
        self._bin: int | None = None
        self.words = basics.label()
        self.words.setWordWrap(True)
        self.legend = basics.label()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.reliability = BinPlot("Share of right answers by confidence", "Confidence, %")
        self.histogram = BinPlot("Answers by confidence", "Confidence, %")
        self.readout = basics.label(_HINT, "muted")
        self.readout.setMinimumWidth(1)  # a long sentence must not widen the view
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Calibration")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.words)
        self._column.addWidget(self.legend)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        titled = zip(_TITLES, (self.reliability, self.histogram), (3, 2), strict=True)
        for title, plot, stretch in titled:
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(basics.label(title, "small"))
            column.addWidget(plot, 1)
            self._plots.addLayout(column, stretch)
        self._column.addLayout(self._plots, 1)
        self._column.addWidget(self.readout)
        for plot in (self.reliability, self.histogram):
            plot.pointed.connect(self._on_pointed)
            plot.menu_requested.connect(self._on_menu_requested)
        self.restyle()

    @property
    def bin_marked(self) -> int | None:
        return self._bin

    def show_calibration(self, calibration: Calibration | None) -> None:
        self._calibration = calibration
        self._bin = None
        self._draw()

    def as_table(self) -> Table:
        """The bins: edges, counts, mean confidence and share of right answers in per cent."""
        shown = self._calibration
        if shown is None:
            return Table("calibration", _HEADER, ())
        edges, percents = 100 * shown.edges, (100 * shown.confidence, 100 * shown.accuracy)
        columns = (edges[:-1], edges[1:], shown.counts, shown.right, shown.wrong, *percents)
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        return Table("calibration", _HEADER, rows)

    def copy_picture(self) -> None:
        """Put what is seen on the clipboard as a picture."""
        QGuiApplication.clipboard().setPixmap(self.grab())

    def copy(self) -> str:
        """Put the bins on the clipboard as tab-separated text."""
        lines = ["\t".join(_HEADER)]
        for row in self.as_table().rows:
            texts = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
            lines.append("\t".join(texts).replace("nan", ""))
        text = "\n".join(lines) + "\n"
        QGuiApplication.clipboard().setText(text)
        return text

    def restyle(self) -> None:
        self._column.setContentsMargins(0, theme.px(8), 0, 0)
        self._column.setSpacing(theme.px(4))
        self._plots.setSpacing(theme.px(8))
        for plot in (self.reliability, self.histogram):
            plot.apply_theme()
            plot.setMinimumSize(theme.px(120), theme.px(72))
        self._draw()

    def describe_bin(self, place: int) -> str:
        """A bin in words."""
        shown = self._calibration
        if shown is None:
            return ""
        low, high = 100 * shown.edges[place : place + 2]
        words = f"{low:.2f} to {high:.2f} %"
        count = int(shown.counts[place])
        if not count:
            return f"{words}: no answers"
        right, confidence = 100 * shown.accuracy[place], 100 * shown.confidence[place]
        noun = "answer" if count == 1 else "answers"
        return f"{words}: {count:,} {noun}, {right:.2f} % right, confidence {confidence:.2f} %"

    # Drawing

    def _draw(self) -> None:
        colours, shown = theme.current(), self._calibration
        most = int(shown.counts.max()) if shown is not None else 0
        step = nice_step(max(most, 1), 4)
        self.reliability.begin(100.0)
        self.histogram.begin(max(math.ceil(most / step) * step, 1.0))
        if shown is not None and shown.pictures:
            shares = (100 * shown.accuracy, 100 * shown.confidence)
            counts = (shown.right.astype(float), shown.counts.astype(float))
            edges, none = 100 * shown.edges, np.zeros(len(shown.counts))
            for plot, (low, high) in ((self.reliability, shares), (self.histogram, counts)):
                plot.add_bars(edges, none, low, colours.loss)
                plot.add_bars(edges, low, high, colours.top1, Qt.BrushStyle.BDiagPattern)
        diagonal = pg.mkPen(colours.text, width=1)
        line = pg.PlotCurveItem([0, 100], [0, 100], pen=diagonal, antialias=True)
        self.reliability.item.addItem(line)
        self.words.setText(in_words(shown))
        self.setAccessibleDescription(self.words.text())
        self.legend.setText(
            f'<span style="color:{colours.loss}">■</span> right, % &nbsp; '
            f'<span style="color:{colours.top1}">▨</span> gap to the confidence, or wrong '
            f"&nbsp; ╱ perfect"
        )
        self._mark(self._bin)

    def _mark(self, place: int | None) -> None:
        self._bin = place
        shown = self._calibration
        low = high = math.nan
        words = _HINT if shown is not None and shown.pictures else ""
        if place is not None and shown is not None:
            low, high = 100 * shown.edges[place : place + 2]
            words = self.describe_bin(place)
        self.readout.setText(words)
        for plot in (self.reliability, self.histogram):
            plot.mark(low, high)

    def _on_pointed(self, confidence: float) -> None:
        shown = self._calibration
        if shown is None or not 0 <= confidence <= 100:
            self._mark(None)
            return
        bins = len(shown.counts)
        self._mark(min(max(math.ceil(confidence / 100 * bins) - 1, 0), bins - 1))

    def _on_menu_requested(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction("Copy bins", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        menu.addAction("Copy picture", self.copy_picture)
        menu.addAction("Save as a table…", lambda: self.save_requested.emit("bins"))
        saved = QKeySequence(QKeySequence.StandardKey.Save)
        menu.addAction("Save as a figure…", saved, lambda: self.save_requested.emit("calibration"))
        menu.addAction(QUESTION, lambda: explain("calibration", at, self, EXPLANATIONS))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self.height() < theme.px(_SIDE_BY_SIDE_BELOW_PX)
        direction = QBoxLayout.Direction
        self._plots.setDirection(direction.LeftToRight if low else direction.TopToBottom)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        shown = self._calibration
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save_requested.emit("calibration")
        elif step and shown is not None:
            last = len(shown.counts) - 1
            start = (-1 if step > 0 else last + 1) if self._bin is None else self._bin
            self._mark(min(max(start + step, 0), last))
        elif event.key() == Qt.Key.Key_Escape and self._bin is not None:
            self._mark(None)
        else:
            super().keyPressEvent(event)
            return
        event.accept()
