"""What all views of an experiment have in common: keys, the card at the pointer, copy, the menu."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget
from typing_extensions import override

from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.basics import plain_tip

_Keys = QKeySequence.StandardKey
_PICTURE_SCALE = 2


class TrialView(QWidget):
    """One picture of all trials. A new one is a subclass, and a place in `view.VIEWS`.

    Attributes
    ----------
    KEY, TITLE, TIP : str
        As the figure is called that is saved of it, on its button, and in a sentence.

    Signals
    -------
    trial_chosen(int)
        By mouse or key.
    limits_changed(Limits)
        Only trials within these are to be shown strong.
    save_requested(str)
        The view of this key is to be kept as a file.
    """

    KEY: ClassVar[str]
    TITLE: ClassVar[str]
    TIP: ClassVar[str]

    trial_chosen = Signal(int)
    limits_changed = Signal(object)
    save_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.data: ExperimentData | None = None
        self.marks = Marks()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{self.TITLE}: {self.TIP}")

    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        """Whether it has anything to say of such an experiment."""
        raise NotImplementedError

    def draw(self, data: ExperimentData, marks: Marks) -> None:
        """Show an experiment, with the trial that is chosen."""
        self.data, self.marks = data, marks
        chosen = data.by_number.get(marks.chosen or 0)
        self.setAccessibleDescription(words.trial_card(data, chosen) if chosen else "")
        self._draw(data, marks)

    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        raise NotImplementedError

    def restyle(self) -> None:
        """Colours and sizes of the theme in force."""
        if self.data is not None:
            self._draw(self.data, self.marks)

    def point_at(self, number: int | None, at: QPoint) -> None:
        """Show what there is to know of a trial beside a point of the screen; None hides it."""
        trial = self.data.by_number.get(number) if self.data and number is not None else None
        if self.data is None or trial is None:
            QToolTip.hideText()
            return
        card = plain_tip(words.trial_card(self.data, trial)).replace("\n", "<br>")
        QToolTip.showText(at, card, self)

    def copy_picture(self) -> QImage:
        """Put the view on the clipboard as a picture."""
        image = QImage(self.size() * _PICTURE_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_PICTURE_SCALE)
        image.fill(theme.current().surface)
        painter = QPainter(image)
        self.render(painter, QPoint())
        painter.end()
        QGuiApplication.clipboard().setImage(image)
        return image

    def step(self, by: int) -> None:
        """Choose the next or an earlier one of the trials that have a figure."""
        if self.data is None:
            return
        inside = self.marks.within(self.data)
        figures = self.data.figures
        numbers = [
            trial.number
            for trial, is_inside in zip(self.data.trials, inside, strict=True)
            if is_inside and trial.number in figures
        ]
        if not numbers:
            return
        if self.marks.chosen in numbers:
            place = numbers.index(self.marks.chosen) + by
        else:
            place = 0 if by > 0 else len(numbers) - 1
        self.trial_chosen.emit(numbers[min(max(place, 0), len(numbers) - 1)])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Home: -(10**9),
            Qt.Key.Key_End: 10**9,
        }
        key = Qt.Key(event.key())
        if event.matches(_Keys.Copy):
            self.copy_picture()
        elif event.matches(_Keys.Save):
            self.save_requested.emit(self.KEY)
        elif key in steps:
            self.step(steps[key])
        elif key == Qt.Key.Key_Escape and self.marks.limits:
            self.limits_changed.emit({})
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Copy picture", QKeySequence(_Keys.Copy), self.copy_picture)
        save = QKeySequence(_Keys.Save)
        menu.addAction("Save as a figure…", save, lambda: self.save_requested.emit(self.KEY))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())
        event.accept()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(320), theme.px(144))
