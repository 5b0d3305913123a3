"""Repeated pictures: planted ones are found, others are not, and CIFAR-100's are as published."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from cifar_studio.cli.output import repeats_report
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset, Split, digest_of
from cifar_studio.data.repeats.find_repeats import Repeats, find_repeats


def searched(dataset: Dataset) -> Repeats:
    steps = find_repeats(dataset)
    reported = []
    try:
        while True:
            reported.append(next(steps))
    except StopIteration as ended:
        total = len(dataset.train) + len(dataset.test)
        assert reported[0] == (0, total)
        assert reported[-1] == (total, total)
        return ended.value


def made_of(train: np.ndarray, test: np.ndarray) -> Dataset:
    def split(images: np.ndarray) -> Split:
        return Split(images, np.zeros(len(images), np.uint8))

    names = tuple(map(str, range(100)))
    parts = split(train), split(test)
    return Dataset("demo", "", digest_of(*parts), *parts, names, names[:20], np.zeros(100))


def noise(n: int) -> np.ndarray:
    """Coarse shapes with texture on them."""
    generator = np.random.default_rng(1)
    coarse = generator.integers(40, 200, (n, 3, 8, 8)).repeat(4, axis=2).repeat(4, axis=3)
    return (coarse + generator.integers(-30, 30, (n, 3, 32, 32))).clip(0, 255).astype(np.uint8)


def test_that_planted_repeats_are_found_and_nothing_else() -> None:
    images = noise(40)
    as_image = Image.fromarray(images[3].transpose(1, 2, 0))
    brighter = np.asarray(ImageEnhance.Brightness(as_image).enhance(1.15)).transpose(2, 0, 1)
    test = np.stack([images[0], images[1][..., ::-1], brighter, noise(41)[40]])
    found = searched(made_of(np.concatenate([images, images[5:6]]), test))
    pairs = {tuple(pair): k for k, pair in enumerate(found.pairs_P2.tolist())}
    assert set(pairs) == {(5, 40), (0, 41), (1, 42), (3, 43)}
    assert found.identical_P[pairs[5, 40]]
    assert found.identical_P[pairs[0, 41]]
    assert found.mirrored_P[pairs[1, 42]]
    assert not found.identical_P[pairs[1, 42]]
    assert not found.identical_P[pairs[3, 43]]
    assert found.likeness_P[pairs[3, 43]] > 0.95
    assert (np.diff(found.likeness_P) <= 0).all()


def test_that_plain_pictures_are_compared_too() -> None:
    plain = np.full((2, 3, 32, 32), 255, np.uint8)
    found = searched(made_of(plain, noise(1)))
    assert len(found) == 0  # a plain colour says nothing of where a picture comes from


def test_that_the_command_line_lists_the_pairs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = noise(12)
    test = np.stack([images[0], images[1][..., ::-1]])
    dataset = made_of(images, test)
    monkeypatch.setattr(repeats_report, "load_dataset", lambda _: dataset)
    repeats_report.list_repeats("demo", json=False)
    identical, mirrored, total = capsys.readouterr().out.splitlines()
    assert identical.split() == ["identical", "1.0000", "train", "0", "0", "test", "0", "0"]
    assert mirrored.split()[0] == "mirrored"
    assert mirrored.split()[2:] == ["train", "1", "0", "test", "1", "0"]
    assert total == (
        "2 pairs: 1 identical, 1 mirrored, 0 nearly the same; 2 with one picture in each split"
    )
    repeats_report.list_repeats("demo", json=True)
    first, _ = json.loads(capsys.readouterr().out)
    assert first == {
        "kind": "identical",
        "likeness": 1.0,
        "first": {"split": "train", "index": 0, "class": "0"},
        "second": {"split": "test", "index": 0, "class": "0"},
    }


@pytest.mark.real_data
@pytest.mark.timeout(600)
def test_that_the_published_pictures_repeat_as_they_do() -> None:
    dataset = load_dataset("auto")
    groups = defaultdict(list)
    for place, image in enumerate([*dataset.train.images_NCHW, *dataset.test.images_NCHW]):
        groups[image.tobytes()].append(place)
    identical = {tuple(group) for group in groups.values() if len(group) > 1}
    found = searched(dataset)
    assert {tuple(pair) for pair in found.pairs_P2[found.identical_P].tolist()} == identical
    across = (found.pairs_P2[:, 0] < 50_000) & (found.pairs_P2[:, 1] >= 50_000)
    assert len(found) > 500
    assert across.sum() > 100
