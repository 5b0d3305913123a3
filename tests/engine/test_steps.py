"""Steps that take no number from the host: the same as steps called by hand, and undoable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import Tensor

from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.training import trainer
from cifar_studio.engine.training.batches import Normalize, Pictures, cut_batch, place, plan_epoch
from cifar_studio.engine.training.cuda_graph import GraphCapture, Rollback, Work, warm_up
from cifar_studio.engine.training.epoch_steps import Steps
from cifar_studio.engine.training.forward_pass import Forward
from cifar_studio.engine.training.trainer import train
from cifar_studio.engine.training.training_state import TrainingState
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.events import RunNoticed
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import NEVER, SMALL, assert_equal, assert_same_run

CPU = torch.device("cpu")
NORMALIZE = Normalize([0.5] * 3, [0.25] * 3, CPU)
NO_GPU = not torch.cuda.is_available()


def pictures_of(dataset: Dataset) -> Pictures:
    return place(dataset.train, np.arange(0, 400, 4), CPU)


def new_state() -> TrainingState:
    return TrainingState(SMALL, resolve(SMALL), 100, "")


def begun(state: TrainingState, pictures: Pictures, capture: GraphCapture) -> Steps:
    steps = Steps(state, pictures, NORMALIZE, capture)
    steps.begin_epoch(plan_epoch(replace(SMALL, seed=1), 100, epoch=1, device=CPU))
    return steps


def everything(state: TrainingState) -> dict[str, object]:
    """What a checkpoint would hold, apart from the living tensors."""
    checkpoint = state.to_checkpoint()
    parts = (checkpoint.network, checkpoint.momenta, checkpoint.random, checkpoint.updates)
    return {str(n): _copied(part) for n, part in enumerate((*parts, checkpoint.batches))}


def _copied(part: object) -> object:
    if isinstance(part, Tensor):
        return part.clone()
    return {k: _copied(v) for k, v in part.items()} if isinstance(part, dict) else part


def test_that_steps_equal_batches_cut_and_trained_by_hand(dataset: Dataset) -> None:
    pictures, state = pictures_of(dataset), new_state()
    steps = begun(state, pictures, GraphCapture(CPU))
    by_hand = new_state()
    plan = plan_epoch(replace(SMALL, seed=1), 100, epoch=1, device=CPU)
    torch.manual_seed(3)
    losses = []
    for start, stop in ((0, 32), (32, 64), (64, 96), (96, 100)):
        images, labels = cut_batch(pictures, plan, torch.arange(start, stop))
        losses.append(by_hand.step(NORMALIZE(images), labels)[0].item())
    torch.manual_seed(3)
    for _ in range(4):
        steps.take()
    assert state.batch == 4
    assert state.to_checkpoint().batches[0].tolist() == losses
    assert_equal(everything(state)["0"], everything(by_hand)["0"], "weights")


def test_that_what_is_undone_leaves_no_trace(dataset: Dataset) -> None:
    pictures, state = pictures_of(dataset), new_state()
    steps = begun(state, pictures, GraphCapture(CPU))
    steps.take()
    before = everything(state)
    with steps._rolled_back():
        for _ in range(3):
            steps.take()
        changed = everything(state)
    state.batch = 1
    with pytest.raises(AssertionError):
        assert_equal(changed["0"], before["0"], "weights")
    assert_equal(everything(state), before, "state")


class Rehearsing(GraphCapture):
    """Warms up as before a recording, and then does the work call by call."""

    def captured(self, work: Work, rolled_back: Rollback) -> Work:
        warm_up(work, rolled_back)
        return work


def test_that_warming_up_leaves_no_trace_even_on_the_last_pictures(dataset: Dataset) -> None:
    pictures = pictures_of(dataset)
    mine, plain = new_state(), new_state()
    rehearsed, eager = (
        begun(mine, pictures, Rehearsing(CPU)),
        begun(plain, pictures, GraphCapture(CPU)),
    )
    for steps in (rehearsed, eager):
        torch.manual_seed(3)
        for _ in range(4):  # the last batch has four pictures, and none come after it
            steps.take()
    assert_equal(everything(mine), everything(plain), "state")
    plain.network.eval()
    many = place(dataset.train, np.arange(300), CPU)
    forwards = [
        Forward(plain.network, many, NORMALIZE, resolve(SMALL), capture)
        for capture in (Rehearsing(CPU), None)
    ]
    for forward in forwards:
        assert list(forward.rounds()) == [256, 300]
    assert torch.equal(forwards[0].logits_NK, forwards[1].logits_NK)


@pytest.mark.skipif(not NO_GPU, reason="a recording succeeds here")
def test_that_a_recording_that_fails_is_done_call_by_call_with_the_same_bits(
    dataset: Dataset,
) -> None:
    capture = GraphCapture(torch.device("cuda"))  # no such device: the recording fails for real
    pictures = pictures_of(dataset)
    mine, plain = new_state(), new_state()
    recorded, eager = begun(mine, pictures, capture), begun(plain, pictures, GraphCapture(CPU))
    for steps in (recorded, eager):
        torch.manual_seed(3)
        for _ in range(4):
            steps.take()
    assert capture.failure
    assert_equal(everything(mine), everything(plain), "state")


@pytest.mark.skipif(not NO_GPU, reason="a recording succeeds here")
def test_that_a_run_says_once_that_it_could_not_be_recorded(
    dataset: Dataset,
    make_run: Callable[..., tuple[RunFolder, Environment]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(SMALL, epochs=1)
    folder, environment = make_run(config, "plain")
    list(train(config, dataset, folder, environment, intervals=NEVER))
    monkeypatch.setattr(trainer, "GraphCapture", lambda _: GraphCapture(torch.device("cuda")))
    other, environment = make_run(config, "other")
    events = list(train(config, dataset, other, environment, intervals=NEVER))
    (notice,) = [event for event in events if isinstance(event, RunNoticed)]
    assert "could not be recorded as a CUDA graph" in notice.message
    assert "same results" in notice.message
    assert_same_run(folder, other)


def test_that_specialised_runs_differ_from_whole_ones_by_rounding_at_first(
    dataset: Dataset, make_run: Callable[..., tuple[RunFolder, Environment]]
) -> None:
    losses = []
    for specialize in (True, False):
        config = replace(SMALL, epochs=1, dropout=0.0, specialize=specialize, batch_size=100)
        folder, environment = make_run(config, f"specialised {specialize}")
        assert environment.resolved.specialized == specialize
        list(train(config, dataset, folder, environment, intervals=NEVER))
        losses.append(folder.read_epochs()[0].train_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_that_a_second_round_of_answers_follows_the_weights(dataset: Dataset) -> None:
    state = new_state()
    forward = Forward(state.network.eval(), pictures_of(dataset), NORMALIZE, resolve(SMALL))
    assert list(forward.rounds()) == [100]
    first = forward.logits_NK.clone()
    assert list(forward.rounds()) == [100]
    assert torch.equal(forward.logits_NK, first)
    with torch.no_grad():
        next(iter(state.network.parameters())).mul_(2)
    list(forward.rounds())
    assert not torch.equal(forward.logits_NK, first)
