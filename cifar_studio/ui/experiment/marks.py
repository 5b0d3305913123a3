"""What the views of the tab share: which trial is chosen, and which lie within the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.scales import FIGURE, scale_of

Limits = Mapping[str, tuple[float, float]]
"""By axis: the lowest and highest position on it that is let through."""


@dataclass(frozen=True)
class Marks:
    """Attributes
    ----------
    chosen : int or None
        Number of a trial.
    limits : mapping of axis key to (low, high)
        Keys of settings, and `FIGURE`; positions as `Scale` counts them.
    """

    chosen: int | None = None
    limits: Limits = field(default_factory=dict)

    def within(self, data: ExperimentData) -> np.ndarray:
        """(N,) bool: the trials that lie within all limits."""
        inside = np.ones(len(data.trials), dtype=bool)
        for key, (low, high) in self.limits.items():
            if key == FIGURE or key in data.keys:
                positions = scale_of(data, key).positions(data)
                inside &= (positions >= low) & (positions <= high)  # NaN lies nowhere
        return inside
