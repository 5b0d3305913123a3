"""The form's fields and its words, made from the description of each setting."""

from __future__ import annotations

from collections.abc import Collection

from cifar_studio.config.architectures import Architecture, Stem, can_be_specialized
from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import GROUPS, SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs import wording
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


def group_in_words(group: str, config: TrainConfig) -> str:
    """What is on in a group, "cosine, warm-up 5": what counts and is not the default."""
    plain = TrainConfig()
    return ", ".join(
        setting.in_words(getattr(config, setting.key))
        for setting in SETTINGS.values()
        if setting.group == group
        and setting.counts(config)
        and getattr(config, setting.key) != getattr(plain, setting.key)
    )


def group_faults_in_words(group: str, faulty: Collection[str]) -> str:
    """Which fields of a group are at fault, "Fix Test set"; empty where none is."""
    titles = [
        setting.title or setting.caption
        for setting in SETTINGS.values()
        if setting.group == group and setting.key in faulty
    ]
    return f"Fix {', '.join(titles)}" if titles else ""


def network_in_words(network: Architecture, stem: Stem, *, specialize: bool) -> str:
    """Parameters and multiply-adds of a network."""
    in_use = ""
    if specialize:
        trained = f"{wording.count(network.trained_parameters[stem])} of them in use"
        less = can_be_specialized(network.name, stem)
        in_use = f", {trained}" if less else ", all of them in use"
    words = (
        f"{wording.count(network.parameters[stem])} parameters{in_use} · "
        f"{wording.count(network.multiply_adds[stem])} multiply-adds a picture"
    )
    ratio = network.multiply_adds["cifar"] / network.multiply_adds["imagenet"]
    return f"{words} · ×{ratio:.0f} compute" if stem == "cifar" and ratio > 1.05 else words


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
