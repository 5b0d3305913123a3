"""A search that learns, trained without a break."""

from __future__ import annotations

import pytest

from experiments.optuna_loop import TPE
from experiments.searches import Bench


@pytest.fixture(scope="session")
def uninterrupted() -> Bench:
    bench = Bench(TPE)
    for _ in range(25):
        bench.train()
    return bench
