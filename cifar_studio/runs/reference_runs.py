"""Whole runs of the report's presets that come with the studio: to compare with, not to change.

They hold what a run folder tells of settings, machine and epochs, and neither checkpoints nor
answers. `packaging/reference_runs.py` makes them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from cifar_studio import paths
from cifar_studio.config.presets import PRESETS
from cifar_studio.config.study import SIZES, repeated_preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run, list_runs

WHAT_IT_LACKS = (
    "A reference run holds the figures of its epochs, no checkpoint and no answers to pictures."
)
SAME_POINTS = 3.0
"""Test accuracies of one epoch that are no further apart are "as the reference".

From one epoch to the next those of the runs that repeat the report go up and down with a standard
deviation of 0.5 to 1.1 points.
"""


def reference_folder() -> Path:
    """Where they lie."""
    return paths.resources_folder() / "reference_runs"


@functools.cache
def reference_runs() -> tuple[Run, ...]:
    """All of them, in the report's order; empty where the studio came without."""
    order = {name: place for place, name in enumerate(PRESETS)}
    found = [run for run in list_runs(reference_folder()) if run.path.name in order]
    return tuple(sorted(found, key=lambda run: order[run.path.name]))


def is_reference(run: Run) -> bool:
    """Whether it came with the studio."""
    return run.path.parent == reference_folder()


def reference_of(config: TrainConfig) -> Run | None:
    """The reference run of the same preset, whatever its seed and epochs.

    None where the training sees fewer pictures: its epochs are then shorter ones.
    """
    preset = repeated_preset(config)
    if preset is None:
        return None
    pictures = [key for key in SIZES if key != "epochs"]
    if any(getattr(config, key) != getattr(preset.config, key) for key in pictures):
        return None
    return next((run for run in reference_runs() if run.path.name == preset.name), None)


def on_its_way(rows: Sequence[EpochRow], epoch: int, top1: float | None, top5: float | None) -> str:
    """How test accuracies in percent stand beside those of a reference run's `rows`.

    "as the reference at epoch 12: 44.1 %, 44.6 %", with the run's own top-1 first; empty where the
    reference does not reach that epoch, or one of the two was not tested there.
    """
    row = next((row for row in rows if row.epoch == epoch), None)
    if row is None or row.test_top1 is None or row.test_top5 is None:
        return ""
    if top1 is None or top5 is None:
        return ""
    apart = max(top1 - row.test_top1, top5 - row.test_top5, key=abs)
    side = "as" if abs(apart) <= SAME_POINTS else "above" if apart > 0 else "below"
    return f"{side} the reference at epoch {epoch}: {top1:.1f} %, {row.test_top1:.1f} %"
