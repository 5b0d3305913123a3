"""The form's fields and its words, made from the description of each setting."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from cifar_studio.config.architectures import Architecture, Stem, can_be_specialized
from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import GROUPS, SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs import wording
from cifar_studio.ui.setup.field import Field
from cifar_studio.ui.setup.fields import ChoiceField, EpochsField, FlagField, NumberField
from cifar_studio.ui.widgets.layouts import STRETCH, column


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


def group_in_words(group: str, config: TrainConfig, varied: Collection[str] = ()) -> str:
    """What is on in a group, "momentum varies, warm-up 5": what counts and is not the default."""
    plain = TrainConfig()
    settings = [setting for setting in SETTINGS.values() if setting.group == group]
    names = (
        setting.title or setting.caption.capitalize()
        for setting in settings
        if setting.key in varied
    )
    return ", ".join(
        [
            *(f"{name} varies" for name in names),
            *(
                setting.in_words(getattr(config, setting.key))
                for setting in settings
                if setting.key not in varied
                and setting.counts(config)
                and getattr(config, setting.key) != getattr(plain, setting.key)
            ),
        ]
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


class FormScroll(QScrollArea):
    """Scrolls the form up and down, and never sideways."""

    def __init__(self, groups: Iterable[QWidget]) -> None:
        super().__init__()
        form = QWidget()
        self._rows = column(*groups, STRETCH, parent=form, margins=(4, 0, 2, 2), spacing=1)
        self._margins = self._rows.contentsMargins()
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Not wider than what is seen: a form that can move sideways does, at the press of Tab.
        form.setMinimumWidth(0)
        form.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.viewport().setAutoFillBackground(False)
        form.setAutoFillBackground(False)
        self.verticalScrollBar().rangeChanged.connect(self._keep_width)

    def _keep_width(self, lowest: int, highest: int) -> None:
        """Leave the bar's room free where there is none: fields that come and go bring it."""
        free = 0 if highest > lowest else self.verticalScrollBar().sizeHint().width()
        self._rows.setContentsMargins(self._margins + QMargins(0, 0, free, 0))


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
