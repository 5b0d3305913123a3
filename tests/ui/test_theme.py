"""Colours: enough contrast in both themes, measured as WCAG 2 defines it."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.theme import DARK, LIGHT, Theme


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [c / 255 for c in QColor(colour).getRgb()[:3]]  # type: ignore[index]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
@pytest.mark.parametrize("name", ["text", "muted", "warning", "error", "good", "accent"])
def test_that_text_stands_out(colours: Theme, name: str) -> None:
    for ground in (colours.ground, colours.surface, colours.raised):
        assert contrast(getattr(colours, name), ground) >= 4.5, ground


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
def test_that_curves_stand_out(colours: Theme) -> None:
    for curve in (colours.loss, colours.top1, colours.top5, *colours.runs):
        assert contrast(curve, colours.surface) >= 3.0, curve


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
def test_that_the_primary_button_can_be_read(colours: Theme) -> None:
    assert contrast(colours.on_accent, colours.accent) >= 4.5


def test_that_a_fixed_choice_wins_and_the_change_is_told(qapp: QApplication) -> None:
    manager = theme.manager()
    told = []
    manager.changed.connect(lambda: told.append(manager.theme.name))
    manager.apply("dark")
    manager.apply("light")
    assert told == ["dark", "light"]
    assert qapp.palette().window().color() == QColor(LIGHT.ground)
    manager.apply("system")
    assert theme.manager() is manager
    manager.apply("light")
