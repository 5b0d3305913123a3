"""The Set up page: the form that makes a `TrainConfig`, and what it will cost."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from cifar_studio.config.architectures import (
    Architecture,
    Stem,
    architecture,
    can_be_specialized,
)
from cifar_studio.config.presets import Preset
from cifar_studio.config.serialization import from_mapping, to_mapping
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import DeviceInfo
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.setup.fields import ChoiceField, Field, NumberField
from cifar_studio.ui.setup.folding_group import FoldingGroup
from cifar_studio.ui.setup.form_layout import make_groups
from cifar_studio.ui.setup.preset_box import PresetBox
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, Placed, column, grow
from cifar_studio.ui.workers.cost_estimator import CostEstimator

LONG_RUN_SECONDS = 30 * 60
FOLDED_AT_FIRST = ("Data", "Machine")


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
        self._chosen_data = "auto"
        self._preset_box = PresetBox(presets_folder)
        self._preset_box.preset_chosen.connect(self._on_preset_chosen)
        self._fields: dict[str, Field] = {}
        self._groups: dict[str, FoldingGroup] = {}
        self._facts = basics.text("", "small")
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
            group = FoldingGroup(title)
            for field in fields:
                self._fields[field.key] = field
                field.edited.connect(self._on_edited)
                field.reset_requested.connect(self._on_reset_requested)
                group.add(field)
            if title == "Network":
                group.add(self._facts)
            group.set_open(title not in FOLDED_AT_FIRST)
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
        parts = (top, grow(scroll), basics.line(), bottom)
        column(*parts, parent=self, margins=NO_MARGINS, spacing=0)

    def _check(self) -> None:
        try:
            self._config = from_mapping(self.values())
            self._faults = {}
        except ConfigError as error:
            self._config = None
            self._faults = dict(error.faults)
        for key, field in self._fields.items():
            field.set_fault(self._faults.get(key, ""))
        self._show_changes()
        self._show_standards()
        self._show_cost()

    def _show_changes(self) -> None:
        base = to_mapping(self._preset_box.preset.config)
        changed = {
            key
            for key, field in self._fields.items()
            if key in base and (key in self._faults or field.value() != base[key])
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
        stem = self._fields["stem"].value()
        facts = (
            f"{wording.count(network.parameters[stem])} parameters{self._trained(network, stem)} · "
            f"{wording.count(network.multiply_adds[stem])} multiply-adds a picture"
        )
        ratio = network.multiply_adds["cifar"] / network.multiply_adds["imagenet"]
        if stem == "cifar" and ratio > 1.05:
            facts += f" · ×{ratio:.0f} compute"
        self._facts.setText(facts)

    def _trained(self, network: Architecture, stem: Stem) -> str:
        """How many of the parameters a specialised training trains."""
        if not self._fields["specialize"].value():
            return ""
        if not can_be_specialized(network.name, stem):
            return ", all of them in use"
        return f", {wording.count(network.trained_parameters[stem])} of them in use"

    def _show_cost(self) -> None:
        text, is_long = self._cost_text()
        self._cost.setText(text)
        self._shorter.setVisible(is_long)
        self.form_changed.emit()

    def _cost_text(self) -> tuple[str, bool]:
        if self._config is None:
            return "", False
        speed = self._costs.speed(self._config)
        if speed is None:
            failure = self._costs.failure(self._config)
            return failure or "Time on this machine: not measured yet", False
        seconds = speed.seconds(self._config)
        about = wording.about(seconds, speed.spread).capitalize()
        text = f"{about} · {wording.memory(speed.memory_mib)}"
        if seconds <= LONG_RUN_SECONDS:
            return text, False
        end = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
        return f"{text} · ends about {wording.clock(end)}", True

    def _on_preset_chosen(self, preset: Preset) -> None:
        self.show_config(preset.config, preset.name)

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
