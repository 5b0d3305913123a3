"""Eight versions of a picture side by side, as augmentation makes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from cifar_studio.runs.answers import MixedClasses
from cifar_studio.ui.pictures.data.thumbnails import image_of
from cifar_studio.ui.pictures.detail.large_picture import large_side
from cifar_studio.ui.widgets import theme

COLUMNS, ROWS = 4, 2
VERSIONS = COLUMNS * ROWS
LINE_PX = 2
TEXT_GAP_PX = 3
TEXT_INSET_PX = 2


class ContactSheet(QWidget):
    """Four by two pictures, as wide as the large one; empty cells until they arrive.

    Below a picture that is mixed with another stand the two classes with their shares.
    """

    def __init__(self) -> None:
        super().__init__()
        self._images: list[QImage] = []
        self.shares: list[tuple[tuple[str, str], ...]] = []
        """Of each version the classes and their shares, such as ("apple", "62 %")."""
        theme.manager().changed.connect(self._restyle)
        self._restyle()
        self.setAccessibleName("Augmented versions")

    @property
    def count(self) -> int:
        return len(self._images)

    def show_versions(
        self,
        versions: Sequence[NDArray[np.uint8]],
        mixed: Sequence[MixedClasses | None] = (),
    ) -> None:
        """(32, 32, 3) each, and what is mixed in each; the first eight are shown."""
        self._images = [image_of(pixels_HWC) for pixels_HWC in versions[:VERSIONS]]
        self.shares = [shares_of(classes) if classes else () for classes in mixed[:VERSIONS]]
        self.setAccessibleDescription(
            "; ".join(
                f"version {number}: {said}"
                for number in range(1, len(self.shares) + 1)
                if (said := self.said_of(number - 1))
            )
        )
        self._restyle()

    def said_of(self, version: int) -> str:
        """The classes of a mixed version in one line, such as "apple 62 %, bear 38 %"."""
        if not 0 <= version < len(self.shares):
            return ""
        return ", ".join(" ".join(share) for share in self.shares[version])

    def _restyle(self) -> None:
        self.setFixedSize(large_side(), (ROWS - 1) * (self._row_px + LINE_PX) + self._row_px)
        self.update()

    @property
    def _font(self) -> QFont:
        font = QFont(theme.tabular(self.font()))
        font.setPixelSize(theme.px(theme.AXIS_PX))
        return font

    @property
    def _row_px(self) -> int:
        side = large_side() // COLUMNS
        if not any(self.shares):
            return side
        return side + 2 * QFontMetrics(self._font).height() + 2 * theme.px(TEXT_GAP_PX)

    def _place(self, version: int) -> QRect:
        """Where a picture stands."""
        row, column = divmod(version, COLUMNS)
        side = large_side() // COLUMNS
        return QRect(column * side, row * (self._row_px + LINE_PX), side, side)

    def _version_at(self, point: QPoint) -> int:
        row, column = point.y() // (self._row_px + LINE_PX), point.x() // (large_side() // COLUMNS)
        return min(row, ROWS - 1) * COLUMNS + min(column, COLUMNS - 1)

    @override
    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip:
            return super().event(event)
        version = self._version_at(event.pos())
        QToolTip.showText(event.globalPos(), self.said_of(version), self)
        return True

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        for version in range(VERSIONS):
            place = self._place(version)
            if version < len(self._images):
                painter.drawImage(place, self._images[version])
            else:
                painter.fillRect(place, QColor(colours.grid))
            if place.left():
                line = QRect(place.left() - LINE_PX // 2, place.top(), LINE_PX, place.height())
                painter.fillRect(line, QColor(colours.ground))
        if not self._images:
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "…")
        painter.setFont(self._font)
        for version, shares in enumerate(self.shares):
            self._paint_shares(painter, self._place(version), shares)

    def _paint_shares(
        self, painter: QPainter, picture: QRect, shares: tuple[tuple[str, str], ...]
    ) -> None:
        """Two lines below a picture; a long name gives way to its share."""
        metrics, colours = painter.fontMetrics(), theme.current()
        inset = theme.px(TEXT_INSET_PX)
        line = picture.adjusted(inset, 0, -inset, 0)
        line.setHeight(metrics.height())
        line.moveTop(picture.bottom() + 1 + theme.px(TEXT_GAP_PX))
        for name, share in shares:
            room = line.width() - metrics.horizontalAdvance(f" {share}")
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.setPen(QColor(colours.text))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, shown)
            painter.setPen(QColor(colours.muted))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, share)
            line.translate(0, line.height())


def shares_of(mixed: MixedClasses) -> tuple[tuple[str, str], ...]:
    """Both classes with their shares, which make 100 % together."""
    percent = round(100 * mixed.share)
    return (mixed.first, f"{percent} %"), (mixed.second, f"{100 - percent} %")
