"""The learning rate over the run as a small curve, in the form."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.ui.setup.field import BUTTON_PX, LABEL_PX
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column

HEIGHT_PX = 48
MOST_POINTS = 200
LINE_PX = 1.5
GAP_PX = 4
SHARE_THAT_SHOWS = 4e-3


class RateCurve(QWidget):
    """What the schedule makes of the learning rate: a curve, or a sentence, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._curve = _Curve()
        self._sentence = basics.text("", "small")
        column(self._curve, self._sentence, parent=self, margins=NO_MARGINS, spacing=0)

    def show_config(self, config: TrainConfig) -> None:
        """Draw the schedule of a config without faults."""
        is_plateau = config.schedule == "plateau"
        has_curve = not is_plateau and (config.schedule != "constant" or config.warmup_epochs > 0)
        if is_plateau:
            self._sentence.setText(
                f"Times {config.schedule_factor:g} after more than {config.plateau_patience} "
                "epochs in a row without a better validation loss."
            )
        elif has_curve:
            self._curve.show_rates(sampled_rates(config))
        self._sentence.setVisible(is_plateau)
        self._curve.setVisible(has_curve)
        self.setVisible(is_plateau or has_curve)


def sampled_rates(config: TrainConfig) -> list[float]:
    """The learning rates of at most 200 steps, evenly spread from the first to the last one."""
    steps_in_epoch = config.steps_in_epoch
    last = config.epochs * steps_in_epoch - 1
    points = min(MOST_POINTS, last + 1)
    steps = [round(last * point / max(points - 1, 1)) for point in range(points)]
    return [learning_rate(config, steps_in_epoch, step) for step in steps]


class _Curve(QWidget):
    """A line without axes; its highest rate and its ends are written beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._rates: Sequence[float] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the run")
        theme.manager().changed.connect(self._on_theme_changed)

    def show_rates(self, rates: Sequence[float]) -> None:
        self._rates = rates
        steps = dict.fromkeys(_shown(rate, rates) for rate in (rates[0], max(rates), rates[-1]))
        words = " → ".join(steps)
        self.setToolTip(f"Learning rate over the run: {words}")
        self.setAccessibleDescription(words)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, theme.px(HEIGHT_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rates:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.tabular(self.font())
        font.setPixelSize(theme.px(theme.AXIS_PX))
        painter.setFont(font)
        metrics, gap = painter.fontMetrics(), theme.px(GAP_PX)
        first, last = self._rates[0], self._rates[-1]
        highest = max(self._rates)
        # As wide as the editors, or as the last rate leaves room for.
        last_px = metrics.horizontalAdvance(_shown(last, self._rates))
        right_px = max(theme.px(BUTTON_PX), last_px) + gap
        half_line = metrics.height() / 2
        left = theme.px(LABEL_PX) + gap
        place = QRectF(left, half_line, self.width() - left - right_px, 0)
        place.setBottom(self.height() - half_line)

        colours = theme.current()
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(place.bottomLeft(), place.bottomRight())
        painter.setPen(QPen(QColor(colours.accent), theme.px(1) * LINE_PX))
        painter.drawPolyline(_line(self._rates, place))

        painter.setPen(QColor(colours.muted))
        before = QRectF(0, 0, place.left() - gap, metrics.height())
        behind = QRectF(place.right() + gap, 0, right_px, metrics.height())
        labels = [(highest, before, Qt.AlignmentFlag.AlignRight)]
        if _height(first, highest, place) > place.top() + metrics.height():
            labels.append((first, before, Qt.AlignmentFlag.AlignRight))
        labels.append((last, behind, Qt.AlignmentFlag.AlignLeft))
        for rate, box, side in labels:
            box.moveTop(_height(rate, highest, place) - half_line)
            painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, _shown(rate, self._rates))

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()


def _line(rates: Sequence[float], place: QRectF) -> QPolygonF:
    step, highest = place.width() / max(len(rates) - 1, 1), max(rates)
    return QPolygonF(
        [
            QPointF(place.left() + number * step, _height(rate, highest, place))
            for number, rate in enumerate(rates)
        ]
    )


def _height(rate: float, highest: float, place: QRectF) -> float:
    return place.bottom() - place.height() * rate / highest


def _shown(rate: float, rates: Sequence[float]) -> str:
    """A rate with two figures; a curve of 40 pixels cannot tell the smallest from none."""
    return f"{rate:.2g}" if rate >= SHARE_THAT_SHOWS * max(rates) else "≈ 0"
