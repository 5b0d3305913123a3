"""Whether a run may be compared with the report, and in words why not."""

from __future__ import annotations

from dataclasses import dataclass

from cifar_studio.config.architectures import architecture
from cifar_studio.config.presets import AS_PRINTED, PRESETS, REPORT_PRESETS, Preset
from cifar_studio.config.report import ReportResult, comparable_result, result_of_same_network
from cifar_studio.config.serialization import differences
from cifar_studio.config.settings import setting_in_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.plain_text import printable
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import looks

_MAX_NAME = 40
_REPORTED = {preset.config.architecture for preset in REPORT_PRESETS}


@dataclass(frozen=True)
class Comparability:
    """What the report printed for a run's experiment, or why the two do not compare.

    Attributes
    ----------
    result : ReportResult or None
        The printed column; None where there are reasons against it.
    reasons : tuple of str
        A few words each: "demo", "10 epochs", "batch size 64".
    """

    result: ReportResult | None
    reasons: tuple[str, ...] = ()

    def describe(self, most: int | None = None) -> str:
        """ "not comparable: demo, 10 epochs", or "comparable".

        Parameters
        ----------
        most : int or None
            So many reasons at most, and an ellipsis for the others.
        """
        if self.result is not None:
            return "comparable"
        said = self.reasons if most is None else self.reasons[:most]
        words = f"not comparable: {', '.join(said)}"
        return words if len(said) == len(self.reasons) else f"{words}, …"


def comparability(run: Run) -> Comparability:
    """Judge a run: a finished one of an unchanged report preset on complete CIFAR-100 compares.

    A run that has not reached its last epoch does not: its maxima are of a shorter training.
    """
    reasons = (*_data_reasons(run), *_settings_reasons(run), *_progress_reasons(run))
    return Comparability(None, reasons) if reasons else Comparability(comparable_result(run.config))


def _data_reasons(run: Run) -> tuple[str, ...]:
    if run.environment is None:
        return ("unknown data",)
    data = run.environment.data
    if data.name != "CIFAR-100":
        name = printable(data.name[:_MAX_NAME])  # a stranger's
        return (name or "unknown data",)
    # Fewer pictures by the settings are named with them.
    config = run.config
    by_settings = config.train_per_class < 500 or config.test_per_class < 100 or config.folds
    return () if data.complete or by_settings else ("part of CIFAR-100",)


def _settings_reasons(run: Run) -> tuple[str, ...]:
    config = run.config
    if comparable_result(config) is not None:
        return ()
    if config.architecture not in _REPORTED:  # what else differs depends on what from
        return (f"the report has no {architecture(config.architecture).title}",)
    changed = differences(config, _nearest_report_preset(config).config)
    # The report's maxima are over tests of each epoch, which a locked test set does not have.
    locked = (f"the test set was {looks(run.rows)}",) if config.locks_test_set else ()
    others = ((key, value) for key, (_, value) in changed.items() if key not in ("seed", "test"))
    return (*locked, *(setting_in_words(key, value) for key, value in others))


def _nearest_report_preset(config: TrainConfig) -> Preset:
    """That of the same network and dropout, else of the same network, with the fewest changes."""
    same = result_of_same_network(config)
    return min(
        (*REPORT_PRESETS, *AS_PRINTED.values()),
        key=lambda preset: (
            same is None or preset not in (PRESETS[same.preset], AS_PRINTED[same.preset]),
            preset.config.architecture != config.architecture,
            len(differences(config, preset.config)),
        ),
    )


def _progress_reasons(run: Run) -> tuple[str, ...]:
    there, planned = len({row.epoch for row in run.rows}), run.config.epochs
    return () if there >= planned else (f"{there} of {planned} epochs run",)
