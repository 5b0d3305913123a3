"""Learning rates, judged by torch's own schedulers stepped after each batch."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from torch.optim import lr_scheduler

from cifar_studio.config.schedule import learning_rate, plateau_factor
from cifar_studio.config.train_config import TrainConfig

STEPS = st.integers(1, 12)
RATES = st.floats(1e-4, 10.0)


def torch_rates(config: TrainConfig, steps_in_epoch: int) -> list[float]:
    """The rates of all steps, as torch's schedulers give them."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=config.learning_rate)
    warmup = round(config.warmup_epochs * steps_in_epoch)
    steps = config.epochs * steps_in_epoch - warmup
    after: Any
    match config.schedule:
        case "cosine":
            least = config.learning_rate * config.final_share
            after = lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=least)
        case "one-cycle":
            # Its last rate is its first one through this.
            divisor = 1 / (25 * config.final_share) if config.final_share else math.inf
            after = lr_scheduler.OneCycleLR(
                optimizer, config.learning_rate, steps, final_div_factor=divisor
            )
        case "multistep":
            milestones = [epoch * steps_in_epoch - warmup for epoch in config.milestones]
            after = lr_scheduler.MultiStepLR(optimizer, milestones, config.schedule_factor)
        case _:
            after = lr_scheduler.ConstantLR(optimizer, factor=1.0)
    scheduler = after
    if warmup:
        before: Any = lr_scheduler.ConstantLR(optimizer, factor=1.0)
        if warmup > 1:
            before = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
        scheduler = lr_scheduler.SequentialLR(optimizer, [before, after], [warmup])
    rates = []
    for step in range(config.epochs * steps_in_epoch):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < config.epochs * steps_in_epoch:
            with warnings.catch_warnings():  # SequentialLR itself steps with a number
                warnings.simplefilter("ignore", UserWarning)
                scheduler.step()
    return rates


@settings(deadline=None, max_examples=200)
@given(
    schedule=st.sampled_from(["constant", "cosine", "one-cycle", "multistep"]),
    rate=RATES,
    steps_in_epoch=STEPS,
    epochs=st.integers(1, 12),
    warmup=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.3]),
    share=st.sampled_from([0.0, 1e-4, 0.01, 0.5, 1.0]),
    factor=st.floats(0.01, 0.99),
    milestones=st.sets(st.integers(4, 12), min_size=1, max_size=4),
)
def test_that_each_rate_is_that_of_torchs_scheduler(
    schedule: Any,
    rate: float,
    steps_in_epoch: int,
    epochs: int,
    warmup: float,
    share: float,
    factor: float,
    milestones: set[int],
) -> None:
    if round(warmup * steps_in_epoch) >= epochs * steps_in_epoch:
        warmup = 0.0
    config = TrainConfig(
        schedule=schedule,
        learning_rate=rate,
        epochs=epochs,
        warmup_epochs=warmup,
        final_share=share,
        schedule_factor=factor,
        milestones=tuple(sorted(milestones)),
    )
    theirs = torch_rates(config, steps_in_epoch)
    mine = [learning_rate(config, steps_in_epoch, step) for step in range(epochs * steps_in_epoch)]
    assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@settings(deadline=None, max_examples=200)
@given(
    losses=st.lists(st.sampled_from([3.0, 2.0, 1.9999, 1.5, 1.49999, 1.0, math.nan]), max_size=40),
    rate=RATES,
    factor=st.floats(0.01, 0.99),
    patience=st.integers(0, 5),
)
def test_that_each_fall_on_a_plateau_is_torchs(
    losses: list[float], rate: float, factor: float, patience: int
) -> None:
    config = TrainConfig(
        schedule="plateau", learning_rate=rate, schedule_factor=factor, plateau_patience=patience
    )
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience)
    for done in range(len(losses)):
        scheduler.step(losses[done])
        on_plateaus = plateau_factor(config, losses[: done + 1])
        mine = learning_rate(config, 3, 3 * (done + 1), on_plateaus)
        assert mine == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


def test_that_a_missing_loss_is_no_better_one() -> None:
    config = TrainConfig(schedule="plateau", plateau_patience=1)
    assert plateau_factor(config, [2.0, None]) == 1.0
    assert plateau_factor(config, [2.0, None, None]) == 0.1


def test_that_epochs_of_the_warm_up_are_no_plateau() -> None:
    config = TrainConfig(schedule="plateau", plateau_patience=1, warmup_epochs=3.0)
    assert plateau_factor(config, [2.0] * 5) == 1.0
    assert plateau_factor(config, [2.0] * 6) == 0.1


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_that_a_longer_run_holds_the_last_rate_or_goes_on_along_a_longer_curve(
    schedule: Any,
) -> None:
    short = TrainConfig(schedule=schedule, epochs=4, final_share=0.1)
    held = replace(short, epochs=10, schedule_epochs=4)
    last = learning_rate(short, 5, 19)
    assert [learning_rate(held, 5, step) for step in range(20)] == [
        learning_rate(short, 5, step) for step in range(20)
    ]
    assert {learning_rate(held, 5, step) for step in range(19, 50)} == {last}
    assert learning_rate(replace(short, epochs=10), 5, 19) > last


def test_that_the_warm_up_begins_above_nothing_and_ends_at_the_rate() -> None:
    config = TrainConfig(learning_rate=0.1, warmup_epochs=2.0, schedule="cosine", epochs=10)
    rates = [learning_rate(config, 4, step) for step in range(9)]
    assert rates[:8] == pytest.approx([0.1 * (step + 1) / 8 for step in range(8)])
    assert rates[8] == 0.1
