"""Whether a run repeats the report: the rule, and the answer in a line.

The rule: maximum training, top-1 and top-5 accuracy each within 1.5 points of the printed column,
and the minimum training loss within 0.1. On 10,000 test pictures an accuracy of about a half has a
standard error of 0.5 points and the difference of two like networks one of 0.7, so that they are
within 1.5 in 19 of 20 cases. Other settings that were tried end 12 to 37 points away in training
accuracy and 0.47 to 1.5 in training loss; those that repeat it are 0.03 away at most. Not in the
rule: the minimum test loss, two of whose printed values belong to no such run, and times, which
are the machine's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cifar_studio.config.report import ReportResult
from cifar_studio.runs.analysis.summary import RunSummary

MOST_POINTS = 1.5
MOST_LOSS = 0.1
NEAR = 2.0
"""So many times the tolerance is still "near"."""
_ACCURACIES = {
    "max_train_top1": "training accuracy",
    "max_test_top1": "top-1 test accuracy",
    "max_test_top5": "top-5 test accuracy",
}


@dataclass(frozen=True)
class ReportVerdict:
    """The answer.

    Attributes
    ----------
    repeats : bool
    words : str
        "repeats the report within 0.8 points", "far from the report: training accuracy 37 points
        lower".
    """

    repeats: bool
    words: str


def report_verdict(result: ReportResult, summary: RunSummary) -> ReportVerdict | None:
    """Hold a run's figures against a printed column; None where one of them is not known."""
    loss = summary.min_train_loss
    found = {name: getattr(summary, name) for name in _ACCURACIES}
    if loss is None or None in found.values():
        return None
    points = {name: value - getattr(result, name) for name, value in found.items()}
    nats = loss - result.min_train_loss
    worst = max(points, key=lambda name: abs(points[name]))
    far = max(abs(points[worst]) / MOST_POINTS, abs(nats) / MOST_LOSS)
    if far <= 1.0:
        within = math.ceil(round(10 * abs(points[worst]), 6)) / 10
        return ReportVerdict(True, f"repeats the report within {within:.1f} points")
    if abs(nats) / MOST_LOSS > 1.0 >= abs(points[worst]) / MOST_POINTS:
        difference = f"minimum training loss {abs(nats):.2f} {_side(nats)}"
    else:
        size = abs(points[worst])
        number = f"{size:.0f}" if size >= 10 else f"{size:.1f}"
        difference = f"{_ACCURACIES[worst]} {number} points {_side(points[worst])}"
    distance = "near" if far <= NEAR else "far from"
    return ReportVerdict(False, f"{distance} the report: {difference}")


def _side(difference: float) -> str:
    return "higher" if difference > 0 else "lower"
