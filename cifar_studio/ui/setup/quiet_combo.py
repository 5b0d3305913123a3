"""A combo box for a form that scrolls."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter
from typing_extensions import override

TEXT_MARGIN_PX = 2


class QuietCombo(QComboBox):
    """A combo box that does not change while a person scrolls the form.

    A text that is too long for it ends in an ellipsis, and is whole in the tool tip.

    Parameters
    ----------
    tip : str
        The tool tip where the text fits.
    """

    def __init__(self, tip: str = "") -> None:
        super().__init__()
        self._tip = tip
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setToolTip(tip)

    @override
    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()

    @override
    def paintEvent(self, event: QEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        place = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        whole, room = self.currentText(), place.width() - 2 * TEXT_MARGIN_PX
        option.currentText = self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, room)
        self.setToolTip(whole if option.currentText != whole else self._tip)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
