"""Giving way to other programs: noticed, undone, and without a trace in any result."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from cifar_studio.engine.machine import openmp_waiting
from cifar_studio.engine.machine.openmp_waiting import OtherPrograms, SpareTeam, giving_way

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP")


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def step() -> list[torch.Tensor]:
    """A step of a small network, its loss and its gradients."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(32, 16, 16, 16, generator=generator)
    weights = torch.randn(16, 16, 3, 3, generator=generator, requires_grad=True)
    loss = torch.relu(torch.conv2d(images, weights, padding=1)).pow(2).mean()
    loss.backward()
    assert weights.grad is not None
    return [loss.detach(), weights.grad]


def others_names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


@needs_linux
def test_that_a_busy_program_is_seen_and_own_work_is_not() -> None:
    others = OtherPrograms()
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        deadline = time.monotonic() + 60
        while others.processors() < 0.3:
            assert time.monotonic() < deadline, "a program that never rests went unseen"
            time.sleep(0.2)
    finally:
        busy.kill()
        busy.wait()


@needs_linux
@pytest.mark.usefixtures("two_threads")
def test_that_a_spare_team_changes_no_bit_and_leaves_no_thread() -> None:
    before = threading.active_count()
    alone = step()
    spare = SpareTeam()
    beside = step()
    spare.end()
    after = step()
    for first, second, third in zip(alone, beside, after, strict=True):
        assert torch.equal(first, second)
        assert torch.equal(first, third)
    assert threading.active_count() == before


@needs_linux
@pytest.mark.usefixtures("two_threads")
def test_that_a_training_gives_way_while_others_work_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = [2.0]
    monkeypatch.setattr(openmp_waiting, "LOOK_S", 0.01)
    monkeypatch.setattr(OtherPrograms, "processors", lambda self: busy[0])

    def wait_until(gives_way: bool) -> None:
        deadline = time.monotonic() + 60
        while ("spare OpenMP team" in others_names()) != gives_way:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    with giving_way("cpu"):
        wait_until(True)
        busy[0] = 0.25  # neither busy nor quiet: it stays as it is
        assert "spare OpenMP team" in others_names()
        busy[0] = 0.0
        wait_until(False)
        busy[0] = 1.0
        wait_until(True)
    assert not {"spare OpenMP team", "neighbours"} & others_names()


@pytest.mark.parametrize(("device", "threads"), [("cuda:0", 2), ("cpu", 1)])
def test_that_nobody_watches_where_nothing_spins(device: str, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with giving_way(device):
            assert "neighbours" not in others_names()
    finally:
        torch.set_num_threads(before)
