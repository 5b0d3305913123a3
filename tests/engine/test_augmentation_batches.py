"""Batches with everything on: mixed as torchvision mixes, and any one made alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import Tensor
from torchvision.transforms import RandomErasing, v2
from torchvision.transforms import functional as transforms

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.augmentation.erasing import blank_out
from cifar_studio.engine.augmentation.mixing import Mixing, mix
from cifar_studio.engine.augmentation.policies import augment
from cifar_studio.engine.machine.device import numerics, resolve
from cifar_studio.engine.training.batches import (
    Batch,
    EpochPlan,
    Normalize,
    Pictures,
    cut_batch,
    make_batch,
    place,
    plan_epoch,
)
from cifar_studio.engine.training.cuda_graph import GraphCapture
from cifar_studio.engine.training.epoch_steps import Steps
from cifar_studio.engine.training.training_state import TrainingState
from engine.training_runs import SMALL

CPU = torch.device("cpu")
FORMATS = [torch.contiguous_format, torch.channels_last]
EVERYTHING = TrainConfig(
    seed=3,
    batch_size=32,
    auto_augment="randaugment",
    cutout=0.5,
    random_erasing=0.5,
    mixing="mixup or cutmix",
)


@pytest.fixture
def pictures(dataset: Dataset) -> Pictures:
    return place(dataset.train, np.arange(0, 400, 4), CPU)


def normalize(memory_format: torch.memory_format = torch.contiguous_format) -> Normalize:
    return Normalize([0.507, 0.486, 0.440], [0.267, 0.256, 0.276], CPU, memory_format)


def made(pictures: Pictures, plan: EpochPlan, batch: int, normal: Normalize | None = None) -> Batch:
    shown = torch.arange(32 * batch, min(32 * batch + 32, len(pictures)))
    return make_batch(pictures, plan, normal or normalize(), torch.tensor([batch]), shown)


def assert_same(one: Batch, other: Batch) -> None:
    assert torch.equal(one.images_BCHW, other.images_BCHW)
    assert torch.equal(one.labels_B, other.labels_B)
    assert one.targets_BK is not None
    assert other.targets_BK is not None
    assert torch.equal(one.targets_BK, other.targets_BK)


@pytest.mark.parametrize("memory_format", FORMATS)
def test_that_without_new_augmentation_a_batch_has_the_bits_that_it_had(
    pictures: Pictures, memory_format: torch.memory_format
) -> None:
    plan = plan_epoch(TrainConfig(seed=3, batch_size=32), 100, epoch=1, device=CPU)
    batch = made(pictures, plan, 3, normalize(memory_format))
    images, labels = cut_batch(pictures, plan, torch.arange(96, 100))
    assert torch.equal(batch.images_BCHW, normalize(memory_format)(images))
    assert batch.images_BCHW.is_contiguous(memory_format=memory_format)
    assert torch.equal(batch.labels_B, labels)
    assert batch.targets_BK is None


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_that_a_batch_made_alone_is_the_one_made_in_order(pictures: Pictures, batch: int) -> None:
    plan = plan_epoch(EVERYTHING, 100, epoch=2, device=CPU)
    in_order = [made(pictures, plan, number) for number in range(4)]
    again = plan_epoch(EVERYTHING, 100, epoch=2, device=CPU)
    assert_same(made(pictures, again, batch), in_order[batch])
    assert len(in_order[3].labels_B) == 4


def test_that_a_plan_taken_over_makes_the_other_epochs_batches(pictures: Pictures) -> None:
    plan = plan_epoch(EVERYTHING, 100, epoch=1, device=CPU)
    other = plan_epoch(EVERYTHING, 100, epoch=2, device=CPU)
    plan.copy_(other)
    for batch in range(4):
        assert_same(made(pictures, plan, batch), made(pictures, other, batch))


def test_that_memory_formats_hold_the_same_batch(pictures: Pictures) -> None:
    plan = plan_epoch(EVERYTHING, 100, epoch=1, device=CPU)
    one, other = (made(pictures, plan, 1, normalize(wanted)) for wanted in FORMATS)
    assert_same(one, other)
    assert other.images_BCHW.is_contiguous(memory_format=torch.channels_last)


def test_that_the_steps_stand_in_torchvisions_order(pictures: Pictures) -> None:
    """Crop and mirror image, policy, normalisation, blanking out, mixing."""
    config = replace(EVERYTHING, mixing="mixup", mixup_alpha=1.0)
    plan = plan_epoch(config, 100, epoch=1, device=CPU)
    assert plan.policy is not None
    assert plan.cutout_N4 is not None
    assert plan.erasing_N4 is not None
    assert plan.mixing is not None
    shown = torch.arange(32, 64)
    images, labels = cut_batch(pictures, plan, shown)
    floats = normalize()(augment(plan.policy, images, shown))
    for boxes in (plan.cutout_N4, plan.erasing_N4):
        for image, (top, bottom, left, right) in zip(floats, boxes[shown].tolist(), strict=True):
            image[:, top:bottom, left:right] = 0
    share, partners = float(plan.mixing.shares_M[1]), plan.mixing.partners_N[shown]
    mixed = share * floats + (1 - share) * floats[partners]
    batch = made(pictures, plan, 1)
    assert torch.allclose(batch.images_BCHW, mixed, atol=1e-6)
    assert torch.equal(batch.labels_B, labels if share >= 0.5 else labels[partners])


def test_that_a_boxs_pixels_become_what_torchvisions_erase_makes_them() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(40, 3, 32, 32, generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [
            RandomErasing.get_params(image, (0.02, 0.33), (0.3, 3.3), [0.0])[:4] for image in images
        ]
    boxes = torch.tensor([(top, top + h, left, left + w) for top, left, h, w in drawn])
    expected = [
        transforms.erase(image, *box, torch.zeros(1))
        for image, box in zip(images, drawn, strict=True)
    ]
    boxes[7] = 0
    expected[7] = images[7].clone()
    assert torch.equal(blank_out(boxes, images, torch.arange(40)), torch.stack(expected))


# Mixing against torchvision's, which takes the neighbour before as the partner


def _batch_of_12() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(12, 3, 32, 32, generator=generator)
    labels = torch.randint(0, 100, (12,), generator=generator)
    return images, labels, torch.arange(12).roll(1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.7183, 1.0])
def test_that_mixup_gives_torchvisions_pictures_and_labels(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels, partners = _batch_of_12()
    mixing = Mixing(torch.tensor([1.0, share]), torch.zeros(2, 4, dtype=torch.int64), partners)
    share = float(mixing.shares_M[1])
    theirs = v2.MixUp(num_classes=100)
    monkeypatch.setattr(theirs, "make_params", lambda _: {"lam": share})
    mixed, larger, targets = mix(mixing, images, labels, torch.tensor([1]), torch.arange(12))
    expected_images, expected_targets = theirs(images, labels)
    assert torch.equal(mixed, expected_images)
    assert torch.equal(targets, expected_targets)
    assert torch.equal(larger, labels if share >= 0.5 else labels.roll(1))


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize(
    "box", [(0, 32, 0, 32), (3, 10, 5, 31), (0, 7, 20, 32), (9, 9, 4, 9), (0, 32, 0, 10)]
)
def test_that_cutmix_gives_torchvisions_pictures_and_labels(
    box: tuple[int, int, int, int],
    memory_format: torch.memory_format,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, labels, partners = _batch_of_12()
    top, bottom, left, right = box
    share = 1 - (bottom - top) * (right - left) / 1024
    mixing = Mixing(torch.tensor([share]), torch.tensor([box]), partners)
    theirs = v2.CutMix(num_classes=100)
    params = {"box": (left, top, right, bottom), "lam_adjusted": share}
    monkeypatch.setattr(theirs, "make_params", lambda _: params)
    mixed, larger, targets = mix(
        mixing,
        images.to(memory_format=memory_format),
        labels,
        torch.tensor([0]),
        torch.arange(12),
    )
    expected_images, expected_targets = theirs(images, labels)
    assert torch.equal(mixed, expected_images)
    assert mixed.is_contiguous(memory_format=memory_format)
    assert torch.equal(targets, expected_targets)
    assert torch.equal(larger, labels if share >= 0.5 else labels.roll(1))


def test_that_a_batch_that_is_not_mixed_stays_as_it_is(pictures: Pictures) -> None:
    config = replace(EVERYTHING, mixing_probability=0.0)
    batch = made(pictures, plan_epoch(config, 100, epoch=1, device=CPU), 1)
    plain = plan_epoch(replace(config, mixing="none"), 100, epoch=1, device=CPU)
    expected = made(pictures, plain, 1)
    assert torch.equal(batch.images_BCHW, expected.images_BCHW)
    assert torch.equal(batch.labels_B, expected.labels_B)
    assert batch.targets_BK is not None
    assert torch.equal(batch.targets_BK, torch.eye(100)[expected.labels_B])


# In a step


def test_that_no_step_of_it_looks_at_what_it_computes() -> None:
    """On a device without values all goes well: a recording could not wait for them either."""
    meta = torch.device("meta")
    plan = plan_epoch(EVERYTHING, 100, epoch=1, device=meta)
    images = torch.empty(100, 3, 32, 32, dtype=torch.uint8, device=meta)
    labels = torch.empty(100, dtype=torch.int64, device=meta)
    pictures = Pictures(images, labels, np.arange(100, dtype=np.int32))
    batch = make_batch(
        pictures,
        plan,
        Normalize([0.5] * 3, [0.25] * 3, meta),
        torch.zeros(1, dtype=torch.int64, device=meta),
        torch.arange(32, device=meta),
    )
    assert batch.images_BCHW.shape == (32, 3, 32, 32)
    assert batch.targets_BK is not None
    assert batch.targets_BK.shape == (32, 100)


def test_that_the_loss_is_of_the_shares_and_right_answers_of_the_larger_one() -> None:
    config = replace(SMALL, dropout=0.0)
    resolved = resolve(config)
    images, labels, _ = _batch_of_12()
    with numerics(resolved, config.deterministic):
        one, other = (TrainingState(config, resolved, 12, "") for _ in range(2))
        targets = torch.eye(100)[labels]
        loss, correct = one.step(images, labels, targets)
        expected, expected_correct = other.step(images, labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert correct == expected_correct
    half = 0.5 * targets + 0.5 * targets.roll(1, 0)
    logits = other.network(images).detach()
    log_probabilities = logits.log_softmax(1)
    loss, correct = other.step(images, labels, half)
    assert loss.item() == pytest.approx(-(half * log_probabilities).sum(1).mean().item(), rel=1e-5)
    assert correct == (logits.argmax(1) == labels).sum()


def test_that_steps_of_two_epochs_train_on_their_very_batches(pictures: Pictures) -> None:
    config = replace(EVERYTHING, architecture="mobilenet_v2", dropout=0.0)
    resolved = resolve(config)
    with numerics(resolved, config.deterministic):
        mine, by_hand = (TrainingState(config, resolved, 100, "") for _ in range(2))
        steps = Steps(mine, pictures, normalize(), GraphCapture(CPU))
        for epoch in (1, 2):
            mine.begin_epoch()
            plan = plan_epoch(config, 100, epoch=epoch, device=CPU)
            steps.begin_epoch(plan_epoch(config, 100, epoch=epoch, device=CPU))
            for number in range(4):
                steps.take()
                batch = made(pictures, plan, number)
                by_hand.step(batch.images_BCHW, batch.labels_B, batch.targets_BK)
    for one, other in zip(
        mine.network.state_dict().values(), by_hand.network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)
