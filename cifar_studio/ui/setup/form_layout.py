"""The form's fields, made from the description of each setting."""

from __future__ import annotations

from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import GROUPS, SETTINGS
from cifar_studio.ui.setup.fields import ChoiceField, EpochsField, Field, FlagField, NumberField


def make_groups() -> dict[str, list[Field]]:
    """New fields by the title of their group, in the order in which they are shown."""
    groups: dict[str, list[Field]] = {group: [] for group in GROUPS}
    # Which pictures are at hand is no part of a config.
    groups["Data"].append(
        ChoiceField(
            "data",
            "Pictures",
            "The pictures to learn from: CIFAR-100, or the built-in demo set drawn by code.",
            {"demo": "demo set"},
        )
    )
    for setting in SETTINGS.values():
        groups[setting.group].append(_field(setting))
    return groups


def _field(setting: Setting) -> Field:
    about = setting.key, setting.title, setting.sentence
    if setting.kind == "switch":
        return FlagField(*about, setting.caption)
    if setting.kind == "epochs":
        return EpochsField(*about)
    if setting.bounds is None:
        return ChoiceField(*about, setting.choices, takes_others=setting.kind == "device")
    return NumberField(
        *about,
        integer=setting.kind == "whole number",
        step=setting.step if setting.scale == "linear" else 0.0,
        empty_text=setting.none_said or None,
    )
