"""How a run looks in the list: name and accuracy, below them data, progress and state.

An experiment looks alike, with a chevron in the margin; below it its runs stand indented.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.plain_text import printable
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.ui.library.experiment_entry import ShownExperiment, ShownTrial
from cifar_studio.ui.library.experiment_model import EXPERIMENT_ROLE, TRIAL_ROLE
from cifar_studio.ui.library.run_model import RUN_ROLE, STATE_ROLE
from cifar_studio.ui.widgets import glyphs, theme

HEIGHT_PX = 48
MARGIN_PX = 16
STAR_PX = 20
CHEVRON_PX, CHEVRON_WIDTH_PX = 12, 24
INDENT_PX = 12
MOST_KEPT = 1000
_Index = QModelIndex | QPersistentModelIndex


class RunDelegate(QStyledItemDelegate):
    """Paints a run on two lines, with a star at its right end, and experiments.

    Signals
    -------
    star_clicked(Run)
    chevron_clicked(Path), experiment_clicked(Path)
        On an experiment's row, in its margin or elsewhere.
    """

    star_clicked = Signal(object)
    chevron_clicked = Signal(object)
    experiment_clicked = Signal(object)

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, theme.px(HEIGHT_PX))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        run: Run | None = index.data(RUN_ROLE)
        experiment: ShownExperiment | None = index.data(EXPERIMENT_ROLE)
        if run is None and experiment is None:
            self._paint_heading(painter, option, str(index.data()))
            return
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colours.grid))
        strong = QColor(colours.on_accent if selected else colours.text)
        weak = QColor(colours.on_accent if selected else colours.muted)
        if experiment is not None:
            self._paint_experiment(painter, option, experiment, strong, weak)
        elif run is not None:
            trial: ShownTrial | None = index.data(TRIAL_ROLE)
            state: str = index.data(STATE_ROLE)
            if trial is not None:
                standing = _standing(run, trial.end or state)
                self._paint_trial(painter, option, run, trial, standing, strong, weak)
            else:
                self._paint_run(painter, option, run, _standing(run, state), strong, weak)
            if run.notes.star or (
                not is_reference(run) and option.state & QStyle.StateFlag.State_MouseOver
            ):
                name = "star-filled" if run.notes.star else "star"
                place = self._star_place(option.rect)
                painter.drawPixmap(place.topLeft(), glyphs.pixmap(name, weak.name(), STAR_PX))
        painter.restore()

    @override
    def editorEvent(
        self, event: QEvent, model: object, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        if (
            event.type() != QEvent.Type.MouseButtonRelease
            or not isinstance(event, QMouseEvent)
            or event.button() != Qt.MouseButton.LeftButton
        ):
            return False
        place = event.position().toPoint()
        experiment: ShownExperiment | None = index.data(EXPERIMENT_ROLE)
        if experiment is not None:
            in_margin = place.x() < option.rect.left() + theme.px(CHEVRON_WIDTH_PX)
            clicked = self.chevron_clicked if in_margin else self.experiment_clicked
            clicked.emit(experiment.state.path)
            return True
        run = index.data(RUN_ROLE)
        if run is None or is_reference(run) or not self._star_place(option.rect).contains(place):
            return False
        self.star_clicked.emit(run)
        return True

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        """The name of a group at the left, what a click does at the right."""
        colours, margin = theme.current(), theme.px(MARGIN_PX)
        area = option.rect.adjusted(margin, 0, -margin, -theme.px(6))
        name, _, click = text.partition(" · ")
        painter.save()
        painter.setPen(QColor(colours.grid))
        painter.drawLine(option.rect.topLeft(), option.rect.topRight())
        bottom = Qt.AlignmentFlag.AlignBottom
        painter.setPen(QColor(colours.muted))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | bottom, name)
        painter.setPen(QColor(colours.accent))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | bottom, click)
        painter.restore()

    def _paint_experiment(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        experiment: ShownExperiment,
        strong: QColor,
        weak: QColor,
    ) -> None:
        name = "chevron-down" if experiment.is_open else "chevron-right"
        side = theme.px(CHEVRON_PX)
        left = option.rect.left() + (theme.px(MARGIN_PX) - side) // 2
        first, second = self._lines(option)
        top = first.center().y() - side // 2
        painter.drawPixmap(left, top, glyphs.pixmap(name, weak.name(), CHEVRON_PX))
        painter.setPen(strong)
        painter.setFont(theme.tabular(option.font))
        _two_ends(painter, first, "", experiment.figure)
        taken = painter.fontMetrics().horizontalAdvance(experiment.figure) + _gap()
        painter.setFont(_bold(option.font))
        _two_ends(painter, first.adjusted(0, 0, -taken, 0), printable(experiment.state.name), "")
        painter.setFont(_small(option.font))
        painter.setPen(weak)
        _two_ends(painter, second, experiment.about, experiment.standing)

    def _paint_trial(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        run: Run,
        trial: ShownTrial,
        standing: str,
        strong: QColor,
        weak: QColor,
    ) -> None:
        """What does not fit beside the figure stands on the second line."""
        first, second = self._lines(option, theme.px(INDENT_PX))
        painter.setFont(theme.tabular(option.font))
        painter.setPen(strong)
        metrics = painter.fontMetrics()
        room = first.width() - _gap() - metrics.horizontalAdvance(trial.figure)
        title, rest = _fitting(trial, metrics, room)
        _two_ends(painter, first, title, trial.figure)
        painter.setFont(_small(option.font))
        painter.setPen(weak)
        _two_ends(painter, second, rest or _when(run), standing)

    def _paint_run(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        run: Run,
        standing: str,
        strong: QColor,
        weak: QColor,
    ) -> None:
        first, second = self._lines(option)
        painter.setFont(theme.tabular(option.font))
        painter.setPen(strong)
        # Below their heading reference runs need not be called so again.
        title = "" if is_reference(run) else run.notes.name
        title = title or _network(run.config)
        _two_ends(painter, first, title, wording.best_top1(run.best))
        painter.setFont(_small(option.font))
        painter.setPen(weak)
        data = _data(run.config, run.data_name)
        _two_ends(painter, second, f"{data} · {_when(run)}", standing)

    def _lines(self, option: QStyleOptionViewItem, indent: int = 0) -> tuple[QRect, QRect]:
        """Where the two lines stand; at the right there is room for a star."""
        margin, air = theme.px(MARGIN_PX), theme.px(6)
        area = option.rect.adjusted(margin + indent, air, -margin - theme.px(STAR_PX), -air)
        half = area.height() // 2
        first = QRect(area.left(), area.top(), area.width(), half)
        return first, QRect(area.left(), area.top() + half, area.width(), area.height() - half)

    def _star_place(self, rect: QRect) -> QRect:
        side = theme.px(STAR_PX)
        left = rect.right() - theme.px(MARGIN_PX) - side + theme.px(8)
        return QRect(left, rect.top() + theme.px(6), side, side)


def _standing(run: Run, state: str) -> str:
    done = f"{wording.progress(run)} epochs"
    if run.damage:
        return f"partly damaged · {done}"
    if run.status.state == "finished":
        return f"{state} · {done}" if run.early_stop is not None else done
    if is_reference(run):
        return f"cut short · {done}"
    return f"{state} · {done}"


@functools.lru_cache(maxsize=MOST_KEPT)
def _network(config: TrainConfig) -> str:
    return wording.network(config)  # which looks through presets and recipes


@functools.lru_cache(maxsize=MOST_KEPT)
def _data(config: TrainConfig, name: str) -> str:
    return wording.data_of(config, name)


def _when(run: Run) -> str:
    """When it was started; of a reference run, on what."""
    if is_reference(run) and run.environment is not None:
        return run.environment.device_name
    return wording.day(run.started) if run.started else run.path.name


def _fitting(trial: ShownTrial, metrics: QFontMetrics, room: int) -> tuple[str, str]:
    """As many of a trial's words as there is room for, the first in any case, and the others."""
    title = f"{trial.number} · {trial.words[0]}" if trial.words else trial.number
    for place, word in enumerate(trial.words[1:], 1):
        longer = f"{title}, {word}"
        if metrics.horizontalAdvance(longer) > room:
            return title, ", ".join(trial.words[place:])
        title = longer
    return title, ""


def _small(font: QFont) -> QFont:
    small = QFont(theme.tabular(font))
    small.setPixelSize(theme.px(theme.AXIS_PX))
    return small


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def _gap() -> int:
    return theme.px(8)


def _two_ends(painter: QPainter, rect: QRect, left: str, right: str) -> None:
    metrics = QFontMetrics(painter.font())
    width = metrics.horizontalAdvance(right)
    painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
    room = rect.adjusted(0, 0, -width - _gap(), 0)
    text = metrics.elidedText(left, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
