"""Every operation, strength and sign against torchvision's, picture by picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, autoaugment

from cifar_studio.config.train_config import AutoAugment
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.augmentation.policies import (
    OPERATIONS,
    SIGNED,
    STRENGTHS,
    Entries,
    entries_of,
    operated,
)

UNSIGNED: dict[AutoAugment, dict[str, int]] = {
    name: {"Identity": 1, "Posterize": bits, "Solarize": 31, "AutoContrast": 1, "Equalize": 1}
    for name, bits in (("trivialaugment", 7), ("randaugment", 5))
}


def theirs(image_CHW: Tensor, operation: str, magnitude: float) -> Tensor:
    changed: Tensor = autoaugment._apply_op(
        image_CHW, operation, magnitude, InterpolationMode.NEAREST, None
    )
    return changed


def their_space(name: AutoAugment) -> dict[str, tuple[Tensor, bool]]:
    space: dict[str, tuple[Tensor, bool]] = (
        autoaugment.TrivialAugmentWide()._augmentation_space(STRENGTHS)
        if name == "trivialaugment"
        else autoaugment.RandAugment()._augmentation_space(STRENGTHS, (32, 32))
    )
    return space


def all_entries(name: AutoAugment) -> list[Entries]:
    if name == "trivialaugment":
        return [entries_of(name, None)]
    return [entries_of(name, strength) for strength in range(STRENGTHS)]


@pytest.fixture
def images(dataset: Dataset) -> Tensor:
    """Pictures, noise, and what has few values: where rounding and empty ranges show."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=generator)
    flat = torch.full((1, 3, 32, 32), 77, dtype=torch.uint8)
    two = torch.where(noise[:1] < 9, 200, 30).to(torch.uint8)
    narrow = noise[1:2] // 16 + 100
    drawn = torch.from_numpy(dataset.train.images_NCHW[:120:20].copy())
    return torch.cat([drawn, noise, flat, two, narrow])


@pytest.mark.parametrize("name", ["trivialaugment", "randaugment"])
def test_that_the_strengths_and_signs_are_torchvisions(name: AutoAugment) -> None:
    space = their_space(name)
    assert list(space) == list(OPERATIONS)
    assert tuple(key for key, (_, is_signed) in space.items() if is_signed) == SIGNED
    mine = np.concatenate(
        [
            torch.stack([e.operations_E.float(), e.magnitudes_E], 1).numpy()
            for e in all_entries(name)
        ]
    )
    expected = [
        (number, sign * magnitude)
        for number, (strengths, is_signed) in enumerate(space.values())
        for magnitude in strengths.expand(STRENGTHS).tolist()
        for sign in ((1, -1) if is_signed else (1, 1))
    ]
    assert sorted(mine.tolist()) == sorted(np.float32(expected).tolist())


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["trivialaugment", "randaugment"])
def test_that_an_operation_gives_torchvisions_bytes_at_every_strength_and_sign(
    images: Tensor, name: AutoAugment, operation: str
) -> None:
    number = OPERATIONS.index(operation)
    done = set()
    for entries in all_entries(name):
        for entry in (entries.operations_E == number).nonzero()[:, 0].tolist():
            magnitude = entries.magnitudes_E[entry].item()
            if magnitude in done:
                continue
            done.add(magnitude)
            mine = operated(entries, images, torch.full((len(images),), entry))
            expected = torch.stack([theirs(image, operation, magnitude) for image in images])
            differing = int((mine != expected).sum())
            assert differing == 0, f"{operation} {magnitude}: {differing} bytes differ"
    assert len(done) == (2 * STRENGTHS - 1 if operation in SIGNED else UNSIGNED[name][operation])


def test_that_pictures_of_one_batch_each_get_their_own(images: Tensor) -> None:
    entries = entries_of("trivialaugment", None)
    count = len(entries.operations_E)
    chosen = torch.randperm(count, generator=torch.Generator().manual_seed(1))
    batch = images[torch.arange(count) % len(images)]
    mine = operated(entries, batch, chosen)
    for image, changed, entry in zip(batch, mine, chosen.tolist(), strict=True):
        operation = OPERATIONS[int(entries.operations_E[entry])]
        expected = theirs(image, operation, entries.magnitudes_E[entry].item())
        assert torch.equal(changed, expected), operation


def test_that_what_is_given_stays_as_it_was(images: Tensor) -> None:
    entries = entries_of("trivialaugment", None)
    before = images.clone()
    for number in range(len(OPERATIONS)):
        operated(entries, images, torch.full((len(images),), 62 * number + 31))
    assert torch.equal(images, before)
