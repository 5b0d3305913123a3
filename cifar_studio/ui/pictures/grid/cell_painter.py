"""How one picture of the grid looks: thumbnail, caption, right or wrong, frame."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from cifar_studio.ui.widgets import theme

CAPTION_FROM_PX = 64
"""Thumbnails of this size on have room for words."""
LONG_VERDICT = "said: caterpillar"
"""Where this fits, all answers are in words; so no grid mixes words and signs."""
CAPTION_GAP_PX = 4
CURRENT_PEN_PX = 2
WRONG_BAR_PX = 2


@dataclass(frozen=True)
class CellState:
    """What there is to say about one picture.

    Attributes
    ----------
    name : str
        Its class.
    said : str or None
        The network's answer; None where it was not asked.
    is_right : bool or None
        None where nobody knows.
    """

    name: str
    said: str | None = None
    is_right: bool | None = False

    @property
    def verdict(self) -> str:
        """The second line of the caption."""
        if self.said is None:
            return ""
        return "✓ right" if self.is_right else f"said: {self.said}"

    @property
    def short_verdict(self) -> str:
        """The same where most answers would not fit."""
        if self.is_right is None:
            return self.said or ""
        return "✓ right" if self.is_right else f"✗ {self.said}"


class CellPainter:
    """Paints cells in the colours of the theme; remembers how texts were shortened."""

    def __init__(self, font: QFont) -> None:
        self._texts: dict[tuple[str, int], str] = {}
        self.restyle(font)

    def restyle(self, font: QFont) -> None:
        """Take the theme's colours and sizes anew."""
        colours = theme.current()
        self.font = QFont(font)
        self.font.setPixelSize(theme.px(theme.AXIS_PX))
        self._metrics = QFontMetrics(self.font)
        self._text = QColor(colours.text)
        self._muted = QColor(colours.muted)
        self._wrong = QColor(colours.error)
        self._accent = QColor(colours.accent)
        self._first_baseline = 1 + CAPTION_GAP_PX + self._metrics.ascent()
        self._line_height = self._metrics.height()
        self._words_from = self._metrics.horizontalAdvance(LONG_VERDICT)
        self._texts.clear()

    def caption_height(self, size_px: int, with_verdict: bool) -> int:
        """Room below a thumbnail of that size; 0 where words do not fit."""
        if size_px < CAPTION_FROM_PX:
            return 0
        return CAPTION_GAP_PX + self._line_height * (2 if with_verdict else 1)

    def paint(
        self, painter: QPainter, place: QRect, room: int, pixmap: QPixmap, state: CellState
    ) -> None:
        """The picture at `place`, and under it words of at most `room` logical pixels."""
        painter.drawPixmap(place.topLeft(), pixmap)
        is_wrong = state.said is not None and state.is_right is False
        if place.width() >= CAPTION_FROM_PX:
            left, baseline = place.left(), place.bottom() + self._first_baseline
            self._write(painter, left, baseline, room, state.name, self._text)
            if state.said is not None:
                colour = self._wrong if is_wrong else self._muted
                verdict = state.verdict if room >= self._words_from else state.short_verdict
                self._write(painter, left, baseline + self._line_height, room, verdict, colour)
        elif is_wrong:  # no words fit: a bar under the wrong ones, nothing under the others
            under = QRect(place.left(), place.bottom() + 2, place.width(), WRONG_BAR_PX)
            painter.fillRect(under, self._wrong)

    def paint_current(self, painter: QPainter, place: QRect, has_focus: bool) -> None:
        """A frame around the current picture."""
        pen = QPen(self._accent if has_focus else self._muted, CURRENT_PEN_PX)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(place.adjusted(-1, -1, 1, 1))

    def paint_hover(self, painter: QPainter, place: QRect) -> None:
        painter.setPen(QPen(self._muted, 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))

    def _write(
        self, painter: QPainter, left: int, baseline: int, room: int, text: str, colour: QColor
    ) -> None:
        key = (text, room)
        shown = self._texts.get(key)
        if shown is None:
            right = Qt.TextElideMode.ElideRight
            shown = self._texts[key] = self._metrics.elidedText(text, right, room)
        painter.setPen(colour)
        painter.drawText(left, baseline, shown)
