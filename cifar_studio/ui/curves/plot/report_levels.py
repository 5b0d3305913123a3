"""Which of the report's values and which reference run a run may be held against."""

from __future__ import annotations

from cifar_studio.config.report import ReportResult, comparable_result, result_of_same_network
from cifar_studio.runs.reference_runs import on_its_way, reference_of
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.marks import Level
from cifar_studio.ui.curves.plot.measures import PanelName


def report_of(run: RunData | None) -> tuple[ReportResult | None, bool, str]:
    """The report's values for a run, whether they are of the same experiment, and that in words."""
    near = result_of_same_network(run.config) if run and run.data_name == "CIFAR-100" else None
    if run is None or near is None:
        why = "The report has no values that this run could be held against"
        if run is not None and run.data_name == "demo":
            why = "The report trained on CIFAR-100; this run saw the demo set"
        return None, False, why
    if run.config.locks_test_set:
        tests = "stays untested" if run.config.test == "never" else "tests once"
        return None, False, f"The report's are the best of a test each epoch; this run {tests}"
    if (result := _exact(run)) is not None:
        return result, True, "What the report prints in Table 2 for these settings"
    return (
        near,
        False,
        "What the report prints for this network; this run's settings or pictures are others",
    )


def reference_data(run: RunData | None) -> RunData | None:
    """The reference run behind a run of the same preset; None for any other, and for itself."""
    if run is None or not _saw_all(run):
        return None
    reference = reference_of(run.config)
    if reference is None or reference.path == run.path:
        return None
    return RunData.from_run(reference)


def beside_reference(run: RunData, reference: RunData | None) -> str:
    """How the run stands beside its reference after its last epoch, in a few words."""
    if reference is None or not run.rows:
        return ""
    row = run.rows[-1]
    return on_its_way(reference.rows, row.epoch, row.test_top1, row.test_top5)


def _exact(run: RunData) -> ReportResult | None:
    """What the report printed for this very experiment."""
    return comparable_result(run.config) if _saw_all(run) else None


def _saw_all(run: RunData) -> bool:
    """Whether it was trained and tested on complete CIFAR-100."""
    complete = run.environment is not None and run.environment.data.complete
    return complete and run.data_name == "CIFAR-100"


def report_levels(
    result: ReportResult | None, run: RunData | None, panel: PanelName, several: bool = False
) -> tuple[Level, ...]:
    """Lines for a plot; each label says so where the run is of other settings.

    Among `several` runs, whose colours are taken, the lines are grey.
    """
    if result is None or run is None:
        return ()
    other = "" if _exact(run) is not None else ", other settings"
    loss, top1, top5 = ("muted",) * 3 if several else ("loss", "top1", "top5")
    if panel == "loss":
        return (Level(result.min_test_loss, f"report min {result.min_test_loss:g}{other}", loss),)
    return (
        Level(result.max_test_top1, f"report max {result.max_test_top1:g} top-1{other}", top1),
        Level(result.max_test_top5, f"report max {result.max_test_top5:g} top-5{other}", top5),
    )
