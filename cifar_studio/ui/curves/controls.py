"""The few switches above the plots: report, logarithmic loss, learning rate, smoothing, fit."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from cifar_studio.ui.curves.data.explanations import explain_on_right_click
from cifar_studio.ui.widgets import theme

SMOOTHING_EPOCHS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class CurveControls(QWidget):
    """Switches that concern both plots.

    Signals
    -------
    changed()
        Report, logarithm, learning rate or smoothing is another now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.report = QCheckBox("Report")
        self.logarithmic = QCheckBox("Log loss")
        self.logarithmic.setToolTip("Logarithmic axis for the loss")
        self.rate = QCheckBox("Learning rate")
        self.rate.setToolTip("The learning rate of each epoch, on an axis of its own at the right")
        explain_on_right_click(self.rate, "learning_rate")
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, len(SMOOTHING_EPOCHS) - 1)
        self.smoothing.setPageStep(1)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip(
            "Exponential mean over earlier epochs; the raw curve stays visible behind it"
        )
        self._smoothing_name = QLabel("Smoothing")
        self._smoothing_name.setBuddy(self.smoothing)
        self._smoothing_value = QLabel()
        self._smoothing_value.setProperty("role", "muted")
        self.fit = QToolButton()
        self.fit.setText("Fit")
        self.fit.setProperty("role", "flat")
        self.fit.setToolTip("Show everything again (double-click in a plot, or 0)")
        self.fit.setAccessibleName("Fit the plots")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._smoothing_row = QHBoxLayout()
        for widget in (self._smoothing_name, self.smoothing, self._smoothing_value):
            self._smoothing_row.addWidget(widget)
        self._row.addWidget(self.report)
        self._row.addWidget(self.logarithmic)
        self._row.addWidget(self.rate)
        self._row.addLayout(self._smoothing_row)
        self._row.addWidget(self.fit)
        self.fit.setEnabled(False)
        self.smoothing.valueChanged.connect(self._show_smoothing)
        for switched in (
            self.report.toggled,
            self.logarithmic.toggled,
            self.rate.toggled,
            self.smoothing.valueChanged,
        ):
            switched.connect(lambda _: self.changed.emit())
        self.restyle()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """The controls as the Tab key visits them."""
        return self.report, self.logarithmic, self.rate, self.smoothing, self.fit

    @property
    def smoothing_epochs(self) -> float:
        """Scale of the exponential mean in epochs; 0 is off."""
        return SMOOTHING_EPOCHS[self.smoothing.value()]

    def set_report(self, possible: bool, on: bool, why: str) -> None:
        """Whether the report's values can be shown, whether they are, and what they mean here."""
        self.report.setEnabled(possible)
        self.report.setChecked(possible and on)
        self.report.setToolTip(why)
        self.report.setAccessibleDescription(why)

    def restyle(self) -> None:
        self._row.setSpacing(theme.px(12))
        self._smoothing_row.setSpacing(theme.px(8))
        self.smoothing.setFixedWidth(theme.px(72))
        widest = self._smoothing_value.fontMetrics().horizontalAdvance("0.5 epochs")
        self._smoothing_value.setFixedWidth(widest)
        self._show_smoothing()

    def _show_smoothing(self) -> None:
        scale = self.smoothing_epochs
        unit = "epoch" if scale == 1 else "epochs"
        text = f"{scale:g} {unit}" if scale else "off"
        self._smoothing_value.setText(text)
        self.smoothing.setAccessibleDescription(text)
