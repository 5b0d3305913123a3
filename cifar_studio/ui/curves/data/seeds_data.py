"""Several seeds of one config, drawn as their mean with a band of one standard deviation."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from cifar_studio.runs import wording
from cifar_studio.runs.analysis.seeds import MeanCurves, SeedGroup, mean_curves
from cifar_studio.ui.curves.data.run_data import RunData


class SeedsData(RunData):
    """The mean of a group of runs, with the interface of one.

    Parameters
    ----------
    group : SeedGroup
        With at least one run that counts.
    """

    def __init__(self, group: SeedGroup) -> None:
        self.group = group
        first = group.runs[0]
        # Its own place among the colours, and not that of the run it begins with.
        path = first.path.with_name(f"{first.path.name}, {group.describe()}")
        name = f"{wording.network(group.config)} · {group.describe()}"
        super().__init__(path, group.config, first.environment, name)
        count = len(group.runs)
        self.about = (
            "Means over seeds; bands are one standard deviation. Choose a run to see it alone."
            if count > 1
            else "One seed: spread unknown. Repeat it with more seeds."
        )
        self._curves: MeanCurves = mean_curves(group.runs)
        for row in self._curves.rows:
            self._take_epoch(row, 0)
        self._choose_best()

    @property
    @override
    def stop(self) -> None:
        """A mean of runs ends with the shortest of them, and not by a rule."""

    @override
    def deviation(self, column: str) -> np.ndarray | None:
        return self._curves.deviations[column] if self._curves.n > 1 else None
