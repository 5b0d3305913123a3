"""Whether two selected rows differ by more than chance, in words."""

from __future__ import annotations

from cifar_studio.errors import StudioError
from cifar_studio.runs.analysis.comparison import compare
from cifar_studio.runs.analysis.metrics import accuracy
from cifar_studio.runs.analysis.reproduction import reproduction_of
from cifar_studio.runs.analysis.seeds import SeedGroup
from cifar_studio.runs.analysis.statistics import mcnemar, paired_difference
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import MINUS

FEW_SEEDS = 5


def verdict_on_runs(a: Run, b: Run) -> tuple[str, ...]:
    """McNemar's test of two runs on the test pictures that both were evaluated on, sentences."""
    locked = {name: run.config for name, run in (("A", a), ("B", b)) if run.is_test_locked}
    if locked:
        for_ever = [name for name, config in locked.items() if config.test == "never"]
        whose = " and ".join(for_ever or locked)
        if for_ever:
            return (f"The test set of {whose} stays locked: no answers to compare.",)
        return (
            f"The test set of {whose} is locked until the run ends: no answers to compare yet.",
        )
    try:
        answers = [load_evaluation(RunFolder(run.path).best_evaluation) for run in (a, b)]
    except (StudioError, OSError):
        return ("For a test picture by picture, open both in Confusion and evaluate them.",)
    try:
        comparison = compare(*answers)
    except StudioError as error:
        return (f"{error.fault}.",)
    if not comparison.pictures:
        return ("They were tested on different pictures.",)
    test = mcnemar(len(comparison.a_only), len(comparison.b_only))
    shares = [accuracy(matrix) or 0.0 for matrix in (comparison.a, comparison.b)]
    chance = f"p {_p_value(test.p_value)}"
    if test.statistic is not None:
        chance = f"χ² = {test.statistic:.2f}, {chance}"
    verdict = (
        "more than chance would part them" if test.p_value < 0.05 else "as chance may part them"
    )
    return (
        f"On the same {comparison.pictures:,} test pictures, each at its best epoch: A "
        f"{100 * shares[0]:.2f} %, B {100 * shares[1]:.2f} %. Only A is right on "
        f"{test.a_only:,}, only B on {test.b_only:,}.",
        f"McNemar's test ({test.method}): {chance}, {verdict}. It is about these two trained "
        "networks; whether their settings differ is a question to several seeds.",
    )


def verdict_on_repetition(a: Run, b: Run) -> tuple[str, ...]:
    """Whether two runs of the same settings came out the same; nothing for other runs."""
    try:
        found = reproduction_of(a, b)
    except StudioError:
        return ()
    return (f"The same settings, seed included. {found.verdict()}",)


def verdict_on_groups(a: SeedGroup, b: SeedGroup) -> tuple[str, ...]:
    """The paired difference of two groups of seeds, sentences."""
    summaries = [list(group.summaries().items()) for group in (a, b)]
    looks = [bool(side) and all(s.max_test_top1 is None for _, s in side) for side in summaries]
    validated = all(s.honest_top1 is not None for side in summaries for _, s in side)
    figure = "honest_top1" if validated and all(summaries) else "max_test_top1"
    if all(s.best_test_top1 is None for side in summaries for _, s in side):
        figure = "max_val_top1"  # of test sets that stay locked
    elif figure == "max_test_top1" and any(looks):
        return (
            "One group chose on validation with its test set locked, the other on test: their "
            "figures do not compare.",
        )
    name = {
        "honest_top1": "test top-1 chosen on validation",
        "max_val_top1": "best validation top-1 (selected on it)",
    }.get(figure, "maximum top-1 (selected on test)")
    try:
        found = paired_difference(*({seed: getattr(s, figure) for seed, s in x} for x in summaries))
    except StudioError as error:
        return (f"{error.fault}: {error.remedy[:1].lower()}{error.remedy[1:]}.",)
    mean = f"{found.mean:+.2f}".replace("-", MINUS)
    if found.low is None or found.high is None:
        return (
            f"A {MINUS} B in {name}: {mean} points on seed {found.seeds[0]}; n = 1, spread "
            "unknown. Repeat both with more seeds.",
        )
    interval = f"{found.low:+.2f} to {found.high:+.2f}".replace("-", MINUS)
    words: tuple[str, ...] = (
        f"A {MINUS} B in {name}, paired over {found.n} seeds: {mean} points, 95 % bootstrap "
        f"interval {interval}.",
    )
    if found.n < FEW_SEEDS:
        words += (
            f"Of only {found.n} seeds such an interval is too narrow: it holds the true mean less "
            "often than in 95 of 100 cases.",
        )
    return words


def _p_value(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}"
