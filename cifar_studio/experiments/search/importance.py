"""How much each setting that was varied matters."""

from __future__ import annotations

from collections.abc import Sequence

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.runs.experiment.trials import Trial


def importance(experiment: Experiment, trials: Sequence[Trial]) -> dict[str, float]:
    """Shares by key, 0 to 1, that sum to 1; {} where too few trials have finished."""
    return {}
