"""The Set up page: the form that makes a `TrainConfig`, and what it will cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cifar_studio.config.check import check, value_faults
from cifar_studio.config.experiment.experiment import Experiment, checked_experiment
from cifar_studio.config.presets import RECIPES, Preset
from cifar_studio.config.serialization import to_mapping
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError
from cifar_studio.runs.folder.events import DeviceInfo
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.setup import experiment_plan
from cifar_studio.ui.setup.experiment_group import NOTHING_VARIED
from cifar_studio.ui.setup.experimenting import Experimenting, Judged
from cifar_studio.ui.setup.form_fields import FormFields
from cifar_studio.ui.setup.form_layout import (
    FormScroll,
)
from cifar_studio.ui.setup.preset_box import PresetBox
from cifar_studio.ui.setup.price import price_in_words
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, Placed, column, grow, row
from cifar_studio.ui.workers.cost_estimator import CostEstimator


class SetupPanel(QWidget):
    """The form. Whoever wants to start asks for `planned_run()` or `planned_experiment()`.

    Signals
    -------
    form_changed()
        A value, a fault or the cost is another one now.
    mode_changed(bool)
        Whether the form describes an experiment now, and not one run.
    experiment_requested(str, Experiment)
        Begin it under this name.
    """

    form_changed = Signal()
    mode_changed = Signal(bool)
    experiment_requested = Signal(str, object)

    def __init__(
        self, presets_folder: Path, experiments_folder: Path, costs: CostEstimator
    ) -> None:
        super().__init__()
        self._costs = costs
        self._faults: dict[str, str] = {}
        self._config: TrainConfig | None = None
        self._sane = TrainConfig()  # the last value of each key that is good by itself
        self._chosen_data = "auto"
        self._preset_box = PresetBox(presets_folder)
        self._preset_box.preset_chosen.connect(self._on_preset_chosen)
        self._form = FormFields(self)
        self._form.edited.connect(self._on_edited)
        self._form.reset_requested.connect(self._on_reset_requested)
        self._fields = self._form.fields
        self._opened: list[str] = []  # before a recipe folded them
        self._cost = basics.text("", "small")
        self._shorter = basics.link("Make it shorter", self._on_make_shorter)
        self._judged: Judged | None = None
        self._price = experiment_plan.UNKNOWN  # of an experiment
        self._experimenting = Experimenting(
            self._fields, experiments_folder, lambda: self._sane, self
        )
        self._experimenting.changed.connect(self._check)
        self._experimenting.mode_changed.connect(self.mode_changed)
        self._lay_out()
        costs.changed.connect(self._show_cost)
        self.show_config(self._preset_box.preset.config, self._preset_box.preset.name)

    def planned_run(self) -> PlannedRun | None:
        """What the form describes; None where it has a fault."""
        if self._config is None:
            return None
        return PlannedRun(self._config, self.data(), self._preset_box.preset.name)

    @property
    def is_experiment(self) -> bool:
        """Whether it describes an experiment, and not one run."""
        return self._experimenting.is_on

    def planned_experiment(self) -> tuple[str, Experiment] | None:
        """The name and the experiment that the form describes, whole and checked.

        None where it is a single run, or has a fault; that is marked then.
        """
        if self._judged is None or self._judged.experiment is None:
            return None
        experiment = replace(
            self._judged.experiment, data=self.data(), preset=self._preset_box.preset.name
        )
        try:
            return self._experimenting.group.name(), checked_experiment(experiment)
        except ConfigError as error:  # of values that do not go together
            self._faults = dict(error.faults)
            self._judged = Judged(None, self._faults, self._judged.variants)
            self._experimenting.show_faults(self._faults)
            self._show_checked()
            return None

    def request_experiment(self) -> bool:
        """Ask for what `planned_experiment()` gives to be begun; False where there is none."""
        planned = self.planned_experiment()
        if planned is not None:
            self.experiment_requested.emit(*planned)
        return planned is not None

    def experiment_begun(self) -> None:
        """The name is taken now: the next experiment gets another one."""
        self._experimenting.group.forget_name()
        self._check()

    def experiment_values(self) -> dict[str, Any]:
        """The mode and the experiment's own fields as they stand, faults included."""
        return self._experimenting.values()

    def show_experiment_values(self, values: dict[str, Any]) -> None:
        """Fill in what `experiment_values()` gave."""
        self._experimenting.set_values(values)
        self._check()

    def data(self) -> str:
        """ "auto" for CIFAR-100, "demo" for the built-in set."""
        return str(self._fields["data"].value())

    def faults(self) -> dict[str, str]:
        """What is wrong, by config key, or by the key of an experiment's field."""
        return dict(self._faults)

    def why_not(self) -> str:
        """Why what the form describes cannot be started; empty where it can."""
        if "vary" in self._faults:
            return NOTHING_VARIED
        title_of = self._experimenting.group.title_of
        names = [
            title_of(key) or SETTINGS[key].title or SETTINGS[key].caption for key in self._faults
        ]
        return f"Fix first: {', '.join(names)}" if names else ""

    def values(self) -> dict[str, Any]:
        """The form as it stands, faults included."""
        return self._form.values()

    def preset_name(self) -> str:
        return self._preset_box.preset.name

    def open_groups(self) -> list[str]:
        return [title for title, group in self._form.groups.items() if group.is_open]

    def set_open_groups(self, titles: list[str]) -> None:
        for title, group in self._form.groups.items():
            group.set_open(title in titles)

    def show_config(self, config: TrainConfig, preset: str) -> None:
        """Fill the form in; `preset` is what changes are counted against."""
        self._shown_preset = self._preset_box.choose(preset)
        self._form.fill(to_mapping(config))
        self._check()

    def show_values(self, values: dict[str, Any], preset: str) -> None:
        """Fill in what `values()` gave, faults included."""
        self.show_config(self._preset_box.choose(preset).config, preset)
        self._form.fill(values)
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
        field = self._form.choice("data")
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
        self._form.choice("device").set_choices(choices)

    def expected_seconds(self) -> float | None:
        """How long what the form describes will take; None where that is not known."""
        if self._experimenting.is_on:
            return self._price.seconds
        speed = self._costs.speed(self._config) if self._config is not None else None
        return speed.seconds(self._config) if speed is not None and self._config else None

    def _lay_out(self) -> None:
        scroll = FormScroll((self._experimenting.group, *self._form.groups.values()))
        modes = row(self._experimenting.modes, margins=(0, 0, 1, 0))
        top = column(modes, self._preset_box, margins=(4, 3, 3, 2), spacing=2)
        shorter = Placed(self._shorter, alignment=Qt.AlignmentFlag.AlignLeft)
        bottom = column(self._cost, shorter, margins=(4, 2, 4, 0), spacing=0)
        parts = (top, grow(scroll), basics.line(), bottom)
        column(*parts, parent=self, margins=NO_MARGINS, spacing=0)

    def _check(self) -> None:
        config = replace(TrainConfig(), **self.values())
        # What a person is still typing neither hides nor shows other fields.
        typed = {fault.key for fault in value_faults(config)}
        sane = {key: value for key, value in self.values().items() if key not in typed}
        self._sane = replace(self._sane, **sane)
        faults = {fault.key: fault.message for fault in check(config)}
        self._config = None if faults else self._with_what_counts(config)
        self._judged = None
        self._faults = faults
        if self._experimenting.is_on:
            self._judged = self._experimenting.judge(config, self._preset_box.preset.config)
            self._faults = self._judged.faults
        self._show_checked()

    def _show_checked(self) -> None:
        variants = self._judged.variants if self._judged is not None else [self._sane]
        self._form.show_what_counts(self._sane, variants, self._faults, self._experimenting)
        preset = self._preset_box.preset.config
        changes = self._form.show_changes(preset, self._faults, self._experimenting)
        self._preset_box.show_changes(changes, self._config)
        self._show_cost()

    def _with_what_counts(self, config: TrainConfig) -> TrainConfig:
        """What is not seen is the preset's: it changes nothing, and must not seem to."""
        base = self._preset_box.preset.config
        hidden = (key for key, setting in SETTINGS.items() if not setting.counts(config))
        return replace(config, **{key: getattr(base, key) for key in hidden})

    def _show_cost(self) -> None:
        text, is_long = "", False
        if self._experimenting.is_on:
            self._price = experiment_plan.UNKNOWN
            if self._judged is not None and self._judged.experiment is not None:
                self._price = experiment_plan.price(self._judged.experiment, self._costs)
            text = self._price.words
        elif self._config is not None:
            text, is_long = price_in_words(self._config, self._costs)
        self._cost.setText(text)
        self._shorter.setVisible(is_long)
        self.form_changed.emit()

    def _on_preset_chosen(self, preset: Preset) -> None:
        if preset == self._shown_preset:  # all of its values again
            self._experimenting.vary_no_more(self._fields)
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
        self._experimenting.vary_no_more((key,))
        self._fields[key].set_value(getattr(self._preset_box.preset.config, key))
        self._check()

    def _on_make_shorter(self) -> None:
        """A fifth of the pictures and ten epochs at most: the measure of Quick look."""
        if self._config is None:
            return
        self._fields["epochs"].set_value(min(self._config.epochs, 10))
        self._fields["train_per_class"].set_value(min(self._config.train_per_class, 100))
        self._fields["test_per_class"].set_value(min(self._config.test_per_class, 20))
        self._form.groups["Data"].set_open(True)
        self._check()
