"""The estimate: real steps, and no trace of them."""

from __future__ import annotations

import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.speed import speed_estimate as estimates
from cifar_studio.engine.speed.speed_estimate import estimate
from cifar_studio.errors import BadInputError


@pytest.fixture(autouse=True)
def _small_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "TRAIN_BUDGET_S", 0.2)
    monkeypatch.setattr(estimates, "TEST_BUDGET_S", 0.1)


@pytest.mark.parametrize("config", [TrainConfig(batch_size=16), TrainConfig(batch_size=4096)])
def test_that_an_estimate_has_speeds_and_memory_and_leaves_no_trace(config: TrainConfig) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    result = estimate(config)
    assert result.train_images_per_second > 1
    assert result.test_images_per_second > 1
    assert result.memory_mib > 100
    assert result.device == "cpu" or result.device.startswith(("cuda", "mps"))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_that_more_pictures_take_more_memory() -> None:
    small = TrainConfig(architecture="mobilenet_v2", batch_size=2, train_per_class=1)
    few, many = (estimate(replace(small, batch_size=size)).memory_mib for size in (2, 4096))
    assert many > few + 1000


def test_that_an_absent_device_is_told() -> None:
    with pytest.raises(BadInputError, match="cuda:99"):
        estimate(TrainConfig(device="cuda:99"))
