"""How much each setting decides."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow

ROW_PX, BAR_PX, PAD_PX = 32, 16, 12
ABOUT = "The share of each setting in how much the figures differ between the finished trials"
UNKNOWN = "Reckoned when a few trials have finished and the figures differ"


class _Bars(QWidget):
    """Names on the left, a bar and its share to the right."""

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[tuple[str, float]] = []

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.px(320), theme.px(ROW_PX) * max(len(self.shares), 3))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.fillRect(self.rect(), QColor(colours.surface))
        painter.setFont(theme.tabular(self.font()))
        if not self.shares:
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, UNKNOWN)
            return
        metrics, pad, height = QFontMetrics(painter.font()), theme.px(PAD_PX), theme.px(ROW_PX)
        names = max(metrics.horizontalAdvance(title) for title, _ in self.shares)
        figures = metrics.horizontalAdvance("100 %")
        left = pad + names + pad
        room = max(self.width() - left - figures - 3 * pad, 1)
        room = min(room, theme.px(640))
        thick = theme.px(BAR_PX)
        middle = Qt.AlignmentFlag.AlignVCenter
        for place, (title, share) in enumerate(self.shares):
            top = theme.px(4) + place * height
            painter.setPen(QColor(colours.text))
            right = middle | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(pad, top, names, height), right, title)
            bar = QRectF(left, top + (height - thick) / 2, room, thick)
            painter.fillRect(bar, QColor(colours.grid))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), room * share, thick), QColor(colours.loss)
            )
            at = QRectF(bar.right() + pad, top, figures, height)
            painter.drawText(at, right, f"{100 * share:.0f} %")


class ImportanceView(TrialView):
    """Bars, the longest on top."""

    KEY = "importance"
    TITLE = "Importance"
    TIP = "How much each setting decides"

    def __init__(self) -> None:
        super().__init__()
        self._bars = _Bars()
        about = basics.text(ABOUT, "small")
        area = basics.scrolled(self._bars)
        column(about, grow(area), parent=self, margins=NO_MARGINS, spacing=1)

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        return data.experiment.kind == "search" and len(data.experiment.axes) > 1

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        ranked = sorted(data.importance.items(), key=lambda pair: (-pair[1], pair[0]))
        self._bars.shares = [(words.title(key), min(max(share, 0), 1)) for key, share in ranked]
        spoken = ", ".join(f"{title} {100 * share:.0f} %" for title, share in self._bars.shares)
        self.setAccessibleDescription(spoken or UNKNOWN)
        self._bars.updateGeometry()
        self._bars.update()
