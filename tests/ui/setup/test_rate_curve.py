"""The learning rate over the run, as the form draws it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cifar_studio.config.presets import RECIPES, preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.ui.setup.rate_curve import MOST_POINTS, RateCurve, sampled_rates
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.widgets import theme
from form_support import has_colour, shown_text

PLAIN = preset("report-resnet18")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"warmup_epochs": 5.0}, "≈ 0 → 0.01"),
        ({"schedule": "cosine"}, "0.01 → ≈ 0"),
        ({"schedule": "cosine", "final_share": 0.1}, "0.01 → 0.001"),
        ({"schedule": "one-cycle"}, "0.0004 → 0.01 → ≈ 0"),
        ({"schedule": "multistep", "milestones": (30, 60)}, "0.01 → 0.0001"),
    ],
    ids=str,
)
def test_that_the_rate_is_drawn_where_it_changes(
    panel: SetupPanel, changes: dict[str, object], says: str | None
) -> None:
    panel.set_open_groups(["Learning rate"])
    panel.show_config(replace(PLAIN.config, **changes), PLAIN.name)
    curve = panel.findChild(RateCurve)
    assert curve is not None
    assert curve.isVisible() == (says is not None)
    if says is not None:
        assert says in curve._curve.toolTip()
        assert has_colour(curve._curve.grab().toImage(), theme.current().accent)


def test_that_a_plateau_is_said_in_a_sentence(panel: SetupPanel) -> None:
    panel.set_open_groups(["Learning rate"])
    config = replace(PLAIN.config, schedule="plateau", train_per_class=450, validation_per_class=50)
    panel.show_config(config, PLAIN.name)
    assert "Times 0.1 after more than 10 epochs in a row" in shown_text(panel)
    curve = panel.findChild(RateCurve)
    assert curve is not None
    assert not curve._curve.isVisible()


def test_that_the_curve_is_of_few_points_from_the_first_step_to_the_last() -> None:
    for recipe in RECIPES:
        rates = sampled_rates(recipe.config)
        assert len(rates) == MOST_POINTS
        assert max(rates) == pytest.approx(recipe.config.learning_rate, rel=0.01)
    assert sampled_rates(TrainConfig(epochs=1, train_per_class=1, batch_size=50)) == [0.01, 0.01]
    assert sampled_rates(TrainConfig(epochs=1, train_per_class=1, batch_size=100)) == [0.01]
