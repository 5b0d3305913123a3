"""Gathers from run folders what the HTML report tells: tables, drawings, pictures, facts."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cifar_studio import __version__
from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import nearest_preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.errors import StudioError
from cifar_studio.export.report.html_report import (
    Chapter,
    Figure,
    Gallery,
    Pairs,
    Report,
    Sample,
    Setting,
)
from cifar_studio.export.report.methods import method_of
from cifar_studio.export.report.references import references_of
from cifar_studio.export.tables.evaluation_tables import class_table, mistake_table
from cifar_studio.export.tables.report_columns import RunColumn
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.sheet import PlainTable, Sheet
from cifar_studio.runner.exporting.evaluated_run import EvaluatedRun, RunFigure, load_evaluated
from cifar_studio.runner.exporting.evaluation_figures import save_run_figure
from cifar_studio.runner.protocol import ExportRequest
from cifar_studio.runner.training.run_pictures import find_pictures
from cifar_studio.runs.analysis.calibration import calibrate, in_words
from cifar_studio.runs.analysis.metrics import share_inside_superclass, superclass_accuracy
from cifar_studio.runs.analysis.settings_difference import (
    UNKNOWN,
    all_settings,
    changes_from_preset,
)
from cifar_studio.runs.folder.epochs import COLUMNS, EpochRow
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import (
    data_of,
    dated_title,
    ended,
    how_chosen,
    test_locked,
    training_caption,
)

SAMPLES = 16
MISTAKES = 12
_CONFUSION_CAPTION = (
    "Confusion of the superclasses: a row is what was shown, a column what was said; darker is "
    "more frequent."
)


def report_of(runs: Sequence[Run], request: ExportRequest) -> Report:
    """The report of these runs, in this order.

    What one of them lacks (an evaluation, its pictures) is said in its chapter.

    Raises
    ------
    StudioError
        A figure's size is out of range, or there is no place for temporary files.
    """
    figures = []
    if len(runs) > 1:
        caption = "Loss and accuracy of all runs; a colour is a run, a line style a split."
        figures.append(_drawn(runs, "curves", request, caption))
    found: dict[str, Dataset] = {}
    return Report(
        title=_title(runs),
        subtitle=_subtitle(runs),
        table=report_table(runs, request.rule).sheet(),
        figures=tuple(figures),
        chapters=tuple(chapter_of(run, request, found) for run in runs),
        references=references_of(runs),
        studio=__version__,
    )


def _title(runs: Sequence[Run]) -> str:
    data = " and ".join(sorted({_data_title(run) for run in runs}))
    if len(runs) == 1:
        return f"{dated_title(runs[0])} on {data}"
    return f"{len(runs)} runs on {data}"


def _data_title(run: Run) -> str:
    is_demo = run.environment is not None and run.environment.data.is_demo
    return data_of(run.config, "the demo set" if is_demo else run.data_name)


def _subtitle(runs: Sequence[Run]) -> str:
    days = sorted({run.started.date() for run in runs if run.started is not None})
    if not days:
        return ""
    first, last = (f"{day:%d %b %Y}" for day in (days[0], days[-1]))
    return f"Trained {first}" if first == last else f"Trained {first} to {last}"


def chapter_of(run: Run, request: ExportRequest, found: dict[str, Dataset]) -> Chapter:
    """What is told of one run; `found` keeps the data sets that were read. Raises StudioError."""
    gaps = list(run.damage)
    curves = f"Loss and accuracy by epoch. The {training_caption(run.config)} curve stands in the "
    curves += "middle of its epoch."
    figures = [_drawn([run], "curves", request, curves)]
    sheets: list[Sheet] = []
    long_sheets = [_epochs(run.rows).sheet()]
    galleries: tuple[Gallery, ...] = ()
    headline = _best(run)
    try:
        one = load_evaluated(run.path, "best")
    except StudioError as error:
        why = f"{test_locked(run.config)}." if run.is_test_locked else str(error)
        gaps.append(f"Without confusion, calibration and pictures: {why}")
    else:
        answers = one.evaluation
        calibration = calibrate(answers.true, answers.predicted, answers.probabilities)
        words = f"Calibration in {len(calibration.counts)} bins. {in_words(calibration)}"
        figures.append(_drawn([run], "confusion", request, _CONFUSION_CAPTION))
        figures.append(_drawn([run], "calibration", request, words))
        headline += _shares(one)
        sheets.append(mistake_table(answers, one.names, MISTAKES).sheet())
        sheets.append(class_table(answers, one.names, "superclasses").sheet())
        long_sheets.insert(0, class_table(answers, one.names, "classes").sheet())
        try:
            galleries = tuple(_galleries(one, _pictures_of(run, request.data, found)))
        except StudioError as error:
            gaps.append(f"Without pictures: {error}")
    preset, _ = changes_from_preset(run)
    return Chapter(
        title=dated_title(run),
        folder=run.path.name,
        comparison=f"Beside the report: {RunColumn.of(run).verdict()}",
        notes=tuple(line for line in run.notes.notes.splitlines() if line.strip()),
        headline=headline,
        method=method_of(run),
        figures=tuple(figures),
        sheets=tuple(sheets),
        long_sheets=tuple(long_sheets),
        galleries=galleries,
        settings=tuple(_settings(run)),
        preset=preset,
        environment=_environment(run),
        gaps=tuple(gaps),
    )


def _best(run: Run) -> Pairs:
    best = run.best
    if best is None:
        return ()
    facts = [(f"Epoch, {how_chosen(run)}", f"{best.epoch} of {run.config.epochs}")]
    if run.early_stop is not None:
        facts.append(("Ended", ended(run)))
    for name, value in (
        ("Top-1", best.test_top1),
        ("Top-5", best.test_top5),
        ("Validation top-1", best.val_top1),
    ):
        if value is not None:
            facts.append((name, f"{value:.2f} %"))
    if best.test_loss is not None:
        facts.append(("Test loss", f"{best.test_loss:.4f}"))
    return tuple(facts)


def _shares(one: EvaluatedRun) -> Pairs:
    confusion, of = one.evaluation.confusion, one.names.superclass_of
    named = (
        ("Superclass right", superclass_accuracy(confusion, of)),
        ("Mistakes inside the superclass", share_inside_superclass(confusion, of)),
    )
    return tuple((name, f"{100 * share:.2f} %") for name, share in named if share is not None)


def _settings(run: Run) -> Iterator[Setting]:
    changed = {setting.name: setting.values[0] for setting in changes_from_preset(run)[1]}
    idle, idle_there = _idle(run.config), _idle(nearest_preset(run.config).config)
    for name, value in all_settings(run.config):
        if name in idle and (name in idle_there or name not in changed):
            continue
        yield Setting(name.replace("_", " "), value, changed.get(name, ""))


def _idle(config: TrainConfig) -> set[str]:
    """What goes beyond the report's way of training and is off, or changes nothing here."""
    neutral = TrainConfig()
    return {
        setting.key
        for setting in LEARNING_SETTINGS
        if not setting.counts(config)
        or (
            setting.counts(neutral)
            and getattr(config, setting.key) == getattr(neutral, setting.key)
        )
    }


def _environment(run: Run) -> Pairs:
    found = run.environment
    if found is None:
        return (("environment", UNKNOWN),)
    resolved, data = found.resolved, found.data
    return (
        ("device", f"{found.device_name} ({resolved.device})"),
        ("processor", found.processor),
        ("threads", str(resolved.threads)),
        ("precision", resolved.precision),
        ("memory format", resolved.memory_format),
        ("rewritten for 32x32", "yes" if resolved.specialized else "no"),
        ("operating system", found.operating_system),
        ("Python", found.python),
        ("PyTorch, torchvision", f"{found.torch}, {found.torchvision}"),
        ("NumPy", found.numpy),
        ("CUDA", found.cuda or "none"),
        ("CIFAR Studio", found.studio),
        ("data", f"{data.name}, sha256 {data.digest}"),
        ("started", found.started),
    )


def _epochs(rows: Sequence[EpochRow]) -> PlainTable:
    shown = [name for name in COLUMNS if any(getattr(row, name) is not None for row in rows)]
    header = tuple(name.replace("_", " ") for name in shown)
    forms = {title: _form(name) for name, title in zip(shown, header, strict=True)}
    cells = [tuple(getattr(row, name) for name in shown) for row in rows]
    return PlainTable("All epochs", header, cells, forms)


def _form(column: str) -> str:
    if column.endswith("loss"):
        return "{:.4f}"
    return "{:g}" if column in ("epoch", "learning_rate") else "{:.2f}"


def _pictures_of(run: Run, data: str, found: dict[str, Dataset]) -> Dataset:
    """Each data set is read once. Raises StudioError where it is not found."""
    facts = run.environment.data if run.environment else None
    digest = facts.digest if facts else ""
    if digest not in found:
        found[digest] = find_pictures(run.path.name, facts, data)
    return found[digest]


def _galleries(one: EvaluatedRun, dataset: Dataset) -> Iterator[Gallery]:
    answers = one.evaluation
    confidence = answers.probabilities[np.arange(len(answers.true)), answers.predicted]
    wrong = np.flatnonzero(answers.true != answers.predicted)
    worst = wrong[np.argsort(-confidence[wrong].astype(np.float64), kind="stable")]
    titles = one.names.class_titles

    def samples(places: NDArray[np.intp]) -> tuple[Sample, ...]:
        return tuple(
            Sample(
                png=_png(dataset.test.images_NCHW[int(answers.indices[place])]),
                true=titles[int(answers.true[place])],
                said=titles[int(answers.predicted[place])],
                confidence_percent=100 * float(confidence[place]),
            )
            for place in places[:SAMPLES].tolist()
        )

    yield Gallery("Test pictures as they come", samples(np.arange(len(answers.true))))
    if len(worst):
        yield Gallery("Most confident mistakes", samples(worst))


def _png(image_CHW: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image_CHW.transpose(1, 2, 0))).save(file, "PNG")
    return file.getvalue()


def _drawn(runs: Sequence[Run], figure: RunFigure, request: ExportRequest, caption: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="cifar-studio-") as folder:
        path = Path(folder) / f"{figure}.svg"
        save_run_figure(path, runs, figure, request)
        return Figure(path.read_bytes(), caption)
