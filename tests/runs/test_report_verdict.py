"""The verdict: a run repeats the report, is near it, or is far from it."""

from __future__ import annotations

import msgspec
import pytest

from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.runs.analysis.report_verdict import report_verdict
from cifar_studio.runs.analysis.summary import RunSummary, summarize
from cifar_studio.runs.folder.epochs import EpochRow
from report_runs import report_rows

PRINTED = REPORT_RESULTS["report-vgg11"]


def summary_with(**changes: float) -> RunSummary:
    """Of a run with the report's figures, some of them `changes` higher."""
    return summarize([_changed(row, changes) for row in report_rows(PRINTED)])


def _changed(row: EpochRow, changes: dict[str, float]) -> EpochRow:
    values = {key: getattr(row, key) + change for key, change in changes.items()}
    return msgspec.structs.replace(row, **values)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "repeats the report within 0.0 points"),
        ({"train_top1": -0.68, "test_top1": 0.64}, "repeats the report within 0.7 points"),
        ({"test_top5": 0.8}, "repeats the report within 0.8 points"),
        ({"test_top1": 1.5, "train_loss": -0.0999}, "repeats the report within 1.5 points"),
        ({"test_top1": 1.51}, "near the report: top-1 test accuracy 1.5 points higher"),
        ({"train_loss": 0.14}, "near the report: minimum training loss 0.14 higher"),
        ({"train_loss": -0.4}, "far from the report: minimum training loss 0.40 lower"),
        ({"test_top5": -4.0}, "far from the report: top-5 test accuracy 4.0 points lower"),
        (
            {"train_top1": -37.2, "train_loss": 1.5, "test_top1": -16.0},
            "far from the report: training accuracy 37 points lower",
        ),
    ],
)
def test_that_the_rule_and_its_words_hold(changes: dict[str, float], words: str) -> None:
    found = report_verdict(PRINTED, summary_with(**changes))
    assert found is not None
    assert found.words == words
    assert found.repeats == words.startswith("repeats")


def test_that_a_run_without_figures_has_no_verdict() -> None:
    assert report_verdict(PRINTED, summarize([])) is None
