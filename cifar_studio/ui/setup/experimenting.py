"""What makes an experiment of the form: the switch, the group on top, and what is varied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSizePolicy

from cifar_studio.config.check import value_faults
from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import FEWEST_FOLDS, Experiment, settled
from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError
from cifar_studio.ui.setup import experiment_plan
from cifar_studio.ui.setup.axis_offers import offered_words, read_axis, values_in_words
from cifar_studio.ui.setup.experiment_group import ExperimentGroup
from cifar_studio.ui.setup.field import Field
from cifar_studio.ui.setup.vary import Vary
from cifar_studio.ui.widgets.segments import Segments

ONE_RUN, EXPERIMENT = "run", "experiment"


@dataclass(frozen=True)
class Judged:
    """What the form comes to as an experiment.

    Attributes
    ----------
    experiment : Experiment or None
        None where something is wrong.
    faults : dict
        Messages by key of a setting or of the group.
    variants : list of TrainConfig
        The settings with each of the varied values by itself.
    """

    experiment: Experiment | None
    faults: dict[str, str]
    variants: list[TrainConfig]


def is_counting(key: str, variants: Iterable[TrainConfig]) -> bool:
    """Whether a setting changes anything in any of some configs."""
    return any(SETTINGS[key].counts(variant) for variant in variants)


class Experimenting(QObject):
    """The switch, the group, and the buttons that vary the form's fields.

    Parameters
    ----------
    fields : dict of key to Field
        Those of the form.
    folder : Path
        Where experiments are kept.
    sane : callable
        Gives the form's last values that were good.

    Signals
    -------
    changed()
        The person chose the other mode, or something of the experiment.
    mode_changed(bool)
        Whether the form describes an experiment now.
    """

    changed = Signal()
    mode_changed = Signal(bool)

    def __init__(
        self,
        fields: Mapping[str, Field],
        folder: Path,
        sane: Callable[[], TrainConfig],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._fields = fields
        self._sane = sane
        self._varies: dict[str, Vary] = {}  # made when they are first needed
        self.modes = Segments(
            "What Start begins",
            (
                (ONE_RUN, "One run", "Train once with the settings below"),
                (EXPERIMENT, "Experiment", "Train many times to answer one question"),
            ),
        )
        for button in self.modes.buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.group = ExperimentGroup(folder)
        self.group.hide()
        self.group.edited.connect(self._on_edited)
        self.modes.chosen.connect(self._on_mode_chosen)

    @property
    def is_on(self) -> bool:
        """Whether the form describes an experiment."""
        return self.modes.key == EXPERIMENT

    @property
    def keys_of_kind(self) -> frozenset[str]:
        """Keys that the experiment decides, so that the form need not show them."""
        if not self.is_on:
            return frozenset()
        return experiment_plan.keys_of_kind(self.group.kind, by_folds=self.group.folds_shown)

    def is_varied(self, key: str) -> bool:
        return key in self._varies and self._varies[key].is_on

    def varied(self, keys: Collection[str]) -> list[str]:
        """Those of the keys that are varied, in their order."""
        return [key for key in keys if self.is_varied(key)]

    def vary_no_more(self, keys: Collection[str]) -> None:
        """Take the settings' single values again."""
        for key in keys:
            if key in self._varies:
                self._varies[key].vary("")

    def judge(self, config: TrainConfig, preset: TrainConfig) -> Judged:
        """What the form with these values comes to; what counts nowhere is the preset's."""
        axes, faults = self._axes()
        # What is not seen cannot be mended, and is not used.
        typed = {fault.key: fault.message for fault in value_faults(config)}
        unused = {key for key in typed if key in self.keys_of_kind or self.is_varied(key)}
        faults |= {key: message for key, message in typed.items() if key not in unused}
        config = replace(config, **{key: getattr(self._sane(), key) for key in typed})
        variants = experiment_plan.variants(self._sane(), axes)
        hidden = [key for key in SETTINGS if not is_counting(key, variants)]
        config = replace(config, **{key: getattr(preset, key) for key in hidden})
        self.group.suggest_name(config)
        experiment = None
        own = self.group.faults()
        if not {"folds", "seeds"}.intersection(own):  # what is held out depends on them alone
            shown = tuple(axis for axis in axes if axis.key not in hidden)
            experiment = settled(self.group.experiment(config, shown))
        faults |= own
        if experiment is not None and not faults:
            faults = experiment_plan.faults(experiment)
        self.show_faults(faults)
        if experiment is not None:
            self.group.set_held_out(experiment_plan.held_out(experiment))
        return Judged(None if faults else experiment, faults, variants)

    def show_faults(self, faults: dict[str, str]) -> None:
        """Mark what is wrong in the group and in what is varied."""
        self.group.set_faults(faults)
        for key, vary in self._varies.items():
            vary.set_fault(faults.get(key, ""))

    def hint(self, key: str) -> str:
        """What a range without faults becomes where all are tried; empty for anything else."""
        if not (self.is_varied(key) and self.group.tries_all):
            return ""
        words = self._varies[key].words
        is_range = SETTINGS[key].bounds is not None and (".." in words or " to " in words)
        return values_in_words(read_axis(key, words, as_values=True)) if is_range else ""

    def values(self) -> dict[str, Any]:
        """The mode, the group and what is varied, as they stand, faults included."""
        words = {key: vary.words for key, vary in self._varies.items() if vary.words}
        return {"mode": self.modes.key, "vary": words, **self.group.values()}

    def set_values(self, values: dict[str, Any]) -> None:
        """Fill in what `values()` gave; tells nobody but of the mode."""
        self.group.set_values(values)
        words = values.get("vary")
        if not isinstance(words, dict):
            words = {}
        if words:
            self._make_varies()
        for key, vary in self._varies.items():
            vary.vary(words[key] if isinstance(words.get(key), str) else "")
        self.modes.choose(EXPERIMENT if values.get("mode") == EXPERIMENT else ONE_RUN)
        self._show_mode()

    def _axes(self) -> tuple[list[Axis], dict[str, str]]:
        axes: list[Axis] = []
        faults: dict[str, str] = {}
        for key, vary in self._varies.items():
            if not vary.is_on:
                continue
            try:
                axes.append(read_axis(key, vary.words, as_values=self.group.tries_all))
            except ConfigError as error:
                faults[key] = error.faults[0][1]
        return axes, faults

    def _show_mode(self) -> None:
        self.group.setVisible(self.is_on)
        self._show_what_can_vary()
        self.mode_changed.emit(self.is_on)

    def _show_what_can_vary(self) -> None:
        can_vary = self.is_on and self.group.kind == "search"
        if can_vary:
            self._make_varies()
        for key, field in self._fields.items():
            if key in self._varies:
                self._varies[key].set_possible(can_vary)
            else:
                field.keep_room(can_vary)

    def _make_varies(self) -> None:
        if self._varies:
            return
        for key, setting in SETTINGS.items():
            if experiment_plan.can_vary(key):
                vary = Vary(self._fields[key], setting, self._offered)
                vary.edited.connect(self.changed)
                self._varies[key] = vary

    def _offered(self, setting: Setting) -> str:
        folds = FEWEST_FOLDS if self.group.folds_shown else 0
        config = settled(Experiment(kind="search", config=self._sane(), folds=folds)).config
        return offered_words(setting, config, as_values=self.group.tries_all)

    def _on_mode_chosen(self) -> None:
        self._show_mode()
        self.changed.emit()

    def _on_edited(self) -> None:
        self._show_what_can_vary()
        self.changed.emit()
