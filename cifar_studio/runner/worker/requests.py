"""The short requests of a worker, each a generator of events whose last one closes the request.

What needs torch or matplotlib imports it when asked: fetching data must not wait for it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cifar_studio.errors import DataError
from cifar_studio.runner import protocol
from cifar_studio.runs.answers import (
    AnyEvent,
    DataProgressed,
    DataReady,
    Estimated,
    RepeatsFound,
    RunMended,
    RunOpened,
)
from cifar_studio.runs.bundle.opening import open_bundle
from cifar_studio.runs.folder.run_folder import RunFolder

EVENTS_PER_SECOND = 10


def carry_out(request: protocol.AnyRequest) -> Iterator[AnyEvent]:
    """Carry a short request out. Closing the generator gives it up."""
    if isinstance(request, protocol.EstimateRequest):
        from cifar_studio.engine.speed.speed_estimate import estimate
        from cifar_studio.runner.training.fastest_choices import choice_for

        found = estimate(request.config, choice_for(request.config))
        yield Estimated(**dataclasses.asdict(found))
    elif isinstance(request, protocol.PrepareDataRequest):
        yield from _prepare(request)
    elif isinstance(request, protocol.FetchDataRequest):
        yield from _fetch()
    elif isinstance(request, protocol.FindRepeatsRequest):
        yield from _find_repeats(request)
    elif isinstance(request, protocol.MendRequest):
        from cifar_studio.runner.training.resumption import mend

        yield RunMended(folder=request.folder, files=mend(RunFolder(Path(request.folder))))
    elif isinstance(request, protocol.OpenBundleRequest):
        opened = open_bundle(Path(request.bundle), Path(request.runs))
        yield RunOpened(folder=str(opened.path), was_there=opened.was_there)
    elif isinstance(request, protocol.EvaluateRequest):
        from cifar_studio.runner.answers.evaluating import evaluate_run

        yield from evaluate_run(request)
    elif isinstance(request, protocol.PredictRequest):
        from cifar_studio.runner.answers.picture_answers import predict

        yield from predict(request)
    elif isinstance(request, protocol.ExplainRequest):
        from cifar_studio.runner.answers.picture_answers import explain_picture

        yield explain_picture(request)
    elif isinstance(request, protocol.AugmentRequest):
        from cifar_studio.runner.answers.picture_answers import show_augmented

        yield show_augmented(request)
    elif isinstance(request, protocol.SaveFigureRequest):
        from cifar_studio.runner.exporting.evaluation_figures import save_figure

        yield save_figure(request)
    elif isinstance(request, protocol.SaveCurvesRequest):
        from cifar_studio.runner.exporting.curve_figures import save_curves_of

        yield save_curves_of(request)
    elif isinstance(request, protocol.ExportRequest):
        from cifar_studio.runner.exporting.export_runs import export_runs

        yield from export_runs(request)
    elif isinstance(request, protocol.ExportExperimentRequest):
        from cifar_studio.runner.exporting.export_experiment import export_experiment

        yield from export_experiment(request)
    elif isinstance(request, protocol.SaveExperimentFigureRequest):
        from cifar_studio.runner.exporting.experiment_figures import save_experiment_figure

        yield save_experiment_figure(request)
    else:
        raise TypeError(f"{type(request).__name__} is no short request")


def _prepare(request: protocol.PrepareDataRequest) -> Iterator[AnyEvent]:
    from cifar_studio.data.cifar100.source import load_dataset

    yield DataProgressed(phase="reading and checking", done=0, total=0)
    dataset = load_dataset(request.data)
    yield DataReady(name=dataset.name, source=dataset.source)


def _fetch() -> Iterator[AnyEvent]:
    from cifar_studio.data.cifar100.source import load_dataset
    from cifar_studio.data.download.sources import fetch_and_prepare

    yield from _throttled(
        DataProgressed(
            phase=progress.phase,
            done=progress.done,
            total=progress.total,
            bytes_per_second=progress.bytes_per_second,
        )
        for progress in fetch_and_prepare()
    )
    dataset = load_dataset("auto")
    yield DataReady(name=dataset.name, source=dataset.source)


def _find_repeats(request: protocol.FindRepeatsRequest) -> Iterator[AnyEvent]:
    from cifar_studio.data.cifar100.source import load_dataset
    from cifar_studio.data.repeats.kept_repeats import kept_file, read_kept, repeats_of

    dataset = load_dataset(request.data)
    yield from _throttled(
        DataProgressed(phase="comparing pictures", done=done, total=total)
        for done, total in repeats_of(dataset)
    )
    path, repeats = kept_file(dataset), read_kept(dataset)
    if repeats is None:  # the file is the only way to the asking process
        raise DataError(
            f"The repeated pictures were found, but {path} cannot be written",
            "See that there is room in its folder and that it is yours to write to",
        )
    yield RepeatsFound(path=str(path), pairs=len(repeats))


def _throttled(events: Iterable[DataProgressed]) -> Iterator[AnyEvent]:
    """At most ten a second, and the first of each phase."""
    reported_s, phase = 0.0, ""
    for event in events:
        now = time.monotonic()
        if now - reported_s >= 1 / EVENTS_PER_SECOND or event.phase != phase:
            reported_s, phase = now, event.phase
            yield event
