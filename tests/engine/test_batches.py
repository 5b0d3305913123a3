"""Batches against torchvision's transforms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import chisquare
from torchvision import transforms
from torchvision.transforms import functional

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.training.batches import (
    EpochPlan,
    Normalize,
    crop_and_flip,
    cut_batch,
    place,
    plan_epoch,
)

CPU = torch.device("cpu")
CELLS = [(row, column, flip) for row in range(9) for column in range(9) for flip in (False, True)]


def plan(
    n: int = 50_000, seed: int = 0, epoch: int = 1, *, crop: bool = True, flip: bool = True
) -> EpochPlan:
    config = TrainConfig(seed=seed, random_crop=crop, horizontal_flip=flip)
    return plan_epoch(config, n, epoch=epoch, device=CPU)


def test_that_every_crop_and_mirroring_puts_every_pixel_where_torchvision_does() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(1, 256, (162, 3, 32, 32), dtype=torch.uint8, generator=generator)
    rows, columns, flips = (torch.tensor(values) for values in zip(*CELLS, strict=True))

    cropped = crop_and_flip(images, rows, columns, flips[:, None])

    for image, mine, (row, column, flip) in zip(images, cropped, CELLS, strict=True):
        theirs = functional.crop(functional.pad(image, [4]), row, column, 32, 32)
        assert torch.equal(mine, functional.hflip(theirs) if flip else theirs)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_that_all_offsets_and_mirrorings_are_equally_likely(seed: int) -> None:
    drawn = plan(seed=seed)
    cells = (drawn.rows_N * 9 + drawn.columns_N) * 2 + drawn.flips_N[:, 0]
    counts = torch.bincount(cells, minlength=162).numpy()
    assert len(counts) == 162
    assert chisquare(counts).pvalue > 0.001


def test_that_an_epoch_shows_each_picture_once_in_an_order_of_its_own() -> None:
    orders = [plan(1000, seed, epoch).order_N for seed, epoch in ((0, 1), (0, 2), (1, 1))]
    for order in orders:
        assert torch.equal(order.sort().values, torch.arange(1000))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (orders[one] == orders[other]).float().mean() < 0.01


def test_that_an_epoch_is_drawn_from_seed_and_epoch_alone() -> None:
    before = torch.get_rng_state()
    first = plan(seed=5, epoch=3)
    np.random.default_rng(0).random(10)
    second = plan(seed=5, epoch=3)
    for name in ("order_N", "rows_N", "columns_N", "flips_N"):
        assert torch.equal(getattr(first, name), getattr(second, name))
    assert torch.equal(torch.get_rng_state(), before)


def test_that_turning_one_augmentation_off_leaves_the_other_and_the_order() -> None:
    both, no_crop, no_flip = plan(), plan(crop=False), plan(flip=False)
    assert torch.equal(both.order_N, no_crop.order_N)
    assert torch.equal(both.flips_N, no_crop.flips_N)
    assert torch.equal(both.rows_N, no_flip.rows_N)
    assert (no_crop.rows_N == 4).all()
    assert (no_crop.columns_N == 4).all()
    assert not no_flip.flips_N.any()


def test_that_a_batch_without_augmentation_is_the_pictures_as_they_are(dataset: Dataset) -> None:
    positions = np.arange(0, 400, 3)
    pictures = place(dataset.train, positions, CPU)
    drawn = plan(len(positions), crop=False, flip=False)
    images, labels = cut_batch(pictures, drawn, torch.arange(100, 134))
    chosen = positions[drawn.order_N[100:150].numpy()]
    assert np.array_equal(images.numpy(), dataset.train.images_NCHW[chosen])
    assert np.array_equal(labels.numpy(), dataset.train.labels_N[chosen])


def test_that_augmented_pictures_keep_their_labels(dataset: Dataset) -> None:
    pictures = place(dataset.train, np.arange(400), CPU)
    drawn = plan(400)
    images, labels = cut_batch(pictures, drawn, torch.arange(400))
    for index in range(0, 400, 7):
        image = pictures.images_NCHW[drawn.order_N[index]]
        row, column = int(drawn.rows_N[index]), int(drawn.columns_N[index])
        expected = functional.crop(functional.pad(image, [4]), row, column, 32, 32)
        if drawn.flips_N[index]:
            expected = functional.hflip(expected)
        assert torch.equal(images[index], expected)
    assert torch.equal(labels, pictures.labels_N[drawn.order_N])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_that_normalisation_has_the_bits_of_torchvisions(
    dataset: Dataset, memory_format: torch.memory_format
) -> None:
    mean, std = [0.507, 0.486, 0.440], [0.267, 0.256, 0.276]
    theirs = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])
    arrays = dataset.train.images_NCHW[:20]
    expected = torch.stack([theirs(Image.fromarray(a.transpose(1, 2, 0).copy())) for a in arrays])
    mine = Normalize(mean, std, CPU, memory_format)(torch.from_numpy(arrays))
    assert torch.equal(mine, expected)
    assert mine.is_contiguous(memory_format=memory_format)


def test_that_the_border_is_black_as_torchvisions_crop_of_a_picture_makes_it() -> None:
    image = np.full((32, 32, 3), 200, dtype=np.uint8)
    padded = transforms.functional.pad(Image.fromarray(image), [4])
    expected = torch.from_numpy(np.array(padded.crop((0, 0, 32, 32)))).permute(2, 0, 1)
    mine = crop_and_flip(
        torch.from_numpy(image).permute(2, 0, 1)[None],
        torch.tensor([0]),
        torch.tensor([0]),
        torch.tensor([[False]]),
    )
    assert torch.equal(mine[0], expected)


def test_that_the_complete_set_takes_less_than_250_mb_on_the_device(dataset: Dataset) -> None:
    subset = choose_for(TrainConfig(train_per_class=4, test_per_class=2), dataset)
    train, test = place(dataset.train, subset.train, CPU), place(dataset.test, subset.test, CPU)
    per_picture = [
        (p.images_NCHW.nbytes + p.labels_N.nbytes + p.positions_N.nbytes) / len(p)
        for p in (train, test)
    ]
    assert 50_000 * per_picture[0] + 10_000 * per_picture[1] < 250e6
