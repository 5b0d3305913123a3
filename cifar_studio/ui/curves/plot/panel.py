"""One plot with its title, legend, curves, marks and readout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QVBoxLayout

from cifar_studio.ui.curves.data.explanations import EXPLANATIONS
from cifar_studio.ui.curves.data.run_colours import RunStyle
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.series import accuracy_limit, loss_floor, loss_limit
from cifar_studio.ui.curves.plot.inspector import Inspector
from cifar_studio.ui.curves.plot.legend import Entry, Legend, entries_of
from cifar_studio.ui.curves.plot.lines import RunLines, Window
from cifar_studio.ui.curves.plot.marks import EpochMark, Level, Levels, RunLetters, chance_levels
from cifar_studio.ui.curves.plot.measures import (
    DASHED,
    DOTTED,
    LONG_DASHED,
    PanelName,
    format_value,
    main_column,
    measures_of,
)
from cifar_studio.ui.curves.plot.placement import between
from cifar_studio.ui.curves.plot.plot import MeasurePlot
from cifar_studio.ui.curves.plot.rate_lines import RateLines
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import QUESTION, explain

_TITLES: dict[PanelName, str] = {"loss": "Cross-entropy, nats", "accuracy": "Accuracy, %"}
_WIDEST: dict[PanelName, str] = {"loss": "0.0000", "accuracy": "00.00"}
_PICTURE_SCALE = 2.0
_PAD_PX = 12
_COPY = QKeySequence.StandardKey.Copy
_SAVE = QKeySequence.StandardKey.Save


@dataclass(frozen=True)
class Options:
    """How both plots draw."""

    epochs: float = 10.0  # right end of the epoch axis
    logarithmic: bool = False  # the loss axis
    smoothing: float = 0.0  # in epochs; 0 is off
    fitted: bool = True  # whether the plot shows everything
    references: tuple[Level, ...] = ()
    with_reference: bool = False  # whether the reference run is drawn, where there is one
    with_rate: bool = False  # whether the learning rate is drawn, in the plot of the loss


class PlotPanel(QFrame):
    """A plot of one or several runs.

    Signals
    -------
    hidden_changed()
        A curve was switched on or off.
    values_requested()
        The curves' values are to be copied.
    save_requested()
        What is drawn is to be kept as a figure.
    """

    hidden_changed = Signal()
    values_requested = Signal()
    save_requested = Signal()

    def __init__(self, name: PanelName) -> None:
        super().__init__()
        self.name: PanelName = name
        self.setProperty("role", "surface")
        self.title = QLabel(_TITLES[name])
        self.title.setProperty("role", "heading")
        self.legend = Legend()
        self.plot = MeasurePlot(_TITLES[name])
        self.hint = QLabel(self.plot)
        self.hint.setProperty("role", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.inspector = Inspector(self.plot, name, _WIDEST[name])
        self.drawn: list[RunLines] = []
        self._behind: RunLines | None = None  # the reference run
        self._options = Options()
        self._drawing = False
        self._epoch: int | None = None
        self._taken = np.empty((0, 2))  # pixels that the card should leave free
        self._entries: list[Entry] = []
        self._chance = Levels(self.plot, DOTTED, (1.0, 0.0, 0.5))
        self._references = Levels(self.plot, LONG_DASHED, (0.0, 0.5, 0.75, 1.0))
        self._best = EpochMark(self.plot)
        self._stop = EpochMark(self.plot, DASHED)
        self._rates = RateLines(self.plot)
        self._letters = RunLetters(self.plot)
        self._chance.set_levels(chance_levels(name))
        self._lay_out()
        self.legend.toggled.connect(self.hidden_changed)
        self.plot.range_changed.connect(self._on_range_changed)
        self.plot.menu_requested.connect(self._on_menu_requested)
        for key, wish in ((_COPY, self.copy_picture), (_SAVE, self.save_requested.emit)):
            shortcut = QShortcut(QKeySequence(key), self.plot)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(wish)
        self.restyle()

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.title)
        self._column.addWidget(self.legend)
        self._column.addWidget(self.plot, 1)

    def restyle(self) -> None:
        """Colours, type and sizes of the theme in force."""
        pad = theme.px(_PAD_PX)
        self._column.setContentsMargins(pad, pad, theme.px(4), theme.px(4))
        self._column.setSpacing(theme.px(4))
        self.title.setContentsMargins(theme.px(4), 0, 0, 0)
        self.plot.apply_theme()
        self.legend.restyle()
        self._chance.restyle()
        self._references.restyle()

    # What is shown

    @property
    def best_text(self) -> str:
        """What stands beside the best epoch."""
        return self._best.text

    @property
    def stop_text(self) -> str:
        """What stands beside an early end."""
        return self._stop.text

    @property
    def references(self) -> tuple[Level, ...]:
        return self._references.levels

    def set_runs(self, runs: Sequence[tuple[RunData, RunStyle]]) -> None:
        """Draw these runs from now on."""
        for drawn in self.drawn:
            drawn.remove()
        self.drawn = [
            RunLines(self.plot, run, measures_of(self.name, run.splits), style)
            for run, style in runs
        ]

    def set_reference(self, run: RunData | None) -> None:
        """Draw this run's epochs behind the others from now on; None draws none."""
        if self._behind is not None:
            self._behind.remove()
        measures = measures_of(self.name)
        style = RunStyle(is_reference=True)
        self._behind = RunLines(self.plot, run, measures, style) if run is not None else None

    def draw(self, options: Options) -> None:
        """Redraw everything with the runs as they stand now."""
        self._options = options
        self._drawing = True
        self._set_legend()
        self.plot.left_axis.set_logarithmic(options.logarithmic and self.name == "loss")
        self._references.set_levels(options.references)
        self._rates.show_axis(self.drawn if self._draws_rate else ())
        self.plot.set_fit(options.epochs, *self._limits(), options.fitted)
        self._drawing = False
        self._draw_inside()

    def show_crosshair(self, epoch: int | None) -> None:
        """Stand at an epoch; None hides it."""
        self._epoch = epoch
        self._draw_crosshair()

    def set_hint(self, text: str) -> None:
        """Words in the middle of an empty plot."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def legend_height(self) -> int:
        """What the legend needs at the panel's width."""
        return self.legend.heightForWidth(self.contentsRect().width() - theme.px(_PAD_PX + 4))

    def _limits(self) -> tuple[float, float]:
        hidden = self.legend.hidden_keys()
        series = [np.array([level.value for level in self._options.references])]
        traces: list[np.ndarray] = []
        for drawn in self.drawn:
            for measure in drawn.measures:
                if measure.column in hidden:
                    continue
                series.append(drawn.run.epochs(measure.column)[1])
                if batches := drawn.run.batches(measure.column):
                    traces.append(batches[1])
                if quick := drawn.run.quick_tests(measure.column):
                    series.append(quick[1])
        if self.name == "accuracy":
            return 0.0, accuracy_limit((*series, *traces))
        top = loss_limit(series, traces)
        if self.plot.left_axis.logarithmic:
            return math.log10(loss_floor(series)), math.log10(top)
        return 0.0, top

    def _draw_inside(self) -> None:
        """Everything that depends on the range in force."""
        low, high = self.plot.epoch_range()
        logarithmic = self.plot.left_axis.logarithmic
        several = len(self.drawn) > 1
        window = Window(
            low=low,
            high=high,
            width_px=round(self.plot.area().width()),
            logarithmic=logarithmic,
            smoothing=self._options.smoothing,
            hidden=self.legend.hidden_keys(),
            traces=not several,
            ratio=self.plot.devicePixelRatioF(),
        )
        for drawn in self.drawn:
            drawn.draw(replace(window, traces=not several or drawn.run.running is not None))
        if self._behind is not None:
            columns = frozenset(measure.column for measure in self._behind.measures)
            hidden = window.hidden if self._options.with_reference else columns
            self._behind.draw(replace(window, hidden=hidden))
        obstacles = np.concatenate([self._obstacles(), self._draw_letters()])
        for levels in (self._chance, self._references):
            obstacles = np.concatenate([obstacles, levels.place(logarithmic, obstacles)])
        obstacles = np.concatenate([obstacles, self._draw_best(obstacles)])
        self._taken = np.concatenate([obstacles, self._draw_stop(obstacles)])
        self._rates.draw(self.drawn if self._draws_rate else (), low, high)
        self._draw_crosshair()
        if not self.drawn:
            self.hint.setGeometry(self.plot.area().toRect())

    def _obstacles(self) -> np.ndarray:
        """Pixels that labels and the card should leave free."""
        parts = [np.empty((0, 2))]
        for drawn in self.drawn:
            for line in drawn.drawn_lines():
                parts.append(between(self.plot.to_pixels(line)))
        return np.concatenate(parts)

    def _draw_best(self, obstacles: np.ndarray) -> np.ndarray:
        if len(self.drawn) != 1:
            return self._best.show(0, "", (), obstacles)
        run = self.drawn[0].run
        dots = self.drawn[0].dots(
            run.best_epoch, self.legend.hidden_keys(), self.plot.left_axis.logarithmic
        )
        tested = [dot for dot in dots if dot.measure.split != "training"]
        text = f"epoch {run.best_epoch} · {run.chosen_by}"
        return self._best.show(run.best_epoch, text, tested, obstacles)

    def _draw_stop(self, obstacles: np.ndarray) -> np.ndarray:
        stop = self.drawn[0].run.stop if len(self.drawn) == 1 else None
        if stop is None:
            return self._stop.show(0, "", (), obstacles)
        return self._stop.show(stop.epoch, "stopped early", (), obstacles, tip=stop.words())

    @property
    def _draws_rate(self) -> bool:
        return self._options.with_rate and self.name == "loss"

    def _draw_letters(self) -> np.ndarray:
        hidden, logarithmic = self.legend.hidden_keys(), self.plot.left_axis.logarithmic
        low, high = self.plot.epoch_range()
        return self._letters.show(
            [
                (drawn.style.letter, dot)
                for drawn in self.drawn
                if drawn.style.letter
                for dot in drawn.dots(drawn.run.last_epoch, hidden, logarithmic)
                if dot.measure.column == main_column(self.name, drawn.run) and low <= dot.x <= high
            ]
        )

    def _draw_crosshair(self) -> None:
        if self._epoch is None or not self.drawn:
            self.inspector.hide()
            return
        hidden, shown = self.legend.hidden_keys(), self._draws_rate
        self.inspector.show(self._epoch, self.drawn, hidden, self._taken, with_rate=shown)

    # Legend

    def _set_legend(self) -> None:
        """Entries and values for the runs as they stand now."""
        runs = [drawn.run for drawn in self.drawn]
        entries = entries_of(self.name, runs, _WIDEST[self.name])
        if entries != self._entries:
            self._entries = entries
            self.legend.set_entries(entries)
        if len(self.drawn) != 1:
            return
        for measure in self.drawn[0].measures:
            value = format_value(self.name, self.drawn[0].run.latest(measure.column))
            self.legend.entries[measure.column].set_value(value)

    # Copy and menu

    def copy_picture(self) -> QImage:
        """Put this plot with title and legend on the clipboard."""
        size = QSize(*(round(side * _PICTURE_SCALE) for side in self.size().toTuple()))
        image = QImage(size, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_PICTURE_SCALE)
        image.fill(theme.current().surface)
        painter = QPainter(image)
        self.render(painter, QPoint())
        painter.end()
        QGuiApplication.clipboard().setImage(image)
        return image

    def _on_menu_requested(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction("Copy picture", QKeySequence(_COPY), self.copy_picture)
        menu.addAction("Copy values", self.values_requested.emit)
        menu.addAction("Save as a figure…", QKeySequence(_SAVE), self.save_requested.emit)
        menu.addSeparator()
        menu.addAction("Fit", QKeySequence("0"), self.plot.fit_requested.emit)
        menu.addSeparator()
        key = main_column(self.name, self.drawn[0].run if self.drawn else None)
        menu.addAction(QUESTION, lambda: explain(key, at, self, EXPLANATIONS))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def _on_range_changed(self) -> None:
        if not self._drawing:
            self._draw_inside()
