"""Kept repeats: the same again at once, and never those of a damaged or strange file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cifar_studio import sealed
from cifar_studio.data.dataset import Dataset, Split, digest_of
from cifar_studio.data.repeats import kept_repeats
from cifar_studio.data.repeats.find_repeats import METHOD, Repeats
from cifar_studio.data.repeats.kept_repeats import keep, kept_file, read_kept, repeats_of


def make_dataset(seed: int = 0) -> Dataset:
    """Twelve pictures of noise; the first training picture is a test picture too."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(40, 200, (12, 3, 8, 8)).repeat(4, axis=2).repeat(4, axis=3)
    images = (coarse + generator.integers(-30, 30, (12, 3, 32, 32))).clip(0, 255).astype(np.uint8)
    images[11] = images[0]
    images[10] = images[1][..., ::-1]
    labels = np.arange(12, dtype=np.uint8)
    train, test = Split(images[:8], labels[:8]), Split(images[8:], labels[8:])
    names = tuple(map(str, range(100)))
    return Dataset(
        "demo", "", digest_of(train, test), train, test, names, names[:20], np.zeros(100, np.uint8)
    )


def carried_out(dataset: Dataset) -> tuple[Repeats, int]:
    """What is found, and how often progress was reported."""
    steps, reports = repeats_of(dataset), 0
    while True:
        try:
            next(steps)
            reports += 1
        except StopIteration as ended:
            return ended.value, reports


def assert_equal(one: Repeats, other: Repeats) -> None:
    for name in Repeats.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype


def test_that_repeats_are_found_once_and_then_at_hand() -> None:
    dataset = make_dataset()
    assert read_kept(dataset) is None
    found, reports = carried_out(dataset)
    assert found.pairs_P2.tolist() == [[0, 11], [1, 10]]
    assert reports == 2
    again, reports = carried_out(dataset)
    assert reports == 0
    assert_equal(again, found)


def test_that_no_repeats_are_kept_too() -> None:
    dataset = make_dataset()
    empty = Repeats(
        np.empty((0, 2), np.int32), np.empty(0, np.float32), np.empty(0, bool), np.empty(0, bool)
    )
    keep(dataset, empty)
    kept = read_kept(dataset)
    assert kept is not None
    assert_equal(kept, empty)


def test_that_any_damage_shows_and_is_mended() -> None:
    dataset = make_dataset()
    found, _ = carried_out(dataset)
    path = kept_file(dataset)
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        assert read_kept(dataset) is None
    for part in (b"", whole[:100], whole[:-1], whole + b"\0"):
        path.write_bytes(part)
        assert read_kept(dataset) is None
    again, reports = carried_out(dataset)
    assert reports == 2
    assert_equal(again, found)
    assert path.read_bytes() == whole


def test_that_repeats_found_in_another_way_are_found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_dataset()
    carried_out(dataset)
    assert read_kept(dataset) is not None
    monkeypatch.setattr(kept_repeats, "METHOD", METHOD + 1)
    assert read_kept(dataset) is None


def test_that_objects_are_not_read() -> None:
    dataset = make_dataset()
    carried_out(dataset)
    with np.load(kept_file(dataset)) as file:
        arrays = dict(file) | {"pairs_P2": np.array([[{}, 11]], object)}
    sealed.write(kept_file(dataset), lambda file: np.savez(file, **arrays))
    assert read_kept(dataset) is None


def test_that_other_pictures_have_repeats_of_their_own() -> None:
    one, other = make_dataset(), make_dataset(seed=1)
    carried_out(one)
    assert read_kept(other) is None
    kept_file(one).rename(kept_file(other))
    assert read_kept(other) is None
    renamed = dataclasses.replace(other, digest=one.digest[:16] + other.digest[16:])
    kept_file(other).rename(kept_file(renamed))
    assert read_kept(renamed) is None


def test_that_a_disk_that_takes_nothing_costs_only_the_keeping(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(dataset: Dataset, repeats: Repeats) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_repeats, "keep", refuse)
    found, _ = carried_out(make_dataset())
    assert len(found) == 2
    assert "cannot be written (No space left on device)" in caplog.text


def test_that_something_else_in_its_place_is_no_file(tmp_path: Path) -> None:
    dataset = make_dataset()
    kept_file(dataset).mkdir(parents=True)
    assert read_kept(dataset) is None
    found, _ = carried_out(dataset)
    assert len(found) == 2
