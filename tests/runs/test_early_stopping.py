"""When a run ends early: held against a loop that counts, and against every trap known to us."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.early_stopping import Stop, stopping
from cifar_studio.runs.folder.epochs import EpochRow
from support import make_row

LOSS = TrainConfig(epochs=100, validation_per_class=10, early_stopping="val_loss", patience=3)
TOP1 = replace(LOSS, early_stopping="val_top1")
figures = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from([math.nan, math.inf, 1.0, 2.0]),  # ties are frequent
        st.floats(0.0, 5.0),
    ),
    max_size=30,
)
configs = st.builds(
    TrainConfig,
    early_stopping=st.sampled_from(["off", "val_loss", "val_top1"]),
    patience=st.integers(1, 6),
    least_improvement=st.sampled_from([0.0, 0.25, 1.0]),
    stopping_from=st.integers(1, 12),
)


def rows_of(*values: float | None) -> list[EpochRow]:
    """Rows whose validation loss and top-1 are both these values."""
    return [
        replace(make_row(epoch), val_loss=value, val_top1=value)
        for epoch, value in enumerate(values, 1)
    ]


def counted(values: list[float | None], config: TrainConfig) -> tuple[int, int] | None:
    """Last epoch and epoch of the best, by a counter as trainers have it."""
    best: float | None = None
    best_epoch = waited = 0
    for epoch, value in enumerate(values, 1):
        is_better = False
        if value is not None and not math.isnan(value) and not math.isinf(value):
            if best is None:
                is_better = True
            elif config.early_stopping == "val_loss":
                is_better = value < best - config.least_improvement
            else:
                is_better = value > best + config.least_improvement
        if is_better:
            best, best_epoch, waited = value, epoch, 0
        else:
            waited += 1
        if epoch >= config.stopping_from and waited >= config.patience:
            return epoch, best_epoch
    return None


@given(figures, configs)
def test_that_a_loop_with_a_counter_ends_at_the_same_epoch(
    values: list[float | None], config: TrainConfig
) -> None:
    found = stopping(rows_of(*values), config)
    if config.early_stopping == "off":
        assert found is None
    else:
        assert (None if found is None else (found.epoch, found.since)) == counted(values, config)


@given(figures, configs, st.integers(0, 30))
def test_that_a_run_cut_anywhere_and_resumed_ends_at_the_same_epoch(
    values: list[float | None], config: TrainConfig, cut: int
) -> None:
    """A trainer asks after each epoch; a resumed one has nothing but the rows."""

    def trained(kept: list[EpochRow]) -> list[EpochRow]:
        rows = list(kept)
        for row in whole[len(kept) :]:
            if stopping(rows, config) is not None:
                break
            rows.append(row)
        return rows

    whole = rows_of(*values)
    undisturbed = trained([])
    resumed = trained(undisturbed[:cut])
    assert resumed == undisturbed
    assert trained(resumed) == undisturbed  # what has stopped is still stopped


def test_that_it_ends_when_patience_is_used_up_and_not_one_epoch_later() -> None:
    rows = rows_of(3.0, 2.0, 2.5, 2.4, 2.3)
    assert stopping(rows[:4], LOSS) is None
    assert stopping(rows, LOSS) == Stop(5, 2, "val_loss")


def test_that_a_tie_does_not_begin_patience_anew() -> None:
    assert stopping(rows_of(2.0, 2.0, 2.0, 2.0), LOSS) == Stop(4, 1, "val_loss")
    assert stopping(rows_of(50.0, 50.0, 50.0, 50.0), TOP1) == Stop(4, 1, "val_top1")


@pytest.mark.parametrize("lost", [None, math.nan, math.inf, -math.inf])
def test_that_a_figure_that_is_not_finite_is_no_improvement_and_uses_patience(
    lost: float | None,
) -> None:
    for config in (LOSS, TOP1):
        found = stopping(rows_of(2.0, lost, lost, lost), config)
        assert found is not None
        assert (found.epoch, found.since) == (4, 1)
        # Nor does it become what the next ones are held against.
        assert stopping(rows_of(2.0, lost, 1.0 if config is LOSS else 3.0, 9.0), config) is None


def test_that_a_run_without_any_finite_figure_counts_from_its_start() -> None:
    found = stopping(rows_of(math.nan, None, math.nan), LOSS)
    assert found == Stop(3, 0, "val_loss")
    assert found.words() == "stopped early at epoch 3: no finite validation loss so far"


def test_that_an_improvement_is_held_against_the_last_one_and_has_to_be_larger_than_the_least() -> (
    None
):
    config = replace(LOSS, least_improvement=0.25)
    assert stopping(rows_of(2.0, 1.75, 1.8, 1.9), config) == Stop(4, 1, "val_loss", 0.25)
    assert stopping(rows_of(2.0, 1.74, 1.8, 1.9), config) is None
    # Small steps add up: 1.7 is 0.3 below 2.0, though never 0.25 below the epoch before.
    assert stopping(rows_of(2.0, 1.85, 1.7, 1.7, 1.7), config) is None


def test_that_it_does_not_end_before_the_first_epoch_allowed_and_then_at_once() -> None:
    config = replace(LOSS, stopping_from=6)
    rows = rows_of(1.0, 2.0, 2.0, 2.0, 2.0, 2.0)
    assert stopping(rows[:5], config) is None
    assert stopping(rows, config) == Stop(6, 1, "val_loss")


def test_that_an_early_end_is_said_with_what_it_waited_for() -> None:
    words = Stop(31, 21, "val_loss").words()
    assert words == "stopped early at epoch 31: no better validation loss since 21"
    by = Stop(9, 4, "val_top1", by=0.5).words()
    assert by.endswith("no validation top-1 better by more than 0.5 since 4")
    assert Stop(9, 4, "val_top1").words().endswith("no better validation top-1 since 4")
