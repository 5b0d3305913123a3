"""What stands in a row of the comparison: of one run, or of several seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cifar_studio.export.tables.report_columns import Measure, RunColumn
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.seeds import SeedGroup, over_seeds
from cifar_studio.runs.analysis.summary import RunSummary
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.runs.wording import MINUS, NONE
from cifar_studio.ui.compare.columns import COLUMNS, ENDED, Column

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
_SHOWN_REASONS = 2


@dataclass(frozen=True)
class Figure:
    """A cell."""

    value: float | str | None  # to sort by and to write into a file; None where it is not known
    text: str  # as it is shown
    below: tuple[str, ...] = ()  # the report's value and the difference, or none


@dataclass(frozen=True, eq=False)
class Line:
    """A row."""

    runs: tuple[Run, ...]  # the run, or those of a group that count
    title: str
    # What it is of; then why it does not compare with the report, or what its spread is of.
    facts: tuple[str, ...]
    figures: dict[str, Figure]  # by column key
    group: SeedGroup | None = None
    notes: str = ""  # what a person wrote
    star: bool = False
    compares: bool = False  # whether the report's values stand below
    words: str = ""  # what a search looks through, in small letters

    @property
    def key(self) -> tuple[str, ...]:
        """Which runs it is about: stays the same when their figures change."""
        left_out = self.group.left_out if self.group is not None else ()
        return tuple(run.path.name for run in (*self.runs, *left_out))

    def figure(self, column: Column) -> Figure:
        if column.key == "run":
            return Figure(self.title.casefold(), self.title)
        if column.key == "notes":
            return Figure(self.notes.casefold(), self.notes)
        return self.figures[column.key]


def line_of_run(run: Run, rule: ConvergenceRule) -> Line:
    """A run with the figures of Table 2."""
    column = RunColumn.of(run, rule)
    figures = {c.key: _of_run(c.measure, column) for c in COLUMNS if c.measure is not None}
    figures[ENDED.key] = _end_of(column.ended)
    compares = column.comparability.result is not None
    when = wording.day(run.started) if run.started else ""
    state = "" if run.status.state == "finished" else wording.state(run)
    if is_reference(run):
        when, state = column.device, ""
    about = " · ".join((column.data, f"seed {column.seed}"))
    stands = " · ".join(filter(None, (when, state)))
    verdict = column.verdict(_SHOWN_REASONS)
    facts: tuple[str, ...]
    if compares and ": " in verdict:  # too long for one line: how far off, and in what
        facts = (f"{about} · {stands}", *verdict.split(": "))
    elif compares:
        facts = (about, stands, verdict)
    else:
        facts = (" · ".join(filter(None, (about, stands))), verdict)
    notes = " ".join(run.notes.notes.split())
    return Line(
        runs=(run,),
        title=wording.run_title(run),
        facts=facts,
        figures=figures,
        notes=notes,
        star=run.notes.star,
        compares=compares,
        words=f"{run.path.name} {column.title} {column.network} {column.data} {notes} "
        f"seed {column.seed} {wording.state(run)} {run.config.architecture}"
        f"{' star' if run.notes.star else ''}".casefold(),
    )


def line_of_group(group: SeedGroup, rule: ConvergenceRule) -> Line:
    """A group of seeds with mean and standard deviation of each figure."""
    summaries = group.summaries(rule)
    figures = {c.key: _of_group(c.measure, summaries) for c in COLUMNS if c.measure is not None}
    early = [run for run in group.runs if run.early_stop is not None]
    figures[ENDED.key] = _end_of(f"{len(early)} stopped early" if early else "all epochs")
    title = wording.network(group.config)
    names = [run.notes.name for run in (*group.runs, *group.left_out)]
    return Line(
        runs=group.runs,
        title=f"{title}, {group.config.epochs} epochs",
        facts=(group.data_name, group.describe()),
        figures=figures,
        group=group,
        words=" ".join((title, group.config.architecture, group.data_name, *names)).casefold(),
    )


def _of_run(measure: Measure, column: RunColumn) -> Figure:
    value = getattr(column.summary, measure.name)
    text = measure.studio(column)
    printed, difference = measure.printed(column), measure.difference(column)
    if measure.name == "epoch_seconds":
        text, printed = _with_spread(text, printed, column)
    below: tuple[str, ...] = ()
    if printed is not None:
        about = "~" if measure.is_about else ""
        below = (about + printed, (difference or NONE).replace("-", MINUS))
    return Figure(value, NONE if text is None else text, below)


def _end_of(words: str) -> Figure:
    """What is before the colon in large letters, and what the run waited for below."""
    end, _, why = words.partition(": ")
    return Figure(words, end.replace("at epoch", "at"), (why,) if why else ())


def _with_spread(
    text: str | None, printed: str | None, column: RunColumn
) -> tuple[str | None, str | None]:
    """Mean times with their standard deviations in brackets, as the report prints them."""
    spread = column.summary.epoch_seconds_std
    if text is not None and spread is not None:
        text = f"{text} ({spread:.2f})"
    result = column.comparability.result
    if printed is not None and result is not None:
        printed = f"{printed} ({result.epoch_seconds_std:g})"
    return text, printed


def _of_group(measure: Measure, summaries: Mapping[int, RunSummary]) -> Figure:
    found = over_seeds(summaries, measure.name)
    if found.mean is None:
        return Figure(None, NONE)
    decimals = measure.decimals or (1 if found.standard_deviation else 0)
    text = f"{found.mean:.{decimals}f}"
    if found.standard_deviation is None:
        return Figure(found.mean, text)
    return Figure(found.mean, text, (f"{PLUS_MINUS} {found.standard_deviation:.{decimals}f}",))


def footnotes(line: Line, rule: ConvergenceRule) -> tuple[str, ...]:
    """What is to be known about the figures of a row, sentences."""
    if line.group is None:
        table = report_table(line.runs, rule)
        verdict = table.columns[0].verdict()
        return (f"{verdict[:1].upper()}{verdict[1:]}.", *table.notes())
    words = [
        "Mean and sample standard deviation over seeds, one run each.",
        f"Converged: {_rule_of(line.group, rule).describe()}.",
    ]
    if left_out := len(line.group.left_out):
        runs = "1 run is" if left_out == 1 else f"{left_out} runs are"
        words.append(f"{runs} left out: not at the last epoch, or of a seed that is there twice.")
    return tuple(words)


def _rule_of(group: SeedGroup, rule: ConvergenceRule) -> ConvergenceRule:
    """The rule as it suits the runs of a group, which are tested alike."""
    return rule.suited_to(group.runs[0].rows) if group.runs else rule
