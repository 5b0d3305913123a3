"""The five likeliest classes as bars with per cent."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.pictures.data.answers import Answer
from cifar_studio.ui.pictures.data.shown_pictures import ShownPictures
from cifar_studio.ui.pictures.detail.large_picture import large_side
from cifar_studio.ui.widgets import theme

ROWS = 5
ROW_PX = 24
NAME_PX = 112
BAR_PX = 8
GAP_PX = 8
MARK_PX = 3
TICK = "✓"
TIP = "Click a class, or press Enter on it, to see where the network finds it"


class Likeliest(QWidget):
    """Bars from 0 to 100 %; the true class has a tick. Rows by mouse or arrow keys.

    Signals
    -------
    class_chosen(int)
        A row was clicked, or Enter pressed on it: its class.
    """

    class_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._current = 0
        self._hovered = self._explained = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setToolTip(TIP)
        self._names: list[str] = []
        self._answer: Answer | None = None
        self._true = -1
        self.setAccessibleName("The five likeliest classes")
        theme.manager().changed.connect(self.updateGeometry)

    @property
    def lines(self) -> list[str]:
        """What stands there, as text: "✓ maple tree 61.20 %"."""
        if self._answer is None:
            return []
        return [
            f"{self._marked(row)} {_percent(probability)}"
            for row, probability in enumerate(self._answer.probabilities)
        ]

    def show_answer(self, pictures: ShownPictures, answer: Answer, true: int) -> None:
        self._answer, self._true = answer, true
        self._current, self._hovered, self._explained = 0, -1, -1
        self._names = [pictures.class_names[number] for number in answer.classes]
        lines = ", ".join(self.lines).replace(f"{TICK} ", "the true class ")
        self.setAccessibleDescription(lines)
        self.update()

    def mark(self, label: int) -> None:
        """Say which class the map over the picture is of."""
        self._explained = label
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(large_side(), theme.px(ROW_PX) * ROWS)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._answer is None:
            return
        painter = QPainter(self)
        height = theme.px(ROW_PX)
        for row in range(len(self._answer.classes)):
            area = QRect(0, row * height, self.width(), height)
            self._paint_ground(painter, area, row)
            self._paint_row(painter, area, row, self._answer)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._current = min(max(self._current + step, 0), ROWS - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._current)
        elif event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText("\n".join(self.lines))
        else:
            super().keyPressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().y()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._row_at(event.position().y()))

    def _row_at(self, y: float) -> int:
        return min(max(int(y // theme.px(ROW_PX)), 0), ROWS - 1)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.update()

    def _choose(self, row: int) -> None:
        self._current = row
        self.update()
        if self._answer is not None and row < len(self._answer.classes):
            self.class_chosen.emit(self._answer.classes[row])

    def _paint_ground(self, painter: QPainter, area: QRect, row: int) -> None:
        """The row under the pointer, and the current one while the keyboard is here."""
        if row == self._hovered or (row == self._current and self.hasFocus()):
            painter.fillRect(area, self.palette().alternateBase())
        if self._answer is not None and self._answer.classes[row] == self._explained:
            width = theme.px(MARK_PX)
            mark = QRect(0, area.top() + width, width, area.height() - 2 * width)
            painter.fillRect(mark, QColor(theme.current().top1))

    def _paint_row(self, painter: QPainter, area: QRect, row: int, answer: Answer) -> None:
        colours, bold = theme.current(), QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        is_true, probability = answer.classes[row] == self._true, answer.probabilities[row]
        painter.setFont(bold if is_true else self.font())
        painter.setPen(QColor(colours.text))
        name = QRect(2 * theme.px(MARK_PX), area.top(), theme.px(NAME_PX), area.height())
        elide, centre = Qt.TextElideMode.ElideRight, Qt.AlignmentFlag.AlignVCenter
        text = painter.fontMetrics().elidedText(self._marked(row), elide, name.width())
        painter.drawText(name, int(Qt.AlignmentFlag.AlignLeft | centre), text)
        painter.setFont(theme.tabular(painter.font()))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | centre), _percent(probability))
        figures = QFontMetrics(theme.tabular(bold)).horizontalAdvance("100.00 %")
        left = name.right() + 1 + theme.px(GAP_PX)
        room = area.right() + 1 - figures - theme.px(GAP_PX) - left
        bar = theme.px(BAR_PX)
        track = QRect(left, area.center().y() + 1 - bar // 2, room, bar)
        painter.fillRect(track, QColor(colours.grid))
        track.setWidth(max(round(room * min(max(probability, 0.0), 1.0)), 1))
        painter.fillRect(track, QColor(colours.good if is_true else colours.accent))

    def _marked(self, row: int) -> str:
        assert self._answer is not None
        is_true = self._answer.classes[row] == self._true
        return f"{TICK} {self._names[row]}" if is_true else self._names[row]


def _percent(probability: float) -> str:
    return f"{100 * probability:.2f} %"
