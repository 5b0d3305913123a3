"""What is said of two selected runs or groups whose test sets stay locked."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.seeds import group_by_seed
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from cifar_studio.ui.compare.verdict import verdict_on_groups, verdict_on_runs
from support import LOCKED, locked_rows, make_environment, make_row

NEVER = replace(LOCKED, test="never")


def run_of(config: TrainConfig, more: float = 0.0) -> Run:
    rows = [
        replace(row, val_top1=row.val_top1 + more)
        for row in locked_rows(ended=False)
        if row.val_top1 is not None
    ]
    path = Path(f"2026040{1 + config.seed}_120000_run")
    facts = make_environment("CIFAR-100")
    return Run(path, config, facts, Status(state="finished"), tuple(rows), Notes())


def test_that_no_answers_are_promised_of_a_test_set_that_stays_locked() -> None:
    never, going = run_of(NEVER), run_of(LOCKED)
    assert verdict_on_runs(never, going) == (
        "The test set of A stays locked: no answers to compare.",
    )
    assert verdict_on_runs(never, never) == (
        "The test set of A and B stays locked: no answers to compare.",
    )
    assert "B is locked until the run ends" in verdict_on_runs(a_tested_run(0), going)[0]


def test_that_groups_whose_test_sets_stay_locked_are_held_against_each_other_by_validation() -> (
    None
):
    other = replace(NEVER, learning_rate=0.5)
    (a,) = group_by_seed(run_of(replace(NEVER, seed=seed), seed + 1.0) for seed in range(3))
    (b,) = group_by_seed(run_of(replace(other, seed=seed)) for seed in range(3))
    said = verdict_on_groups(a, b)[0]
    assert "B in best validation top-1 (selected on it), paired over 3 seeds: +2.00 points" in said
    (c,) = group_by_seed([a_tested_run(0), a_tested_run(1)])
    assert "their figures do not compare" in verdict_on_groups(a, c)[0]


def a_tested_run(seed: int) -> Run:
    """A run that was tested after its one epoch, and chose by that."""
    run = run_of(TrainConfig(epochs=1, seed=seed))
    return Run(run.path, run.config, run.environment, run.status, (make_row(1),), run.notes)
