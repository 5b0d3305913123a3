"""The picture set and the choice of pictures, against plain loops."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset, Split
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import (
    TEST_START,
    PictureSet,
    index_of,
    reference_of,
    split_of,
)
from cifar_studio.ui.pictures.data.query import PictureQuery, count_by_class, select
from pictures_support import make_evaluation_of

SOME = frozenset({1, 17, 44, 99})


def plain_select(pictures: PictureSet, query: PictureQuery, answers: Answers | None) -> list[int]:
    """The same as `select`, one picture after the other."""
    found = []
    for reference in range(60_000):
        if query.split not in (split_of(reference), "both"):
            continue
        label = pictures.label(reference)
        if query.classes and label not in query.classes:
            continue
        if query.said or query.answers != "all":
            said = answers.said(reference) if answers is not None else None
            if said is None or (query.said and said not in query.said):
                continue
            if query.answers == "right" and said != label:
                continue
            if query.answers in ("wrong", "mistakes") and said == label:
                continue
        found.append(reference)
    if query.answers == "mistakes" and answers is not None:
        found.sort(key=lambda reference: -answers.of(reference).probabilities[0])  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize(
    ("split", "classes", "said", "which"),
    list(
        itertools.product(
            ("training", "test", "both"),
            (frozenset(), SOME),
            (frozenset(), SOME),
            ("all", "right", "wrong", "mistakes"),
        )
    ),
)
def test_that_a_selection_equals_a_plain_loop(
    pictures: PictureSet, split: str, classes: frozenset[int], said: frozenset[int], which: str
) -> None:
    answers = Answers(
        make_evaluation_of(pictures, "test"), make_evaluation_of(pictures, "training", 400, 1)
    )
    query = PictureQuery(split, classes, said, which)  # type: ignore[arg-type]
    found = select(pictures, query, answers)
    assert found.dtype == np.int32
    assert found.tolist() == plain_select(pictures, query, answers)


@pytest.mark.parametrize("which", ["right", "wrong", "mistakes"])
def test_that_without_answers_nothing_is_right_or_wrong(pictures: PictureSet, which: str) -> None:
    assert not len(select(pictures, PictureQuery("both", answers=which), None))  # type: ignore[arg-type]
    assert not len(select(pictures, PictureQuery("both", said=SOME), None))


def test_that_all_pictures_are_there_in_order(pictures: PictureSet) -> None:
    found = select(pictures, PictureQuery("both"), None)
    assert np.array_equal(found, np.arange(60_000))


def test_that_counts_pass_over_the_classes_asked_for(
    pictures: PictureSet, answers: Answers
) -> None:
    counts = count_by_class(pictures, PictureQuery("test", SOME), answers)
    assert counts.tolist() == [100] * 100
    wrong = count_by_class(pictures, PictureQuery("test", SOME, answers="wrong"), answers)
    assert wrong.sum() == len(select(pictures, PictureQuery("both", answers="wrong"), answers))


def test_that_pixels_are_the_pictures_own(pictures: PictureSet, demo: Dataset) -> None:
    for reference, split, index in ((0, demo.train, 0), (49_999, demo.train, 49_999)):
        pixels = pictures.pixels(reference)
        assert np.array_equal(pixels, split.images_NCHW[index].transpose(1, 2, 0))
    pixels = pictures.pixels(TEST_START + 7)
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, demo.test.images_NCHW[7].transpose(1, 2, 0))
    mixed = np.array([TEST_START + 7, 3, TEST_START], dtype=np.int32)
    planes = pictures.planes(mixed)
    for reference, planes_CHW in zip(mixed.tolist(), planes, strict=True):
        assert np.array_equal(planes_CHW.transpose(1, 2, 0), pictures.pixels(reference))


@pytest.mark.parametrize(
    ("reference", "split", "index"),
    [(0, "training", 0), (49_999, "training", 49_999), (50_000, "test", 0), (59_999, "test", 9999)],
)
def test_that_references_name_split_and_index(reference: int, split: str, index: int) -> None:
    assert (split_of(reference), index_of(reference)) == (split, index)
    assert reference_of(split, index) == reference  # type: ignore[arg-type]


def test_that_an_answer_names_the_five_likeliest(pictures: PictureSet) -> None:
    evaluation = make_evaluation_of(pictures, count=500)
    answers = Answers(evaluation)
    row = 123
    answer = answers.of(TEST_START + int(evaluation.indices[row]))
    assert answer is not None
    assert list(answer.classes) == evaluation.top5[row].tolist()
    assert list(answer.probabilities) == [
        float(evaluation.probabilities[row, number]) for number in evaluation.top5[row]
    ]
    left_out = next(i for i in range(10_000) if i not in set(evaluation.indices.tolist()))
    assert answers.of(TEST_START + left_out) is None
    assert answers.said(TEST_START + left_out) is None
    assert answers.of(0) is None
    assert answers.has("test")
    assert not answers.has("training")


def test_that_answers_of_another_set_are_noticed(
    pictures: PictureSet, answers: Answers, demo: Dataset
) -> None:
    assert answers.is_of(pictures)
    labels = np.array(demo.test.labels_N)
    labels[5] = (labels[5] + 1) % 100
    other = dataclasses.replace(demo, test=Split(demo.test.images_NCHW, labels))
    assert not answers.is_of(PictureSet(other))
    shorter = Split(demo.test.images_NCHW[:100], demo.test.labels_N[:100])
    assert not answers.is_of(PictureSet(dataclasses.replace(demo, test=shorter)))


@pytest.mark.real_data
def test_that_cifar100_is_chosen_by_its_own_labels(shared_cache: object) -> None:
    dataset = load_dataset("auto")
    pictures = PictureSet(dataset)
    maple = dataset.class_names.index("maple_tree")
    assert pictures.class_names[maple] == "maple tree"
    found = select(pictures, PictureQuery("both", frozenset({maple})), None)
    training = np.flatnonzero(dataset.train.labels_N == maple)
    test = np.flatnonzero(dataset.test.labels_N == maple) + TEST_START
    assert found.tolist() == [*training.tolist(), *test.tolist()]
    assert {pictures.superclass_name(reference) for reference in found.tolist()} == {"trees"}
