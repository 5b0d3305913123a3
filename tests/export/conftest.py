"""What the tests of exports share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def random_state() -> Iterator[None]:
    """Whatever is seeded here decides no other test; one thread, for batches this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)
