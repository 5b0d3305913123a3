"""The figures of the best epoch, large, and what they were measured on."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from cifar_studio.runs import wording
from cifar_studio.ui.curves.data.explanations import explain_on_right_click
from cifar_studio.ui.curves.data.run_data import TEST_PICTURES, RunData
from cifar_studio.ui.curves.plot.measures import PanelName, format_value
from cifar_studio.ui.widgets import theme

_FIGURES: tuple[tuple[str, str, PanelName], ...] = (
    ("test_top1", "% top-1", "accuracy"),
    ("test_top5", "% top-5", "accuracy"),
    ("test_loss", "loss", "loss"),
    ("val_top1", "% validation top-1", "accuracy"),
    ("val_top5", "% validation top-5", "accuracy"),
    ("val_loss", "validation loss", "loss"),
)
_ON_TEST = ("test_top1", "test_top5", "test_loss")
_ON_VALIDATION = ("val_top1", "val_top5", "val_loss")


class Figure(QWidget):
    """A large number and its unit on one baseline."""

    def __init__(self, key: str, unit: str, widest: str) -> None:
        super().__init__()
        self.number = QLabel("–")
        self.number.setProperty("role", "headline")
        self._unit = QLabel(unit)
        self._unit.setProperty("role", "muted")
        self._widest = widest
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.number)
        self._row.addWidget(self._unit)
        explain_on_right_click(self, key)

    def set_unit(self, unit: str) -> None:
        self._unit.setText(unit)

    def set_value(self, text: str) -> None:
        self.number.setText(text)
        self.setAccessibleName(f"{text} {self._unit.text()}")

    def restyle(self) -> None:
        """Take the type of the theme in force; the number keeps room for its widest form."""
        self.number.ensurePolished()
        self.number.setFont(theme.tabular(self.number.font()))
        metrics = self.number.fontMetrics()
        self.number.setMinimumWidth(metrics.horizontalAdvance(self._widest))
        self._unit.ensurePolished()
        drop = metrics.descent() - self._unit.fontMetrics().descent()
        self._unit.setContentsMargins(0, 0, 0, max(drop, 0))
        self.number.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._unit.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._row.setSpacing(theme.px(4))


class Headline(QWidget):
    """Top-1, top-5 and loss at the best epoch, one line on where they come from, and controls.

    Where the test set is locked they are the validation's, and the one test figure joins them when
    the run has ended.

    Parameters
    ----------
    controls : QWidget
        Stand at the right of the figures where there is room, else below them.
    """

    def __init__(self, controls: QWidget) -> None:
        super().__init__()
        self.figures = {
            key: Figure(key, unit, "00.00" if panel == "accuracy" else "0.0000")
            for key, unit, panel in _FIGURES
        }
        self.hint = QLabel()
        self.hint.setProperty("role", "headline")
        self.caption = QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        explain_on_right_click(self.caption, "best")
        self.way = QLabel()
        self.way.setProperty("role", "muted")
        self._controls = controls
        self._row = QHBoxLayout()
        for figure in self.figures.values():
            self._row.addWidget(figure)
        self._row.addWidget(self.hint)
        self._row.addStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(0, 1)
        self._grid.addLayout(self._row, 0, 0)
        self._grid.addWidget(self.caption, 1, 0, 1, 2)
        self._grid.addWidget(self.way, 2, 0, 1, 2)
        self._grid.addWidget(controls, 0, 1)
        self._beside = True
        self._width = 0
        self._shown: tuple[tuple[str, ...], str] = ((), "")
        # The width at hand decides where the controls stand, not the other way round.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.restyle()

    def show_hint(self, hint: str) -> None:
        """No run is there: say how to get one."""
        self._switch(())
        self.hint.setText(hint)
        self.way.hide()
        self.caption.setText("Loss and accuracy are drawn here from the first batches on.")

    def show_run(self, run: RunData, live: bool, title: str = "", way: str = "") -> None:
        """The figures of the run's best epoch; `title` names the run among several.

        `way` says whether it is on its way to what others of its kind reached.
        """
        best = run.best
        locked = run.config.locks_test_set
        self._switch(_keys(run))
        first = "validation" if locked else "test"
        self.hint.setText(f"First {first} after epoch 1" if live else "No epoch ended")
        self.figures["test_top1"].set_unit("% test top-1" if locked else "% top-1")
        for key, _, panel in _FIGURES:
            value = getattr(best, key) if best else None
            self.figures[key].set_value(format_value(panel, value))
        where = f"epoch {run.best_epoch} · {run.chosen_by}" if best else ""
        early = run.stop.words().capitalize() if run.stop is not None else ""
        self.way.setText(" · ".join(filter(None, (early, way))))
        self.way.setVisible(bool(early or way))
        if self._shown != (shown := (_keys(run), self.hint.text())):
            self._shown = shown
            self.arrange(self._width)
        self.caption.setText(" · ".join(filter(None, (title, where, _pictures(run)))))

    def arrange(self, width: int) -> None:
        """Put the controls where this width has room for them."""
        self._width = width
        needed = self._row.sizeHint().width() + self._controls.sizeHint().width() + theme.px(24)
        beside = needed <= width
        if beside != self._beside:
            self._beside = beside
            self._grid.removeWidget(self._controls)
            if beside:
                self._grid.addWidget(self._controls, 0, 1)
            else:
                left = Qt.AlignmentFlag.AlignLeft
                self._grid.addWidget(self._controls, 3, 0, 1, 2, left)

    def restyle(self) -> None:
        self._row.setSpacing(theme.px(16))
        self._grid.setHorizontalSpacing(theme.px(16))
        self._grid.setVerticalSpacing(theme.px(4))
        for figure in self.figures.values():
            figure.restyle()

    def _switch(self, keys: Collection[str]) -> None:
        """Show these figures; without any the hint."""
        self.hint.setVisible(not keys)
        for key, figure in self.figures.items():
            figure.setVisible(key in keys)


def _keys(run: RunData) -> tuple[str, ...]:
    """The figures of a run's best epoch."""
    best = run.best
    if best is None:
        return ()
    if not run.config.locks_test_set:
        return _ON_TEST
    return _ON_VALIDATION if best.test_top1 is None else ("test_top1", *_ON_VALIDATION)


def _pictures(run: RunData) -> str:
    if run.config.locks_test_set and (run.best is None or run.best.test_top1 is None):
        locked = wording.test_locked(run.config)
        return f"{locked.lower()} · {run.validation_pictures:,} validation pictures of {_name(run)}"
    count = run.test_pictures
    number = f"{count:,}" if count == TEST_PICTURES else f"{count:,} of {TEST_PICTURES:,}"
    looked = f", {wording.looks(run.rows)}" if run.config.locks_test_set else ""
    return f"{number} test pictures of {_name(run)}{looked}"


def _name(run: RunData) -> str:
    return {"demo": "the demo set"}.get(run.data_name, run.data_name)
