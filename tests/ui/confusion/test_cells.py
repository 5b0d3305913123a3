"""Order, figures and words of the cells; no window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from cifar_studio.runs.analysis.confusion_cells import Cells, Shading, cells_of
from cifar_studio.ui.confusion.navigation import Position
from ui.confusion.answers import cells_by_level, make_answers, make_names

NAMES = make_names()
ANSWERS = make_answers(NAMES)


BOTH = cells_by_level(ANSWERS.confusion, NAMES)


def place(cells: Cells, true: int, said: int) -> tuple[int, int]:
    return cells.place_of(true), cells.place_of(said)


def test_that_classes_stand_by_superclass_with_their_own_counts() -> None:
    cells = BOTH["classes"]
    assert [NAMES.superclass_of[numbers[0]] for numbers in cells.classes] == sorted(
        NAMES.superclass_of
    )
    for true, said in ((0, 0), (3, 20), (99, 1)):
        row, column = place(cells, true, said)
        assert cells.counts[row, column] == ANSWERS.confusion[true, said]
        assert cells.titles[row] == f"class {true}"
    assert cells.shown.tolist() == [20] * 100


def test_that_superclasses_add_up_their_classes() -> None:
    cells = BOTH["superclasses"]
    of = NAMES.superclass_of
    assert np.array_equal(cells.counts, confusion_matrix(of[ANSWERS.true], of[ANSWERS.predicted]))
    assert cells.titles[3] == "kind 3"
    assert cells.shown.tolist() == [100] * 20
    assert sorted(number for numbers in cells.classes for number in numbers) == list(range(100))


def test_that_per_cent_are_of_the_class_shown() -> None:
    for cells in BOTH.values():
        np.testing.assert_allclose(cells.values(percent=True).sum(axis=1), 100)


def test_that_a_class_that_was_not_shown_has_no_per_cent_and_says_so() -> None:
    answers = make_answers(NAMES, n=3)  # of classes 0, 37 and 74
    cells = cells_of(answers.confusion, NAMES, "classes")
    row = cells.place_of(1)
    assert not cells.values(percent=True)[row].any()
    assert cells.describe(row, 0).endswith("no class 1 was shown")


def test_that_a_cell_is_told_as_a_sentence() -> None:
    confusion = np.zeros((100, 100), dtype=np.int64)
    confusion[4, 9], confusion[4, 4] = 23, 77
    cells = cells_of(confusion, NAMES, "classes")
    assert cells.describe(*place(cells, 4, 9)) == (
        "class 4 shown, class 9 said: 23 of 100 (23.00 %)"
    )
    assert cells.describe(*place(cells, 4, 4)) == "class 4 shown and said: 77 of 100 (77.00 %)"
    assert cells.heading(*place(cells, 4, 9)) == "class 4 → class 9: 23 of 100"


def test_that_a_difference_always_says_its_sign() -> None:
    confusion, other = np.zeros((2, 100, 100), dtype=np.int64)
    confusion[4, 9], confusion[4, 4] = 23, 777
    other[4, 9], other[4, 4] = 1, 799
    cells = cells_of(confusion, NAMES, "classes", minus=other)
    up, down = place(cells, 4, 9), place(cells, 4, 4)
    assert (cells.text(*up, percent=False), cells.text(*down, percent=False)) == ("+22", "−22")
    assert (cells.text(*up, percent=True), cells.text(*down, percent=True)) == ("+3", "−3")
    assert cells.describe(*up) == "class 4 shown, class 9 said: A +22 against B, of 800"


def test_that_the_least_share_is_not_written_as_none() -> None:
    confusion = np.zeros((100, 100), dtype=np.int64)
    confusion[4, 9], confusion[4, 4] = 1, 999
    cells = cells_of(confusion, NAMES, "classes")
    assert cells.text(*place(cells, 4, 9), percent=True) == "<1"
    assert cells.text(*place(cells, 4, 5), percent=True) == ""


@pytest.mark.parametrize("percent", [False, True])
def test_that_the_copy_can_be_read_back(percent: bool) -> None:
    for cells in BOTH.values():
        lines = cells.as_text(percent).splitlines()
        assert lines[0].split("\t")[1:] == list(cells.titles)
        read = np.array([[float(text) for text in line.split("\t")[1:]] for line in lines[1:]])
        np.testing.assert_allclose(read, cells.values(percent), atol=0.005)


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=40), st.booleans())
@settings(deadline=None)
def test_that_colours_keep_the_order_of_sizes_and_only_zero_has_none(
    counts: list[int], logarithmic: bool
) -> None:
    values = np.array(counts, dtype=np.float64)
    strengths = Shading.of(values, logarithmic).strength(values)
    order = np.argsort(np.abs(values), kind="stable")
    assert (np.diff(strengths[order]) >= 0).all()
    assert np.array_equal(strengths == 0, values == 0)
    assert strengths.max() == pytest.approx(1) or not values.any()


def test_that_logarithmic_colours_bring_out_rare_mistakes() -> None:
    values = np.array([1.0, 400.0])
    faint = Shading.of(values, logarithmic=False).strength(values)[0]
    assert Shading.of(values, logarithmic=True).strength(values)[0] > 20 * faint


@given(st.floats(0.01, 1e4), st.floats(1, 1e4), st.booleans(), st.booleans())
@settings(deadline=None)
def test_that_the_legend_goes_from_zero_to_the_top(
    unit: float, ratio: float, logarithmic: bool, whole: bool
) -> None:
    shading = Shading(unit * ratio, unit, logarithmic)
    ticks = shading.ticks(whole)
    assert ticks[0] == 0
    assert ticks[-1] == shading.top
    assert ticks == sorted(ticks)
    assert len(ticks) <= 13


def test_that_a_position_ends_at_the_edges() -> None:
    position = Position()
    assert not position.go_to(3, 3)
    assert not position.zoom_in()
    assert not position.zoom_out()
    position.set_cells(BOTH)
    position.go_to(-5, 10**9)
    assert position.current == (0, 19)
    position.set_level("classes")
    position.go_to(10**9, -1)
    assert position.current == (99, 0)


def test_that_a_change_of_level_stays_at_the_same_place() -> None:
    position = Position()
    position.set_cells(BOTH)
    position.go_to(4, 11)
    shown, said = position.chosen_classes()
    position.set_level("classes")
    (true,), (answer,) = position.chosen_classes()
    assert (true in shown, answer in said) == (True, True)
    assert ANSWERS.confusion[true, answer] == ANSWERS.confusion[np.ix_(shown, said)].max()
    position.set_level("superclasses")
    assert position.current == (4, 11)


def test_that_search_goes_round() -> None:
    position = Position()
    position.set_cells(BOTH)
    places = []
    for _ in range(3):
        found = position.next_with("kind 1")
        assert found is not None
        position.go_to(found, found)
        places.append(found)
    assert places == [1, 10, 11]
    position.go_to(19, 19)
    assert position.next_with("kind 1") == 1
    assert position.next_with("no such class") is None
