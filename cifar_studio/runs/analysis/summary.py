"""One run in the figures of the report's Table 2, and the honest figure beside them.

What a table makes of them lives in `export/tables/report_table.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.folder.epochs import EpochRow, best_row, is_tested_at_end, lacks_tests

ChosenBy = Literal["validation", "test", "end"]
DEFAULT_RULE = ConvergenceRule()


@dataclass(frozen=True)
class RunSummary:
    """The rows of Table 2 for one run. What is unknown or not finite is None.

    A maximum or minimum is over epochs; the test ones are therefore selected on the test pictures
    that they are measured on, and None where the test set was locked. The first eleven attributes
    are named as in `ReportResult`.

    An epoch's seconds are training and evaluation together: the report records one run time an
    epoch, beside its test figures, and its total times are within 0.02 % of epochs times that in
    four of its six runs, so its tests hardly lie outside. A validation split is evaluated within
    these seconds too. The quick tests inside long epochs, and what lies between the parts of a
    resumed run, do not count.

    Attributes
    ----------
    epochs : int
        Epochs run: the number of the last one.
    epochs_to_convergence : int or None
        By `rule`, which is the one asked for as it suits these rows.
    epoch_seconds : float or None
        Mean time of an epoch.
    epoch_seconds_std : float or None
        Its sample standard deviation (n - 1); None for fewer than two epochs.
    seconds_to_convergence : float or None
        Times of the epochs up to convergence, added up. The report multiplies the mean instead.
    total_seconds : float or None
        Times of all epochs added up. This one and the one before are None where the time of an
        epoch that they count is missing.
    max_train_top1, max_test_top1, max_test_top5 : float or None
        Percent.
    min_train_loss, min_test_loss : float or None
        Nats.
    max_val_top1 : float or None
        Percent of the validation pictures, which are not tested on.
    best_epoch : int or None
        As `best_row` chooses it.
    best_by : {"validation", "test", "end"} or None
        What chose it, "end" where it is the last one that alone was tested; None without an epoch.
    best_test_top1, best_test_top5, best_test_loss : float or None
        Test figures at the best epoch; None while the test set is locked.
    missing_epochs : int
        Epochs before the last one whose rows are lost.
    rule : ConvergenceRule
    """

    epochs: int
    epochs_to_convergence: int | None
    epoch_seconds: float | None
    epoch_seconds_std: float | None
    seconds_to_convergence: float | None
    total_seconds: float | None
    max_train_top1: float | None
    min_train_loss: float | None
    max_test_top1: float | None
    max_test_top5: float | None
    min_test_loss: float | None
    max_val_top1: float | None
    best_epoch: int | None
    best_by: ChosenBy | None
    best_test_top1: float | None
    best_test_top5: float | None
    best_test_loss: float | None
    missing_epochs: int
    rule: ConvergenceRule

    @property
    def honest_top1(self) -> float | None:
        """Test top-1 in percent of an epoch that no test figure chose; None without one."""
        return self.best_test_top1 if self.best_by in ("validation", "end") else None

    @property
    def honest_top5(self) -> float | None:
        """Likewise top-5."""
        return self.best_test_top5 if self.best_by in ("validation", "end") else None


def summarize(rows: Iterable[EpochRow], rule: ConvergenceRule = DEFAULT_RULE) -> RunSummary:
    """The figures of a run, finished or not, from the rows of its `epochs.csv`.

    Rows are put in order; where an epoch is there twice, as after a resume that was torn, the later
    row counts.
    """
    latest = {row.epoch: row for row in rows}
    ordered = [latest[epoch] for epoch in sorted(latest)]
    rule = rule.suited_to(ordered)
    converged = rule.epoch(ordered)
    tested = [] if lacks_tests(ordered) else ordered
    seconds = [_seconds(row) for row in ordered]
    times = spread(seconds)
    epochs = ordered[-1].epoch if ordered else 0
    best, best_by = _best(ordered)
    return RunSummary(
        epochs=epochs,
        epochs_to_convergence=converged,
        epoch_seconds=times.mean,
        epoch_seconds_std=times.standard_deviation,
        seconds_to_convergence=_sum(ordered, seconds, converged),
        total_seconds=_sum(ordered, seconds, epochs),
        max_train_top1=_extreme(max, [row.train_top1 for row in ordered]),
        min_train_loss=_extreme(min, [row.train_loss for row in ordered]),
        max_test_top1=_extreme(max, [row.test_top1 for row in tested]),
        max_test_top5=_extreme(max, [row.test_top5 for row in tested]),
        min_test_loss=_extreme(min, [row.test_loss for row in tested]),
        max_val_top1=_extreme(max, [row.val_top1 for row in ordered]),
        best_epoch=best.epoch if best else None,
        best_by=best_by,
        best_test_top1=_finite(best.test_top1) if best else None,
        best_test_top5=_finite(best.test_top5) if best else None,
        best_test_loss=_finite(best.test_loss) if best else None,
        missing_epochs=epochs - len(ordered),
        rule=rule,
    )


def _best(
    rows: Sequence[EpochRow],
) -> tuple[EpochRow | None, ChosenBy | None]:
    """The best epoch, and what chose it."""
    # A comparison with NaN would choose any epoch.
    known = [
        msgspec.structs.replace(
            row, val_top1=_finite(row.val_top1), test_top1=_finite(row.test_top1)
        )
        for row in rows
    ]
    best = best_row(known)
    if best is None:
        return None, None
    if lacks_tests(known) and is_tested_at_end(known):
        return best, "end"
    validated = all(row.val_top1 is not None for row in known)
    return best, "validation" if validated else "test"


def _seconds(row: EpochRow) -> float | None:
    seconds = row.train_seconds + row.eval_seconds
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _sum(
    rows: Sequence[EpochRow], seconds: Sequence[float | None], until: int | None
) -> float | None:
    """Seconds of epochs 1 to `until`; None where one is missing, or there is none."""
    if not until:
        return None
    known = [s for row, s in zip(rows, seconds, strict=True) if row.epoch <= until if s is not None]
    return math.fsum(known) if len(known) == until else None


def _extreme(
    choose: Callable[[list[float]], float], values: Iterable[float | None]
) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return choose(known) if known else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
