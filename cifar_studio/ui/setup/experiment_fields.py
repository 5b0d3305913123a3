"""The fields of an experiment, in the order in which they are shown."""

from __future__ import annotations

import functools
from typing import Any

from typing_extensions import override

from cifar_studio.config.experiment.experiment import (
    FEWEST_FOLDS,
    KIND_TITLES,
    METHOD_TITLES,
    METRIC_TITLES,
    MOST_FOLDS,
    PRUNING_TITLES,
    ExperimentKind,
)
from cifar_studio.ui.setup.field import Field, LineField
from cifar_studio.ui.setup.fields import ChoiceField, NumberField

KINDS: tuple[ExperimentKind, ...] = ("search", "folds", "seeds")
"""Those that the form makes; the report has a dialog of its own."""
SPLIT, FOLDS = "split", "folds"
"""What a trial of a search is trained on."""


class _NameField(LineField):
    """A text that is taken as it is."""

    @override
    def value(self) -> str:
        return self._editor.text().strip()

    @override
    def set_value(self, value: Any) -> None:
        if self._editor.text() != str(value):
            self._editor.setText(str(value))


def experiment_fields() -> list[Field]:
    whole = functools.partial(NumberField, integer=True, step=1)
    return [
        ChoiceField(
            "kind",
            "Kind",
            "What the trainings find out together.",
            {kind: KIND_TITLES[kind] for kind in KINDS},
        ),
        _NameField("name", "Name", "What the experiment is called, in the list and as a folder."),
        ChoiceField(
            "method",
            "How",
            "How the values of a trial are chosen: all there are, one after another; at random, "
            "which covers many settings well; or near what was good so far.",
            METHOD_TITLES,
        ),
        whole(
            "trials",
            "Trials",
            "How many are tried at most; empty means all combinations, or as many as the hours "
            "allow.",
            empty_text="all",
        ),
        NumberField(
            "hours",
            "Hours",
            "After so many hours of training no other trial is begun; empty means that only their "
            "number counts.",
            integer=False,
            step=1,
            empty_text="no limit",
        ),
        ChoiceField(
            "metric",
            "Judge by",
            "The figure that ranks the trials. The test set stays locked, so that the winner can "
            "still be judged by it.",
            METRIC_TITLES,
        ),
        ChoiceField(
            "judged",
            "Each trial on",
            "One validation split costs one training a trial; folds cost several, and say more "
            "surely which is better.",
            {SPLIT: "one validation split", FOLDS: "several folds"},
        ),
        whole(
            "folds",
            "Folds",
            "Parts that the training pictures are dealt out into, each held out once: "
            f"{FEWEST_FOLDS} to {MOST_FOLDS}; 5 or 10 is usual.",
        ),
        ChoiceField(
            "pruning",
            "End early",
            "Whether trials that do badly are ended before their last epoch, which saves time.",
            PRUNING_TITLES,
        ),
        whole(
            "search_seed",
            "Search seed",
            "Start of the random numbers that choose the trials; the trainings have their own "
            "seed below.",
        ),
        whole(
            "seeds",
            "Seeds",
            "How many trainings that differ in nothing but the seed, 1 to 1,000; 3 to 5 is usual.",
        ),
    ]
