"""What an experiment asks, and how: the group on top of the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import (
    KIND_TITLES,
    METHOD_TITLES,
    Experiment,
    ExperimentKind,
)
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.runs.experiment.experiment_folder import check_name, free_name
from cifar_studio.ui.setup.experiment_fields import FOLDS, SPLIT, experiment_fields
from cifar_studio.ui.setup.field import Field
from cifar_studio.ui.setup.fields import NumberField
from cifar_studio.ui.setup.folding_group import FoldingGroup
from cifar_studio.ui.widgets import basics

LABEL_PX = 84
QUESTIONS = {
    "search": "Which settings are best?",
    "folds": "How does it do on pictures that it has not seen, and how many epochs does it need?",
    "seeds": "How far does chance move it?",
}
_DEFAULTS: dict[str, Any] = {
    "kind": "search",
    "name": "",
    "method": "random",
    "trials": 20,
    "hours": None,
    "metric": "val_top1",
    "judged": SPLIT,
    "folds": 5,
    "pruning": "none",
    "search_seed": 0,
    "seeds": 3,
}
NOTHING_VARIED = "Press the fork beside a setting to vary it."


class ExperimentGroup(FoldingGroup):
    """The question, what counts for its kind, and a name that is free.

    Parameters
    ----------
    folder : Path
        Where experiments are kept, so that a name can be free there.

    Signals
    -------
    edited()
        The person changed something here.
    """

    edited = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__("Experiment", says_when_open=False)
        self._folder = folder
        self._fields: dict[str, Field] = {field.key: field for field in experiment_fields()}
        self._is_named = False  # by the person
        self._how_to_vary = basics.text(NOTHING_VARIED, "small")
        self._held_out = basics.text("", "small")
        for field in self._fields.values():
            field.use_whole_width(LABEL_PX)
            field.set_spoken_name(f"Experiment, {field.title}")
            field.edited.connect(self._on_edited)
            self.add(field)
        self.add(self._how_to_vary)
        self.add(self._held_out)
        self.set_values({})

    @property
    def kind(self) -> ExperimentKind:
        kind: ExperimentKind = self._fields["kind"].value()
        return kind

    @property
    def tries_all(self) -> bool:
        """Whether every combination is tried, so that ranges must become values."""
        return self.kind == "search" and self._fields["method"].value() == "grid"

    @property
    def folds_shown(self) -> bool:
        """Whether the training pictures are dealt out into folds."""
        by_folds = self.kind == "search" and self._fields["judged"].value() == FOLDS
        return self.kind == "folds" or by_folds

    def name(self) -> str:
        """As it stands; `faults()` says whether it can be taken."""
        return str(self._fields["name"].value())

    def values(self) -> dict[str, Any]:
        """The group as it stands, faults included; a name only where the person gave it."""
        values = {key: field.value() for key, field in self._fields.items()}
        return values if self._is_named else {**values, "name": ""}

    def set_values(self, values: dict[str, Any]) -> None:
        """Fill in what `values()` gave; what is missing takes its default."""
        self._is_named = isinstance(values.get("name"), str) and bool(values["name"])
        for key, field in self._fields.items():
            field.set_value(values.get(key, _DEFAULTS[key]))
        self._show_what_counts()

    def suggest_name(self, config: TrainConfig) -> None:
        """Name it by its kind and network, and so that the name is free, unless it has a name."""
        if not self._is_named:
            wished = f"{self.kind}-{config.architecture}"
            self._fields["name"].set_value(free_name(self._folder, wished))

    def forget_name(self) -> None:
        """The name is taken now; the next experiment needs another one."""
        self._is_named = False

    def experiment(self, config: TrainConfig, axes: tuple[Axis, ...]) -> Experiment:
        """What the group describes. Only where `faults()` are none."""
        values = self.values()
        plain = Experiment(kind=self.kind, config=config)
        if self.kind == "seeds":
            return Experiment(kind="seeds", config=config, seeds=values["seeds"])
        folds = values["folds"] if self.folds_shown else 0
        if self.kind == "folds":
            return Experiment(kind="folds", config=config, folds=folds)
        is_pruned = not folds
        return Experiment(
            kind="search",
            config=config,
            axes=axes,
            folds=folds,
            method=values["method"],
            pruning=values["pruning"] if is_pruned else plain.pruning,
            metric=values["metric"],
            trials=values["trials"],
            hours=values["hours"],
            seed=values["search_seed"],
        )

    def faults(self) -> dict[str, str]:
        """What is no number where one is needed, and a name that cannot be taken, by key."""
        faults = {
            key: f"is {field.value()!r}, must be a number"
            for key, field in self._fields.items()
            if isinstance(field, NumberField)
            and not field.isHidden()
            and isinstance(field.value(), str)
        }
        seed = self._fields["search_seed"]
        if not seed.isHidden() and isinstance(seed.value(), int) and seed.value() < 0:
            faults["search_seed"] = f"is {seed.value()}, must be 0 or more"
        try:
            check_name(self.name())
            if (self._folder / self.name()).exists():
                faults["name"] = "There is an experiment of this name already"
        except BadInputError as error:
            faults["name"] = error.remedy
        return faults

    def title_of(self, key: str) -> str:
        """What the field is called; empty where the group shows none of this key."""
        field = self._fields.get(key)
        return field.title if field is not None and not field.isHidden() else ""

    def set_faults(self, faults: dict[str, str]) -> None:
        """Mark what is wrong where it stands."""
        for key, field in self._fields.items():
            fault = "" if field.isHidden() else faults.get(key, "")
            field.set_fault(fault)
        titles = [self.title_of(key) for key in faults if self.title_of(key)]
        words = f"Fix {', '.join(titles)}" if titles else self._in_words()
        self.set_words(words, is_fault=bool(titles))

    def set_held_out(self, words: str) -> None:
        """Say what the trials are judged by."""
        self._held_out.setText(words)

    def _in_words(self) -> str:
        kind = KIND_TITLES[self.kind].lower()
        if self.kind == "search":
            return f"{kind}, {METHOD_TITLES[self._fields['method'].value()]}"
        return f"{self._fields[self.kind].value()} {kind}"

    def _show_what_counts(self) -> None:
        is_search = self.kind == "search"
        for key in ("method", "trials", "hours", "metric", "judged", "search_seed"):
            self._fields[key].setVisible(is_search)
        self._fields["search_seed"].setVisible(is_search and not self.tries_all)
        self._fields["pruning"].setVisible(is_search and not self.folds_shown)
        self._fields["folds"].setVisible(self.folds_shown)
        self._fields["seeds"].setVisible(self.kind == "seeds")
        self._fields["kind"].set_hint(QUESTIONS[self.kind])
        self._how_to_vary.setVisible(is_search)
        trials = self._fields["trials"]
        assert isinstance(trials, NumberField)
        trials.set_empty_text("all" if self.tries_all else "as many as the hours allow")

    def _on_edited(self, key: str) -> None:
        if key == "name":
            self._is_named = bool(self.name())
        elif key == "method":
            self._propose_trials()
        self._show_what_counts()
        self.edited.emit()

    def _propose_trials(self) -> None:
        """All of a grid; a number where there is no end by itself."""
        trials, hours = self._fields["trials"], self._fields["hours"]
        if self.tries_all:
            trials.set_value(None)
        elif trials.value() is None and hours.value() is None:
            trials.set_value(_DEFAULTS["trials"])
