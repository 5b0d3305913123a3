"""Evaluations and predictions in a terminal: results on standard output, the rest beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cifar_studio.cli.output.evaluation_report import EvaluationReport
from cifar_studio.cli.output.signals import ended_by_signals
from cifar_studio.cli.output.training_display import stderr_console
from cifar_studio.plain_text import plain, printable
from cifar_studio.runner.answers.evaluating import evaluate_run
from cifar_studio.runner.answers.predicting import predict
from cifar_studio.runner.exporting.export_runs import export_runs
from cifar_studio.runner.protocol import EvaluateRequest, ExportRequest, PredictRequest
from cifar_studio.runs.answers import (
    AnyEvent,
    Exported,
    ExportProgressed,
    PictureRefused,
    Predicted,
    PredictionEnded,
    RunEvaluated,
)
from cifar_studio.runs.folder.events import EvaluationProgressed
from cifar_studio.runs.wording import CAUTION
from cifar_studio.terminal import as_json, print_result, tell

_EVALUATION_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


def evaluate_in_console(request: EvaluateRequest, *, json: bool) -> None:
    """Evaluate a run with a progress bar and print its figures. Raises StudioError."""
    with ended_by_signals():
        ended = _evaluated(evaluate_run(request))
    report = EvaluationReport(ended)
    print_result(as_json(report.as_object()) if json else report.as_text())


def predict_in_console(request: PredictRequest, *, json: bool) -> int:
    """Print the five likeliest classes of each picture; the exit code, 2 where one is none.

    Raises StudioError where the run cannot answer at all.
    """
    answers: list[Predicted] = []
    refused: list[PictureRefused] = []
    epoch = 0
    with ended_by_signals():
        for event in predict(request):
            if isinstance(event, Predicted):
                answers.append(event)
                if not json:
                    print_result(_as_text(event))
            elif isinstance(event, PictureRefused):
                refused.append(event)
                tell(f"cifar-studio: {event.message}. {event.remedy}.")
            elif isinstance(event, PredictionEnded):
                epoch = event.epoch
    if json:
        print_result(
            as_json(
                {
                    "run": plain(request.folder),
                    "epoch": epoch,
                    "pictures": [_as_object(answer) for answer in answers],
                    "refused": [
                        {"picture": plain(event.picture), "message": plain(event.message)}
                        for event in refused
                    ],
                }
            )
        )
    elif answers:
        tell(f"{CAUTION}.")
    return 2 if refused else 0


def export_in_console(request: ExportRequest, *, json: bool) -> int:
    """Write runs with a progress bar, and say what was written; the exit code, 1 after a fault.

    Raises StudioError where nothing can be written at all.
    """
    ended: Exported | None = None
    with (
        ended_by_signals(),
        Progress(*_EVALUATION_COLUMNS, console=stderr_console(), transient=True) as bar,
    ):
        task = bar.add_task("exporting", total=None)
        for event in export_runs(request):
            if isinstance(event, ExportProgressed):
                name = escape(printable(event.name))
                bar.update(task, completed=event.done, total=event.total, description=name)
            elif isinstance(event, Exported):
                ended = event
    assert ended is not None
    for fault in ended.faults:
        tell(f"cifar-studio: {printable(fault)}")
    if json:
        print_result(
            as_json(
                {
                    "folder": plain(ended.folder),
                    "files": [plain(name) for name in ended.files],
                    "checks": [plain(check) for check in ended.checks],
                    "faults": [plain(fault) for fault in ended.faults],
                }
            )
        )
    else:
        for check in ended.checks:
            tell(printable(check))
        folder = Path(ended.folder)
        print_result("\n".join(printable(str(folder / name)) for name in ended.files))
    return 1 if ended.faults else 0


def _evaluated(events: Iterator[AnyEvent]) -> RunEvaluated:
    ended: RunEvaluated | None = None
    with Progress(*_EVALUATION_COLUMNS, console=stderr_console(), transient=True) as bar:
        task = bar.add_task("evaluating", total=None)
        for event in events:
            if isinstance(event, EvaluationProgressed):
                bar.update(task, completed=event.done, total=event.total)
            elif isinstance(event, RunEvaluated):
                bar.update(task, completed=event.pictures, total=event.pictures)
                ended = event
    assert ended is not None
    return ended


def _as_text(answer: Predicted) -> str:
    width = max(map(len, answer.names))
    lines = [printable(answer.picture)]
    for name, probability in zip(answer.names, answer.probabilities, strict=True):
        lines.append(f"  {name:{width}}  {100 * probability:6.2f} %")
    return "\n".join(lines)


def _as_object(answer: Predicted) -> dict[str, object]:
    return {
        "picture": plain(answer.picture),
        "likeliest": [
            {"class": label, "name": name, "probability": probability}
            for label, name, probability in zip(
                answer.classes, answer.names, answer.probabilities, strict=True
            )
        ],
    }
