"""The rows and columns of the report's Table 2: which figures it has, and what stands of a run."""

from __future__ import annotations

from dataclasses import dataclass

from cifar_studio.plain_text import printable
from cifar_studio.runs.analysis.comparability import Comparability, comparability
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.report_verdict import report_verdict
from cifar_studio.runs.analysis.summary import DEFAULT_RULE, RunSummary, summarize
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import ended, network, run_title

ABOUT = "By the studio's rule: {rule}. The report's are approximate."
SELECTED = (
    "Best over all epochs on the test pictures, and so selected on the test set that it is "
    "measured on; the report does the same. Where the test set was locked there is none."
)
HONEST = (
    "At the epoch that the validation split chose, without the test pictures; a run without a "
    "validation split has none, and where the test set is locked none before the run ends."
)
VALIDATED = "Best over all epochs on the validation pictures, which it is selected on."
BY_VALIDATION = "By the validation loss, since the test set was locked."
TIMES = (
    "Training and evaluation together, on the device of each run; the report's times are of one "
    "Colab T4."
)
SPREAD = "Of the sample of epochs (n \N{MINUS SIGN} 1)."
_MAX_TEXT = 80


@dataclass(frozen=True)
class Measure:
    """A row of the table.

    Attributes
    ----------
    name : str
        Attribute of `RunSummary`, and of `ReportResult` where the report has it.
    title : str
        With the unit.
    decimals : int
    note : str
        The footnote of its title; "{rule}" in it stands for the rule of convergence.
    in_report : bool
    is_about : bool
        Whether the report prints it with "~".
    """

    name: str
    title: str
    decimals: int
    note: str = ""
    in_report: bool = True
    is_about: bool = False

    def studio(self, column: RunColumn) -> str | None:
        """A run's figure; None where it is not known."""
        value = getattr(column.summary, self.name)
        return None if value is None else f"{value:.{self.decimals}f}"

    def printed(self, column: RunColumn) -> str | None:
        """The report's figure with its own digits; None where nothing of it may stand beside."""
        value = self._printed_value(column)
        return None if value is None else f"{value:.10g}"

    def difference(self, column: RunColumn) -> str | None:
        """The run's figure, unrounded, less the printed one, with its sign."""
        value, printed = getattr(column.summary, self.name), self._printed_value(column)
        if value is None or printed is None:
            return None
        text = f"{value - printed:+.{self.decimals}f}"
        return text if float(text) else text[1:]

    def _printed_value(self, column: RunColumn) -> float | None:
        result = column.comparability.result
        return float(getattr(result, self.name)) if result and self.in_report else None


MEASURES: tuple[Measure, ...] = (
    Measure("epochs", "Epochs run", 0),
    Measure("epochs_to_convergence", "Epochs to convergence", 0, ABOUT, is_about=True),
    Measure("epoch_seconds", "Time an epoch, s", 2, TIMES),
    Measure("epoch_seconds_std", "Standard deviation of it, s", 2, SPREAD),
    Measure("seconds_to_convergence", "Time to convergence, s", 2, TIMES, is_about=True),
    Measure("total_seconds", "Total training time, s", 2, TIMES),
    Measure("max_train_top1", "Maximum training accuracy, %", 2),
    Measure("min_train_loss", "Minimum training loss", 4),
    Measure("max_test_top1", "Maximum top-1 test accuracy, %", 2, SELECTED),
    Measure("max_test_top5", "Maximum top-5 test accuracy, %", 2, SELECTED),
    Measure("min_test_loss", "Minimum test loss", 4, SELECTED),
    Measure("max_val_top1", "Best validation top-1, %", 2, VALIDATED, in_report=False),
    Measure("honest_top1", "Test top-1 chosen on validation, %", 2, HONEST, in_report=False),
    Measure("honest_top5", "Test top-5 chosen on validation, %", 2, HONEST, in_report=False),
)


@dataclass(frozen=True)
class RunColumn:
    """What of a run stands in the table; texts are one line each.

    `ended` says how the run came to its end: "all epochs", or why it stopped early.
    """

    title: str
    folder: str
    network: str
    data: str
    device: str
    seed: int
    ended: str
    summary: RunSummary
    comparability: Comparability

    def verdict(self, most_reasons: int | None = None) -> str:
        """How it stands to the report in a line: that it repeats it, how far off, or why neither.

        Parameters
        ----------
        most_reasons : int or None
            So many reasons against a comparison at most, and an ellipsis for the others.
        """
        result = self.comparability.result
        found = report_verdict(result, self.summary) if result is not None else None
        return found.words if found is not None else self.comparability.describe(most_reasons)

    @classmethod
    def of(cls, run: Run, rule: ConvergenceRule = DEFAULT_RULE) -> RunColumn:
        return cls(
            title=_text(run_title(run)),
            folder=_text(run.path.name),
            network=_text(network(run.config)),
            data=_text(run.data_name),
            device=_text(run.environment.device_name if run.environment else "") or "unknown",
            seed=run.config.seed,
            ended=ended(run),
            summary=summarize(run.rows, rule),
            comparability=comparability(run),
        )


def _text(text: str) -> str:
    """A stranger's text as one line that a column can hold."""
    line = printable(text[: _MAX_TEXT + 1])
    return line if len(line) <= _MAX_TEXT else f"{line[: _MAX_TEXT - 1]}…"
