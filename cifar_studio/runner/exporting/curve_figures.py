"""Curves of runs, and of groups of seeds, from their folders to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cifar_studio.config.report import ReportResult, result_of_same_network
from cifar_studio.errors import BadInputError
from cifar_studio.export.figures.curves_figure import DEFAULT_IN, Curves, save_curves
from cifar_studio.export.figures.page import Caption, Size
from cifar_studio.runner.protocol import FiguresRequest, SaveCurvesRequest
from cifar_studio.runs.analysis.seeds import SeedGroup, group_by_seed, mean_curves
from cifar_studio.runs.answers import FigureSaved
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import run_of
from cifar_studio.runs.wording import (
    best_top1,
    data_of,
    dated_title,
    how_chosen,
    looks,
    network,
    test_locked,
    training_caption,
)


def save_curves_of(request: SaveCurvesRequest) -> FigureSaved:
    """Draw the curves that are asked for and write them.

    Raises
    ------
    StudioError
        No run is given or one cannot be read, the size is out of range, or the file cannot be
        written.
    """
    runs = [load(run_of(Path(folder))) for folder in request.folders]
    if not runs:
        raise BadInputError("no run is given", "Choose one, or several")
    path, size = Path(request.path), size_of(request, DEFAULT_IN[request.panels])
    report = _common_result(runs) if request.report else None
    if request.by_seed:
        groups = [group for group in group_by_seed(runs) if group.runs]
        curves, caption = [_mean_of(group) for group in groups], _groups_caption(groups)
    else:
        curves, caption = [curves_of(run) for run in runs], caption_of(runs)
    save_curves(path, curves, caption, size, panels=request.panels, report=report)
    return FigureSaved(path=request.path)


def curves_of(run: Run) -> Curves:
    """What is drawn of a run."""
    best = run.best
    return Curves(
        title=f"{dated_title(run)} ({data_of(run.config, run.data_name)}, seed {run.config.seed})",
        rows=run.rows,
        epochs=run.config.epochs,
        training=training_caption(run.config),
        best_epoch=best.epoch if best else None,
        chosen_by=how_chosen(run),
        locks_test_set=run.config.locks_test_set,
        stop=run.early_stop,
    )


def caption_of(runs: Sequence[Run]) -> Caption:
    """What stands above the curves of runs."""
    if len(runs) > 1:
        names = sorted({data_of(run.config, run.data_name) for run in runs})
        details = [" and ".join(names)]
        if len({run.data_name for run in runs}) > 1:
            details.append("Different data share these axes: do not compare them.")
        return Caption(f"{len(runs)} runs", tuple(details))
    (run,) = runs
    parts = [data_of(run.config, run.data_name), f"{len(run.rows)} of {run.config.epochs} epochs"]
    parts.append(f"seed {run.config.seed}")
    details = [" · ".join(parts)]
    if run.is_test_locked:
        details.append(f"{test_locked(run.config)}.")
    elif run.config.locks_test_set and run.best is not None:
        details.append(f"Test top-1 {best_top1(run.best)}, {how_chosen(run)}, {looks(run.rows)}.")
    if run.early_stop is not None:
        details.append(f"{run.early_stop.words().capitalize()}.")
    return Caption(dated_title(run), tuple(details))


def _mean_of(group: SeedGroup) -> Curves:
    mean, first = mean_curves(group.runs), group.runs[0]
    return Curves(
        title=f"{network(group.config)} ({_data_of(group)}, {group.describe()})",
        rows=mean.rows,
        epochs=group.config.epochs,
        training=training_caption(first.config),
        deviations=mean.deviations if mean.n > 1 else {},
        locks_test_set=group.config.locks_test_set,
    )


def _groups_caption(groups: Sequence[SeedGroup]) -> Caption:
    band = "Means over seeds; bands are one standard deviation."
    if len(groups) == 1:
        (group,) = groups
        details = " · ".join((_data_of(group), group.describe()))
        return Caption(network(group.config), (details, band))
    data = " and ".join(sorted({_data_of(group) for group in groups}))
    return Caption(f"{len(groups)} groups of seeds", (f"{data}. {band}",))


def _data_of(group: SeedGroup) -> str:
    return data_of(group.config, group.data_name)


def _common_result(runs: Sequence[Run]) -> ReportResult | None:
    """The report's column where all runs are of one network; of several none can stand."""
    found = {result_of_same_network(run.config) for run in runs}
    return found.pop() if len(found) == 1 else None


def size_of(request: FiguresRequest, otherwise: tuple[float, float]) -> Size:
    """The size asked for, or what suits the figure; raises BadInputError out of range."""
    width, height = request.width_in, request.height_in
    return Size(
        otherwise[0] if width is None else width,
        otherwise[1] if height is None else height,
        request.dpi,
    )
