"""The Set up page: the form that makes a `TrainConfig`, and what it will cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from cifar_studio.config.architectures import architecture
from cifar_studio.config.check import check, value_faults
from cifar_studio.config.presets import RECIPES, Preset
from cifar_studio.config.serialization import to_mapping
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import DeviceInfo
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.setup.fields import ChoiceField, Field, NumberField
from cifar_studio.ui.setup.folding_group import FoldingGroup
from cifar_studio.ui.setup.form_layout import (
    group_faults_in_words,
    group_in_words,
    make_groups,
    network_in_words,
)
from cifar_studio.ui.setup.preset_box import PresetBox
from cifar_studio.ui.setup.price import price_in_words
from cifar_studio.ui.setup.rate_curve import RateCurve
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, Placed, column, grow
from cifar_studio.ui.workers.cost_estimator import CostEstimator

OPEN_AT_FIRST = ("Network", "Training", "SGD")


class SetupPanel(QWidget):
    """The form. Whoever wants to start asks for `planned_run()`.

    Signals
    -------
    form_changed()
        A value, a fault or the cost is another one now.
    """

    form_changed = Signal()

    def __init__(self, presets_folder: Path, costs: CostEstimator) -> None:
        super().__init__()
        self._costs = costs
        self._faults: dict[str, str] = {}
        self._config: TrainConfig | None = None
        self._sane = TrainConfig()  # the last value of each key that is good by itself
        self._chosen_data = "auto"
        self._preset_box = PresetBox(presets_folder)
        self._preset_box.preset_chosen.connect(self._on_preset_chosen)
        self._fields: dict[str, Field] = {}
        self._groups: dict[str, FoldingGroup] = {}
        self._opened: list[str] = []  # before a recipe folded them
        self._facts = basics.text("", "small")
        self._curve = RateCurve()
        self._cost = basics.text("", "small")
        self._shorter = basics.link("Make it shorter", self._on_make_shorter)
        self._lay_out()
        costs.changed.connect(self._show_cost)
        self.show_config(self._preset_box.preset.config, self._preset_box.preset.name)

    def planned_run(self) -> PlannedRun | None:
        """What the form describes; None where it has a fault."""
        if self._config is None:
            return None
        return PlannedRun(self._config, self.data(), self._preset_box.preset.name)

    def data(self) -> str:
        """ "auto" for CIFAR-100, "demo" for the built-in set."""
        return str(self._fields["data"].value())

    def faults(self) -> dict[str, str]:
        """What is wrong, by config key."""
        return dict(self._faults)

    def values(self) -> dict[str, Any]:
        """The form as it stands, faults included."""
        return {key: field.value() for key, field in self._fields.items() if key != "data"}

    def preset_name(self) -> str:
        return self._preset_box.preset.name

    def open_groups(self) -> list[str]:
        return [title for title, group in self._groups.items() if group.is_open]

    def set_open_groups(self, titles: list[str]) -> None:
        for title, group in self._groups.items():
            group.set_open(title in titles)

    def show_config(self, config: TrainConfig, preset: str) -> None:
        """Fill the form in; `preset` is what changes are counted against."""
        self._preset_box.choose(preset)
        for key, value in to_mapping(config).items():
            if key in self._fields:
                self._fields[key].set_value(value)
        self._check()

    def show_values(self, values: dict[str, Any], preset: str) -> None:
        """Fill in what `values()` gave, faults included."""
        self.show_config(self._preset_box.choose(preset).config, preset)
        for key, value in values.items():
            if key in self._fields and key != "data":
                self._fields[key].set_value(value)
        self._check()

    @property
    def chosen_data(self) -> str:
        """What the person wants to train on, "auto" or "demo", whether it is here or not."""
        return self._chosen_data

    def set_cifar100_present(self, present: bool, data: str) -> None:
        """Offer CIFAR-100 where it is here; `data` is what to choose.

        The demo set stands in for CIFAR-100 without having been chosen: once that is here, it is
        what the next run trains on.
        """
        choices = {"auto": "CIFAR-100"} if present else {}
        field = self._fields["data"]
        assert isinstance(field, ChoiceField)
        field.set_choices(choices | {"demo": "demo set"})
        self._chosen_data = data
        field.set_value(data if data in choices else "demo")
        self.form_changed.emit()

    def choose_data(self, data: str) -> None:
        """Choose "auto" or "demo", where it is offered."""
        self._chosen_data = data
        self._fields["data"].set_value(data)
        self.form_changed.emit()

    def set_devices(self, devices: tuple[DeviceInfo, ...]) -> None:
        """Offer what this machine has; the first is what auto takes."""
        choices = {"auto": f"auto ({devices[0].title})"}
        choices |= {device.name: device.title for device in devices}
        field = self._fields["device"]
        assert isinstance(field, ChoiceField)
        field.set_choices(choices)

    def expected_seconds(self) -> float | None:
        """How long the run will take; None where that is not known."""
        speed = self._costs.speed(self._config) if self._config is not None else None
        return speed.seconds(self._config) if speed is not None and self._config else None

    def _lay_out(self) -> None:
        form = QWidget()
        rows = column(parent=form, margins=(4, 0, 2, 2), spacing=1)
        for title, fields in make_groups().items():
            # What is open at first shows all that is in it: words would only repeat that.
            group = FoldingGroup(title, says_when_open=title not in OPEN_AT_FIRST)
            for field in fields:
                self._fields[field.key] = field
                field.edited.connect(self._on_edited)
                field.reset_requested.connect(self._on_reset_requested)
                group.add(field)
            if title == "Network":
                group.add(self._facts)
            if title == "Learning rate":
                group.add(self._curve)
            group.set_open(title in OPEN_AT_FIRST)
            self._groups[title] = group
            rows.addWidget(group)
        rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(form)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Not wider than what is seen: a form that can move sideways does, at the press of Tab.
        form.setMinimumWidth(0)
        form.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        scroll.viewport().setAutoFillBackground(False)
        form.setAutoFillBackground(False)
        top = column(self._preset_box, margins=(4, 3, 3, 2))
        shorter = Placed(self._shorter, alignment=Qt.AlignmentFlag.AlignLeft)
        bottom = column(self._cost, shorter, margins=(4, 2, 4, 0), spacing=0)
        bar = scroll.verticalScrollBar()
        margins = rows.contentsMargins()

        def keep_width(lowest: int, highest: int) -> None:
            """Leave the bar's room free where there is none: fields that come and go bring it."""
            free = 0 if highest > lowest else bar.sizeHint().width()
            rows.setContentsMargins(margins + QMargins(0, 0, free, 0))

        bar.rangeChanged.connect(keep_width)
        parts = (top, grow(scroll), basics.line(), bottom)
        column(*parts, parent=self, margins=NO_MARGINS, spacing=0)

    def _check(self) -> None:
        config = replace(TrainConfig(), **self.values())
        self._faults = {fault.key: fault.message for fault in check(config)}
        # What a person is still typing neither hides nor shows other fields.
        typed = {fault.key for fault in value_faults(config)}
        sane = {key: value for key, value in self.values().items() if key not in typed}
        self._sane = replace(self._sane, **sane)
        self._show_what_counts()
        self._config = None if self._faults else self._with_what_counts(config)
        self._show_changes()
        self._show_standards()
        self._show_cost()

    def _show_what_counts(self) -> None:
        for key, setting in SETTINGS.items():
            field, fault = self._fields[key], self._faults.get(key, "")
            field.set_fault(fault)
            hint = "" if fault else setting.hint(self._sane)
            field.set_hint(f"{hint}." if hint else "")
            field.setVisible(bool(fault) or setting.counts(self._sane))
        for title, group in self._groups.items():
            faults = group_faults_in_words(title, self._faults)
            group.set_words(faults or group_in_words(title, self._sane), is_fault=bool(faults))
        self._curve.show_config(self._sane)

    def _with_what_counts(self, config: TrainConfig) -> TrainConfig:
        """What is not seen is the preset's: it changes nothing, and must not seem to."""
        base = self._preset_box.preset.config
        hidden = (key for key, setting in SETTINGS.items() if not setting.counts(config))
        return replace(config, **{key: getattr(base, key) for key in hidden})

    def _show_changes(self) -> None:
        base = to_mapping(self._preset_box.preset.config)
        changed = {
            key
            for key, field in self._fields.items()
            if key in base
            and (key in self._faults or field.value() != base[key])
            and not field.isHidden()
        }
        for key, field in self._fields.items():
            field.set_changed(key in changed)
        self._preset_box.show_changes(len(changed), self._config)

    def _show_standards(self) -> None:
        network = architecture(self._fields["architecture"].value())
        dropout, sites = self._fields["dropout"], self._fields["dropout_sites"]
        assert isinstance(dropout, NumberField)
        assert isinstance(sites, ChoiceField)
        standard = f"{network.standard_dropout:g}" if network.standard_dropout else "none"
        dropout.set_empty_text(f"standard: {standard}")
        sites.set_item_enabled("blocks", network.has_blocks)
        stem, specialize = self._fields["stem"].value(), self._fields["specialize"].value()
        self._facts.setText(network_in_words(network, stem, specialize=specialize))

    def _show_cost(self) -> None:
        text, is_long = "", False
        if self._config is not None:
            text, is_long = price_in_words(self._config, self._costs)
        self._cost.setText(text)
        self._shorter.setVisible(is_long)
        self.form_changed.emit()

    def _on_preset_chosen(self, preset: Preset) -> None:
        self.show_config(preset.config, preset.name)
        # A recipe touches every group: folded, their words are its summary on one screen.
        if preset in RECIPES:
            self._opened = self._opened or self.open_groups()
            self.set_open_groups([])
        elif self._opened:
            self.set_open_groups(self._opened)
            self._opened = []

    def _on_edited(self, key: str) -> None:
        if key == "data":
            self._chosen_data = self.data()
            self.form_changed.emit()
        else:
            self._check()

    def _on_reset_requested(self, key: str) -> None:
        self._fields[key].set_value(getattr(self._preset_box.preset.config, key))
        self._check()

    def _on_make_shorter(self) -> None:
        """A fifth of the pictures and ten epochs at most: the measure of Quick look."""
        if self._config is None:
            return
        self._fields["epochs"].set_value(min(self._config.epochs, 10))
        self._fields["train_per_class"].set_value(min(self._config.train_per_class, 100))
        self._fields["test_per_class"].set_value(min(self._config.test_per_class, 20))
        self._groups["Data"].set_open(True)
        self._check()
