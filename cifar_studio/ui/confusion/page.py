"""The parts of the Confusion tab and where they stand; what they show is the view's business."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.ui.confusion.calibration_view import CalibrationView
from cifar_studio.ui.confusion.matrix import ConfusionMatrix
from cifar_studio.ui.confusion.summary import Disagreements, Summary
from cifar_studio.ui.confusion.tables import ClassTable, MistakeTable
from cifar_studio.ui.confusion.toolbar import ConfusionToolbar
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.grip_splitter import GripSplitter

_MARGIN_PX = 16
_GAP_PX = 12
_STACKED_BELOW_PX = 760


class ConfusionPage(QWidget):
    """The matrix left; right its figures, pictures, classes and mistakes.

    Parameters
    ----------
    gallery : QWidget or None
        Stands under the current cell's name.
    """

    def __init__(self, gallery: QWidget | None) -> None:
        super().__init__()
        self._splitter_is_default = True
        self.toolbar = ConfusionToolbar()
        self.matrix = ConfusionMatrix()
        self.readout = basics.label()
        self.readout.setMinimumWidth(1)  # long names must not widen the matrix
        self.hint = basics.label("Enter: pictures · +: classes", "small")
        self.back = basics.link("Back (Esc)", self.matrix.zoom_out)
        self.heading = basics.label("", "heading")
        self.summary = Summary()
        self.notice = basics.label()
        self.disagreements = Disagreements()
        self.classes = ClassTable()
        self.mistakes = MistakeTable()
        self.calibration = CalibrationView()
        self._lay_out(gallery)
        self.restyle()

    def _lay_out(self, gallery: QWidget | None) -> None:
        left = QWidget()
        self._left = QVBoxLayout(left)
        self._left.addWidget(self.matrix, 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.readout, 1)
        self._foot.addWidget(self.hint)
        self._foot.addWidget(self.back)
        self._left.addLayout(self._foot)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for part, title in (
            (self.classes, "Classes"),
            (self.mistakes, "Most confused"),
            (self.calibration, "Calibration"),
        ):
            self.tabs.addTab(part, title)
        self.notice.setWordWrap(True)
        right = QFrame()
        self._right = QVBoxLayout(right)
        self._right.addWidget(self.summary)
        self._right.addWidget(self.notice)
        self._right.addWidget(self.disagreements)
        self._right.addWidget(self._lower_right(gallery), 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.toolbar)
        self._column.addWidget(self.splitter, 1)

    def _lower_right(self, gallery: QWidget | None) -> QWidget:
        """The tabs, under the gallery where there is one."""
        if gallery is None:
            self.heading.hide()
            return self.tabs
        pictures = QWidget()
        column = QVBoxLayout(pictures)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(gallery, 1)
        self.halves = GripSplitter()
        # No cell is looked at while the calibration is: it takes the room.
        self.tabs.currentChanged.connect(
            lambda: pictures.setHidden(self.tabs.currentWidget() is self.calibration)
        )
        self.halves.addWidget(pictures)
        self.halves.addWidget(self.tabs)
        self.halves.setStretchFactor(0, 2)
        self.halves.setStretchFactor(1, 3)
        self.halves.setSizes([400, 600])
        return self.halves

    def restyle(self) -> None:
        self._column.setContentsMargins(*[theme.px(_MARGIN_PX)] * 4)
        self._column.setSpacing(theme.px(_GAP_PX))
        self._left.setContentsMargins(0, 0, theme.px(_GAP_PX), 0)
        self._left.setSpacing(theme.px(4))
        self._foot.setSpacing(theme.px(8))
        self._right.setContentsMargins(theme.px(_GAP_PX), 0, 0, 0)
        self._right.setSpacing(theme.px(8))
        self.splitter.setHandleWidth(1)
        for part in (self.toolbar, self.summary, self.disagreements, self.classes):
            part.restyle()
        self.mistakes.restyle()
        self.calibration.restyle()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Matrix and figures side by side where the width allows, the matrix as large as it can."""
        narrow = self.width() < theme.px(_STACKED_BELOW_PX)
        side_by_side, stacked = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.splitter.setOrientation(stacked if narrow else side_by_side)
        if self._splitter_is_default and narrow:
            self.splitter.setSizes([600, 400])
        elif self._splitter_is_default:
            needed = self.splitter.height() + theme.px(100)  # room for titles and legend
            left = min(needed, round(0.6 * self.splitter.width()))
            self.splitter.setSizes([left, self.splitter.width() - left])
        self.show_way_back(self.matrix.position.is_in_block)

    def show_notice(self, words: str, is_fault: bool) -> None:
        """A note on what is shown, or why something cannot be; empty for none."""
        self.notice.setText(f"⚠  {words}" if is_fault else words)
        self.notice.setProperty("role", "fault" if is_fault else "muted")
        basics.restyle(self.notice)
        self.notice.setVisible(bool(words))

    def show_way_back(self, is_in_block: bool) -> None:
        """A link out of a block; else, where there is room, what the keys do."""
        self.back.setVisible(is_in_block)
        self.hint.setVisible(not is_in_block and self._left.geometry().width() > theme.px(560))

    def save_layout(self) -> bytes:
        """Where the splitter stands, for the settings."""
        return bytes(self.splitter.saveState().data())

    def restore_layout(self, state: bytes) -> None:
        self._splitter_is_default = not self.splitter.restoreState(QByteArray(state))

    def _on_splitter_moved(self) -> None:
        self._splitter_is_default = False
        self.show_way_back(self.matrix.position.is_in_block)
