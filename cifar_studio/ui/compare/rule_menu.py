"""The rule of convergence, to be read and changed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from cifar_studio.runs.analysis.convergence import ConvergenceRule, Measure
from cifar_studio.runs.analysis.summary import DEFAULT_RULE
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import Placed, column

_LOSSES: tuple[tuple[Measure, str], ...] = (
    ("test_loss", "Test loss"),
    ("val_loss", "Validation loss"),
    ("train_loss", "Training loss"),
)
WIDTH_PX = 320


class RuleMenu(QToolButton):
    """A button that names the rule and folds a form out to change it.

    Signals
    -------
    rule_changed(ConvergenceRule)
    """

    rule_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "button")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName("Rule of convergence")
        self.within = basics.decimal_field(0.0, 100.0, decimals=3)
        self.within.setToolTip("How near its minimum a loss has converged, 0 to 100 %")
        self.window_epochs = QLineEdit()
        self.window_epochs.setValidator(QIntValidator(1, 1000, self))
        self.window_epochs.setToolTip("Epochs that are averaged, 1 to 1000; 1 takes the raw curve")
        self.measure = QComboBox()
        for key, text in _LOSSES:
            self.measure.addItem(text, key)
        self._words = basics.text("", "muted")
        self._setting = False
        self.rule = DEFAULT_RULE  # the one in force: the last one that made sense
        fields = QFormLayout()
        fields.setSpacing(2 * theme.GRID)
        fields.addRow("Loss", self.measure)
        fields.addRow("Within, %", self.within)
        fields.addRow("Mean over, epochs", self.window_epochs)
        back = basics.link("Back to the studio's rule", lambda: self.set_rule(DEFAULT_RULE))
        self._form = QWidget()
        column(
            basics.label("A run has converged at the", "heading"),
            self._words,
            fields,
            Placed(back, alignment=Qt.AlignmentFlag.AlignLeft),
            parent=self._form,
            margins=(3, 3, 3, 3),
            spacing=2,
        )
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self._form)
        menu.addAction(action)
        self.setMenu(menu)
        self.within.textChanged.connect(self._on_changed)
        self.window_epochs.textChanged.connect(self._on_changed)
        self.measure.currentIndexChanged.connect(self._on_changed)
        self.set_rule(DEFAULT_RULE)
        self.restyle()

    def set_rule(self, rule: ConvergenceRule) -> None:
        self._setting = True
        self.rule = rule
        self.within.setText(f"{rule.within_percent:g}")
        self.window_epochs.setText(str(rule.window))
        self.measure.setCurrentIndex(self.measure.findData(rule.measure))
        self._setting = False
        self._show()
        self.rule_changed.emit(rule)

    def restyle(self) -> None:
        self._form.setFixedWidth(theme.px(WIDTH_PX))

    def _on_changed(self) -> None:
        """While a field is half typed, the rule before stays in force."""
        fields = (self.within, self.window_epochs)
        for field in fields:
            field.setProperty("faulty", "false" if field.hasAcceptableInput() else "true")
            basics.restyle(field)
        if self._setting or not all(field.hasAcceptableInput() for field in fields):
            return
        self.rule = ConvergenceRule(
            float(self.within.text()), int(self.window_epochs.text()), self.measure.currentData()
        )
        self._show()
        self.rule_changed.emit(self.rule)

    def _show(self) -> None:
        rule = self.rule
        self.setText(f"Converged: within {rule.within_percent:g} %")
        self._words.setText(f"{rule.describe()}. The report gives no rule of its own.")
        self.setToolTip(f"{rule.describe().capitalize()}; click to change it")
