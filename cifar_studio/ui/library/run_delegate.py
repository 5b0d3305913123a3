"""How a run looks in the list: name and accuracy, below them data, progress and state."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.ui.library.run_model import RUN_ROLE, STATE_ROLE
from cifar_studio.ui.widgets import glyphs, theme

HEIGHT_PX = 48
MARGIN_PX = 16
STAR_PX = 20
_Index = QModelIndex | QPersistentModelIndex


class RunDelegate(QStyledItemDelegate):
    """Paints a run on two lines, with a star at its right end.

    Signals
    -------
    star_clicked(Run)
    """

    star_clicked = Signal(object)

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, theme.px(HEIGHT_PX))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        run: Run | None = index.data(RUN_ROLE)
        colours = theme.current()
        if run is None:
            self._paint_heading(painter, option, str(index.data()))
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colours.grid))
        strong = QColor(colours.on_accent if selected else colours.text)
        weak = QColor(colours.on_accent if selected else colours.muted)
        standing = _standing(run, index.data(STATE_ROLE))
        self._paint_lines(painter, option, run, standing, strong, weak)
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
        run = index.data(RUN_ROLE)
        if run is None or is_reference(run):
            return False
        if (
            event.type() == QEvent.Type.MouseButtonRelease
            and isinstance(event, QMouseEvent)
            and self._star_place(option.rect).contains(event.position().toPoint())
        ):
            self.star_clicked.emit(run)
            return True
        return False

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

    def _paint_lines(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        run: Run,
        standing: str,
        strong: QColor,
        weak: QColor,
    ) -> None:
        margin = theme.px(MARGIN_PX)
        area = option.rect.adjusted(margin, theme.px(6), -margin - theme.px(STAR_PX), -theme.px(6))
        half = area.height() // 2
        first = QRect(area.left(), area.top(), area.width(), half)
        second = QRect(area.left(), area.top() + half, area.width(), area.height() - half)
        figure = wording.best_top1(run.best)
        painter.setFont(theme.tabular(option.font))
        painter.setPen(strong)
        # Below their heading reference runs need not be called so again.
        title = wording.network(run.config) if is_reference(run) else wording.run_title(run)
        _two_ends(painter, first, title, figure)
        small = QFont(theme.tabular(option.font))
        small.setPixelSize(theme.px(theme.AXIS_PX))
        painter.setFont(small)
        painter.setPen(weak)
        started = run.started
        when = wording.day(started) if started else run.path.name
        if is_reference(run) and run.environment is not None:
            when = run.environment.device_name
        data = wording.data_of(run.config, run.data_name)
        _two_ends(painter, second, f"{data} · {when}", standing)

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


def _two_ends(painter: QPainter, rect: QRect, left: str, right: str) -> None:
    metrics = QFontMetrics(painter.font())
    width = metrics.horizontalAdvance(right)
    painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
    room = rect.adjusted(0, 0, -width - theme.px(8), 0)
    text = metrics.elidedText(left, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
