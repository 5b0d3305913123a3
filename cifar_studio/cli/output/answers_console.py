"""Evaluations and predictions in a terminal: results on standard output, the rest beside it."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from cifar_studio.cli.output.evaluation_report import as_text, figures_of
from cifar_studio.cli.output.progress_bar import progress_bar
from cifar_studio.cli.output.signals import ended_by_signals
from cifar_studio.errors import StudioError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runner.answers.evaluating import evaluate_run
from cifar_studio.runner.answers.picture_answers import predict
from cifar_studio.runner.exporting.export_experiment import export_experiment
from cifar_studio.runner.exporting.export_runs import export_runs
from cifar_studio.runner.protocol import (
    EvaluateRequest,
    ExportExperimentRequest,
    ExportRequest,
    PredictRequest,
)
from cifar_studio.runs.answers import (
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


def evaluate_in_console(request: EvaluateRequest, *, json: bool) -> None:
    """Evaluate a run with a progress bar and print its figures. Raises StudioError."""
    with progress_bar("evaluating") as update:
        for event in evaluate_run(request):
            if isinstance(event, EvaluationProgressed):
                update(completed=event.done, total=event.total)
    assert isinstance(event, RunEvaluated)  # the last one
    figures = figures_of(event)
    print_result(as_json(figures) if json else as_text(figures))


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
                    print_result(_prediction_as_text(event))
            elif isinstance(event, PictureRefused):
                refused.append(event)
                tell(f"cifar-studio: {StudioError(event.message, event.remedy)}")
            elif isinstance(event, PredictionEnded):
                epoch = event.epoch
    if json:
        print_result(
            as_json(
                {
                    "run": plain(request.folder),
                    "epoch": epoch,
                    "pictures": [_prediction_as_object(answer) for answer in answers],
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


def export_in_console(request: ExportRequest | ExportExperimentRequest, *, json: bool) -> int:
    """Write runs or an experiment, and say what was written; the exit code, 1 after a fault.

    Raises StudioError where nothing can be written at all.
    """
    if isinstance(request, ExportRequest):
        events = export_runs(request)
    else:
        events = export_experiment(request)
    with progress_bar("exporting") as update:
        for event in events:
            if isinstance(event, ExportProgressed):
                name = escape(printable(event.name))
                update(completed=event.done, total=event.total, description=name)
    assert isinstance(event, Exported)  # the last one
    for fault in event.faults:
        tell(f"cifar-studio: {fault}")
    if json:
        print_result(
            as_json(
                {
                    "folder": plain(event.folder),
                    "files": [plain(name) for name in event.files],
                    "checks": [plain(check) for check in event.checks],
                    "faults": [plain(fault) for fault in event.faults],
                }
            )
        )
    else:
        for check in event.checks:
            tell(check)
        folder = Path(event.folder)
        print_result("\n".join(printable(str(folder / name)) for name in event.files))
    return 1 if event.faults else 0


def _prediction_as_text(answer: Predicted) -> str:
    width = max(map(len, answer.names))
    lines = [printable(answer.picture)]
    for name, probability in zip(answer.names, answer.probabilities, strict=True):
        lines.append(f"  {name:{width}}  {100 * probability:6.2f} %")
    return "\n".join(lines)


def _prediction_as_object(answer: Predicted) -> dict[str, object]:
    return {
        "picture": plain(answer.picture),
        "likeliest": [
            {"class": label, "name": name, "probability": probability}
            for label, name, probability in zip(
                answer.classes, answer.names, answer.probabilities, strict=True
            )
        ],
    }
