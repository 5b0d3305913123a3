"""What an epoch draws for its pictures: by torchvision's distributions, each purpose by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.stats import beta, chi2_contingency, chisquare, ks_2samp, kstest
from torch import Tensor, nn
from torchvision import transforms
from torchvision.transforms import autoaugment, v2

from cifar_studio.config.train_config import AutoAugment, TrainConfig
from cifar_studio.engine.augmentation.policies import OPERATIONS, SIGNED, STRENGTHS, Policy
from cifar_studio.engine.training.batches import EpochPlan, plan_epoch

CPU = torch.device("cpu")
PLAIN = TrainConfig(seed=3)
EVERYTHING = replace(
    PLAIN,
    auto_augment="randaugment",
    cutout=0.5,
    random_erasing=0.25,
    mixing="mixup or cutmix",
    mixing_probability=0.8,
)
UNLIKELY = 0.001


def plan(config: TrainConfig, n: int = 50_000, epoch: int = 1) -> EpochPlan:
    return plan_epoch(config, n, epoch=epoch, device=CPU)


def tensors(part: object, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(part, Tensor):
        yield name, part
    elif part is not None:
        for field in fields(part):  # type: ignore[arg-type]
            yield from tensors(getattr(part, field.name), f"{name}.{field.name}")


def policy_of(config: TrainConfig) -> Policy:
    policy = plan(config).policy
    assert policy is not None
    return policy


def boxes_of(boxes_N4: Tensor | None) -> NDArray[np.int64]:
    assert boxes_N4 is not None
    return boxes_N4.numpy()


# The policies


def test_that_all_operations_strengths_and_signs_are_equally_likely() -> None:
    policy = policy_of(replace(PLAIN, auto_augment="trivialaugment"))
    (chosen_N,) = policy.chosen_RN
    assert chisquare(torch.bincount(chosen_N, minlength=868)).pvalue > UNLIKELY
    operations = policy.entries.operations_E[chosen_N]
    assert chisquare(torch.bincount(operations, minlength=14)).pvalue > UNLIKELY
    magnitudes = policy.entries.magnitudes_E[chosen_N]
    for name in SIGNED:
        drawn = magnitudes[operations == OPERATIONS.index(name)]
        _, strengths = drawn.abs().unique(return_counts=True)
        assert len(strengths) == STRENGTHS
        assert chisquare(strengths).pvalue > UNLIKELY
        signed = drawn[drawn != 0]
        assert chisquare([(signed > 0).sum(), (signed < 0).sum()]).pvalue > UNLIKELY


@pytest.mark.parametrize("name", ["trivialaugment", "randaugment"])
def test_that_operations_and_strengths_are_as_often_as_torchvisions_class_draws_them(
    name: AutoAugment, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, float]] = []

    def note(image: Tensor, operation: str, magnitude: float, **_: object) -> Tensor:
        heard.append((operation, magnitude))
        return image

    monkeypatch.setattr(autoaugment, "_apply_op", note)
    draw: nn.Module = (
        autoaugment.TrivialAugmentWide()
        if name == "trivialaugment"
        else autoaugment.RandAugment(num_ops=2, magnitude=9)
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(6000):
            draw(torch.zeros(3, 32, 32, dtype=torch.uint8))
    policy = policy_of(replace(PLAIN, auto_augment=name))
    chosen = policy.chosen_RN.flatten()
    entries = policy.entries
    mine = [
        (OPERATIONS[operation], magnitude)
        for operation, magnitude in zip(
            entries.operations_E[chosen].tolist(),
            entries.magnitudes_E[chosen].tolist(),
            strict=True,
        )
    ]
    # By operation, sign and whether it is one of the stronger half.
    assert _table_pvalue(heard, mine) > UNLIKELY
    possible = {(operation, np.float32(magnitude)) for operation, magnitude in mine}
    assert {(operation, np.float32(magnitude)) for operation, magnitude in heard} <= possible


def _table_pvalue(one: list[tuple[str, float]], other: list[tuple[str, float]]) -> float:
    def kind(drawn: tuple[str, float]) -> tuple[str, float, bool]:
        operation, magnitude = drawn
        middle = {"Posterize": 5.0, "Solarize": 127.0, "Rotate": 67.0, "ShearX": 0.5, "ShearY": 0.5}
        strong = abs(magnitude) > middle.get(operation, 16.0 if "Translate" in operation else 0.5)
        return operation, float(np.sign(magnitude)), strong

    kinds = sorted({kind(drawn) for drawn in one + other})
    counts = np.zeros((2, len(kinds)))
    for row, draws in enumerate((one, other)):
        for drawn in draws:
            counts[row, kinds.index(kind(drawn))] += 1
    return float(chi2_contingency(counts[:, counts.sum(0) >= 10]).pvalue)


def test_that_randaugment_does_as_many_operations_of_the_strength_that_is_set() -> None:
    config = replace(PLAIN, auto_augment="randaugment", randaugment_operations=3)
    policy = policy_of(replace(config, randaugment_magnitude=30))
    assert policy.chosen_RN.shape == (3, 50_000)
    first, second, _ = policy.entries.operations_E[policy.chosen_RN]
    pairs = torch.bincount(first * 14 + second, minlength=14 * 14)
    assert chisquare(pairs).pvalue > UNLIKELY  # one says nothing of the next
    rotations = policy.entries.magnitudes_E[policy.entries.operations_E == 5]
    assert rotations.tolist() == [30, -30]


# What is blanked out


def test_that_cutout_blanks_squares_around_any_pixel_in_the_share_of_pictures() -> None:
    boxes = boxes_of(plan(replace(PLAIN, cutout=0.3, cutout_size=9)).cutout_N4)
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    is_blanked = heights > 0
    assert (is_blanked == (widths > 0)).all()
    assert chisquare([is_blanked.sum(), (~is_blanked).sum()], [15_000, 35_000]).pvalue > UNLIKELY
    assert (boxes >= 0).all()
    assert (boxes <= 32).all()
    whole = boxes[(heights == 9) & (widths == 9)]
    for starts in (whole[:, 0], whole[:, 2]):
        assert chisquare(np.bincount(starts, minlength=24)).pvalue > UNLIKELY
    # A centre on the outermost row leaves five of nine rows.
    assert heights[is_blanked].min() == 5
    places = np.bincount(boxes[is_blanked, 0] * 33 + boxes[is_blanked, 1], minlength=33 * 33)
    assert chisquare(places[places > 0]).pvalue > UNLIKELY  # one for each of 32 rows
    assert (places > 0).sum() == 32


def test_that_erased_areas_aspects_and_places_are_torchvisions() -> None:
    boxes = boxes_of(plan(replace(PLAIN, random_erasing=0.4)).erasing_N4)
    boxes = boxes[boxes[:, 1] > boxes[:, 0]]
    assert chisquare([len(boxes), 50_000 - len(boxes)], [20_000, 30_000]).pvalue > UNLIKELY
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    image = torch.zeros(3, 32, 32)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        theirs = np.array(
            [
                transforms.RandomErasing.get_params(image, (0.02, 0.33), (0.3, 3.3), [0.0])[:4]
                for _ in range(8000)
            ]
        )
    tops, lefts, their_heights, their_widths = theirs.T
    for mine, expected in (
        (heights * widths, their_heights * their_widths),
        (heights / widths, their_heights / their_widths),
        (boxes[:, 0], tops),
        (boxes[:, 2], lefts),
        (boxes[:, 1], tops + their_heights),
    ):
        assert ks_2samp(mine, expected).pvalue > UNLIKELY


# Mixing


def test_that_shares_follow_the_beta_distribution_that_is_set() -> None:
    config = replace(PLAIN, mixing="mixup", batch_size=10, mixup_alpha=0.4)
    mixing = plan(config).mixing
    assert mixing is not None
    assert kstest(mixing.shares_M.numpy(), beta(0.4, 0.4).cdf).pvalue > UNLIKELY
    assert not mixing.boxes_M4.any()


def test_that_cutmix_draws_torchvisions_boxes_and_shares() -> None:
    mixing = plan(replace(PLAIN, mixing="cutmix", batch_size=10)).mixing
    assert mixing is not None
    boxes = mixing.boxes_M4.numpy()
    image = torch.zeros(1, 3, 32, 32)
    cutmix = v2.CutMix(alpha=1.0, num_classes=100)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        theirs = [cutmix.make_params([image]) for _ in range(8000)]
    shares = [params["lam_adjusted"] for params in theirs]
    lefts, tops, rights, bottoms = np.array([params["box"] for params in theirs]).T
    assert ks_2samp(mixing.shares_M.numpy(), shares).pvalue > UNLIKELY
    for mine, expected in zip(boxes.T, (tops, bottoms, lefts, rights), strict=True):
        assert ks_2samp(mine[boxes[:, 1] > boxes[:, 0]], expected[bottoms > tops]).pvalue > UNLIKELY


def test_that_the_set_share_of_batches_is_mixed_half_of_it_by_each() -> None:
    config = replace(EVERYTHING, batch_size=5, cutmix_alpha=3.0)
    mixing = plan(config).mixing
    assert mixing is not None
    is_cut = (mixing.boxes_M4[:, 1] > mixing.boxes_M4[:, 0]).numpy()
    is_blended = ~is_cut & (mixing.shares_M != 1).numpy()
    counts = [is_cut.sum(), is_blended.sum(), (~is_cut & ~is_blended).sum()]
    # With alpha 3 a box is hardly ever empty, with alpha 0.2 a share of 1 is not rare.
    assert chisquare([counts[0], sum(counts[1:])], [4000, 6000]).pvalue > UNLIKELY
    whole = plan(replace(config, mixup_alpha=3.0)).mixing
    assert whole is not None
    others = ~is_cut & (whole.shares_M != 1).numpy()
    assert chisquare([others.sum(), 10_000 - others.sum()], [4000, 6000]).pvalue > UNLIKELY


def test_that_partners_are_a_permutation_of_each_batch_the_last_smaller_one_too() -> None:
    mixing = plan(replace(EVERYTHING, batch_size=32), 100).mixing
    assert mixing is not None
    assert len(mixing.shares_M) == 4
    orders = mixing.partners_N.split(32)
    for partners in orders:
        assert torch.equal(partners.sort().values, torch.arange(len(partners)))
    assert not torch.equal(orders[0], orders[1])


# One purpose and another


def test_that_what_was_drawn_before_there_were_others_is_drawn_still() -> None:
    for config in (PLAIN, EVERYTHING):
        drawn = plan(config, 1000, epoch=7)
        streams = [np.random.default_rng((3, 7, purpose)) for purpose in range(3)]
        assert np.array_equal(drawn.order_N, streams[0].permutation(1000))
        starts = streams[1].integers(0, 9, size=(2, 1000))
        assert np.array_equal(drawn.rows_N, starts[0])
        assert np.array_equal(drawn.columns_N, starts[1])
        assert np.array_equal(drawn.flips_N[:, 0], streams[2].random(1000) < 0.5)


@pytest.mark.parametrize(
    "changed",
    [
        {"random_crop": False},
        {"horizontal_flip": False},
        {"auto_augment": "none"},
        {"cutout": 0.0},
        {"random_erasing": 0.0},
        {"mixing": "none"},
    ],
)
def test_that_turning_one_off_leaves_all_others(changed: dict[str, object]) -> None:
    with_all = dict(tensors(plan(EVERYTHING, 300)))
    without = dict(tensors(plan(replace(EVERYTHING, **changed), 300)))
    differing = {name for name in with_all if not _is_same(with_all[name], without.get(name))}
    (key,) = changed
    own = {
        "random_crop": {".rows_N", ".columns_N"},
        "horizontal_flip": {".flips_N"},
        "auto_augment": {name for name in with_all if name.startswith(".policy.")},
        "cutout": {".cutout_N4"},
        "random_erasing": {".erasing_N4"},
        "mixing": {name for name in with_all if name.startswith(".mixing.")},
    }
    assert differing == own[key]


def _is_same(one: Tensor, other: Tensor | None) -> bool:
    return other is not None and torch.equal(one, other)


def test_that_all_is_drawn_from_seed_and_epoch_alone() -> None:
    before = torch.get_rng_state()
    first = dict(tensors(plan(EVERYTHING, 300)))
    np.random.default_rng(0).random(10)
    again = dict(tensors(plan(EVERYTHING, 300)))
    later = dict(tensors(plan(EVERYTHING, 300, epoch=2)))
    other = dict(tensors(plan(replace(EVERYTHING, seed=4), 300)))
    for name, tensor in first.items():
        assert torch.equal(tensor, again[name])
        if not name.startswith(".policy.entries"):
            assert not torch.equal(tensor, later[name]), name
            assert not torch.equal(tensor, other[name]), name
    assert torch.equal(torch.get_rng_state(), before)


def test_that_a_plan_that_becomes_another_takes_all_of_it_and_stays_in_place() -> None:
    one, other = plan(EVERYTHING, 100), plan(EVERYTHING, 100, epoch=2)
    places = {name: tensor.data_ptr() for name, tensor in tensors(one)}
    assert len(places) == len({*places.values()}) >= 14
    one.copy_(other)
    for (name, mine), (_, theirs) in zip(tensors(one), tensors(other), strict=True):
        assert torch.equal(mine, theirs), name
        assert mine.data_ptr() == places[name]


def test_that_a_plan_does_not_change_what_the_next_one_is_made_of() -> None:
    one = plan(EVERYTHING, 100)
    for _, tensor in tensors(one):
        tensor.zero_()
    assert plan(EVERYTHING, 100).policy is not None
    entries = policy_of(EVERYTHING).entries
    assert entries.tables_EV.any()
