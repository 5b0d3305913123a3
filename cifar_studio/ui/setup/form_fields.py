"""The form's fields in their groups: what they show of values, faults, and what counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from cifar_studio.config.architectures import architecture
from cifar_studio.config.serialization import to_mapping
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.ui.setup.experimenting import Experimenting, is_counting
from cifar_studio.ui.setup.field import Field
from cifar_studio.ui.setup.fields import ChoiceField, NumberField
from cifar_studio.ui.setup.folding_group import FoldingGroup
from cifar_studio.ui.setup.form_layout import (
    group_faults_in_words,
    group_in_words,
    make_groups,
    network_in_words,
)
from cifar_studio.ui.setup.rate_curve import RateCurve
from cifar_studio.ui.widgets import basics

OPEN_AT_FIRST = ("Network", "Training", "SGD")


class FormFields(QObject):
    """A field for each setting, and one for the data, in groups that fold.

    Signals
    -------
    edited(str)
        The person changed a value; carries the key.
    reset_requested(str)
        Take the preset's value again.
    """

    edited = Signal(str)
    reset_requested = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.groups: dict[str, FoldingGroup] = {}
        self._facts = basics.text("", "small")
        self._curve = RateCurve()
        for title, fields in make_groups().items():
            # What is open at first shows all that is in it: words would only repeat that.
            group = FoldingGroup(title, says_when_open=title not in OPEN_AT_FIRST)
            for field in fields:
                self.fields[field.key] = field
                field.edited.connect(self.edited)
                field.reset_requested.connect(self.reset_requested)
                group.add(field)
            if title == "Network":
                group.add(self._facts)
            if title == "Learning rate":
                group.add(self._curve)
            group.set_open(title in OPEN_AT_FIRST)
            self.groups[title] = group

    def values(self) -> dict[str, Any]:
        """The settings as they stand, faults included."""
        return {key: field.value() for key, field in self.fields.items() if key != "data"}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Show these values of settings."""
        for key, value in values.items():
            if key in self.fields and key != "data":
                self.fields[key].set_value(value)

    def choice(self, key: str) -> ChoiceField:
        field = self.fields[key]
        assert isinstance(field, ChoiceField)
        return field

    def show_what_counts(
        self,
        sane: TrainConfig,
        variants: Sequence[TrainConfig],
        faults: Mapping[str, str],
        experimenting: Experimenting,
    ) -> None:
        """Mark faults, and show the fields that change anything.

        Parameters
        ----------
        sane : TrainConfig
            The values that are good by themselves.
        variants : sequence of TrainConfig
            The settings that are trained, where some are varied.
        """
        for key, setting in SETTINGS.items():
            field = self.fields[key]
            fault = "" if experimenting.group.title_of(key) else faults.get(key, "")
            field.set_fault(fault)
            hint = "" if fault else experimenting.hint(key) or setting.hint(sane)
            field.set_hint(f"{hint}." if hint else "")
            counts = key not in experimenting.keys_of_kind and is_counting(key, variants)
            field.setVisible(bool(fault) or counts)
        shown = [key for key, field in self.fields.items() if not field.isHidden()]
        varied = experimenting.varied(shown)
        for title, group in self.groups.items():
            faulty = group_faults_in_words(title, set(faults).intersection(shown))
            words = faulty or group_in_words(title, sane, varied)
            group.set_words(words, is_fault=bool(faulty))
        self._curve.show_config(sane)
        self._show_standards()
        self._facts.setHidden(bool({"architecture", "stem", "specialize"}.intersection(varied)))

    def show_changes(
        self, preset: TrainConfig, faults: Collection[str], experimenting: Experimenting
    ) -> int:
        """Mark the fields that differ from the preset, and say how many they are."""
        base = to_mapping(preset)
        changed = {
            key
            for key, field in self.fields.items()
            if key in base
            and (key in faults or field.value() != base[key] or experimenting.is_varied(key))
            and not field.isHidden()
        }
        for key, field in self.fields.items():
            field.set_changed(key in changed)
        return len(changed)

    def _show_standards(self) -> None:
        """What the network brings with it: its size, its dropout, and where that can sit."""
        network = architecture(self.fields["architecture"].value())
        dropout = self.fields["dropout"]
        assert isinstance(dropout, NumberField)
        standard = f"{network.standard_dropout:g}" if network.standard_dropout else "none"
        dropout.set_empty_text(f"standard: {standard}")
        self.choice("dropout_sites").set_item_enabled("blocks", network.has_blocks)
        stem, specialize = self.fields["stem"].value(), self.fields["specialize"].value()
        self._facts.setText(network_in_words(network, stem, specialize=specialize))
