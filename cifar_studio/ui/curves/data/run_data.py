"""What is known of one run: its epochs, the points inside them, and how they are named.

Fed from a run folder or by events while the run is on; no Qt here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.early_stopping import Stop, early_end
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow, best_row
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    Event,
    FinalTestEnded,
    QuickTestEnded,
    RunStarted,
)
from cifar_studio.runs.folder.growing_file import TraceFile
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.ui.curves.data.series import GrowingTable

COLUMNS = (
    "train_loss",
    "test_loss",
    "val_loss",
    "train_top1",
    "test_top1",
    "test_top5",
    "val_top1",
    "val_top5",
    "learning_rate",
)
Split = Literal["test", "validation", "training"]
_figures_of = attrgetter("epoch", *COLUMNS)
_QUICK = {"test_loss": 1, "test_top1": 2, "test_top5": 3}
_BATCH = {"train_loss": 1, "train_top1": 2}
TEST_PICTURES = 10_000


class RunData:
    """The numbers of one run, growing while it is on.

    `name` is what a person called it, else network and seed.
    """

    def __init__(
        self, path: Path, config: TrainConfig, environment: Environment | None, name: str = ""
    ) -> None:
        self.path = path
        self.config = config
        self.environment = environment
        self.name = name or f"{wording.network(config)} · seed {config.seed}"
        self.rows: list[EpochRow] = []
        self.best_epoch = 0  # before the first epoch ended
        self.running: BatchesEnded | None = None  # inside the epoch that is not yet done
        self.quick_pictures = 0  # of a quick test; 0 where that is not known
        self.about = ""  # of its curves, where they are not simply those of a run
        self._epochs = GrowingTable(1 + len(COLUMNS))
        self._batches = GrowingTable(3, room=1024)
        self._quick_tests = GrowingTable(4)
        self._trace: TraceFile | None = None
        self._trace_until = math.inf
        self._all_validated = True
        self._stop: tuple[int, Stop | None] = (0, None)  # of so many rows
        # What happens while the earlier points of a run that goes on are still read.
        self._held_back: list[tuple[GrowingTable, tuple[Any, ...]]] = []

    @classmethod
    def from_run(cls, run: Run) -> RunData:
        """A run of the library with all that its folder tells; see `read_on`."""
        data = cls(run.path, run.config, run.environment, run.notes.name)
        data._take(run.rows, math.inf)
        return data

    @classmethod
    def from_started(cls, started: RunStarted) -> RunData:
        """A run that starts, or goes on where its checkpoint stood."""
        path = Path(started.folder)
        data = cls(path, started.config, started.environment)
        done = started.first_epoch - 1 + started.first_batch / max(started.batches, 1)
        if done > 0:
            try:
                earlier = load(path)
            except (StudioError, OSError):
                return data
            kept = [row for row in earlier.rows if row.epoch < started.first_epoch]
            data._take(kept, done + 1e-9)
        return data

    @property
    def is_behind(self) -> bool:
        """Whether the folder holds points that `read_on` has not yet read."""
        return self._trace is not None and self._trace.file.is_behind

    def read_on(self) -> bool:
        """Add the next slice of points; False where the folder no longer holds those before.

        A run of 10,000 epochs has half a million points: at once they would take seconds.
        """
        if self._trace is None:
            return True
        anew, trace = self._trace.read()
        for table, points in (
            (self._batches, trace.batches),
            (self._quick_tests, trace.quick_tests),
        ):
            last = table.column(0)[-1] if len(table) else -math.inf
            points = points[(points[:, 0] > last) & (points[:, 0] <= self._trace_until)]
            table.extend(points[np.argsort(points[:, 0], kind="stable")])
        if not self.is_behind:
            held_back, self._held_back = self._held_back, []
            for table, point in held_back:
                self._append(table, *point)
        return not anew

    def catch_up(self, run: Run) -> bool:
        """Add what the folder holds by now; False where it no longer holds what was read.

        For a run that another process trains.
        """
        known = len(self.rows)
        if run.path != self.path or tuple(self.rows) != run.rows[:known]:
            return False
        if run.notes.name:
            self.name = run.notes.name
        self.environment = run.environment or self.environment
        if not self.read_on():
            return False
        for row in run.rows[known:]:
            self._take_epoch(row, 0)
        self._choose_best()
        return True

    def take(self, event: Event) -> bool:
        """Add what an event tells; True where something is new."""
        match event:
            case BatchesEnded():
                return self._take_batches(event)
            case QuickTestEnded():
                return self._take_quick_test(event)
            case EpochEnded():
                return self._take_epoch(event.row, event.best_epoch)
            case FinalTestEnded():
                self.rows[row_of(self.rows, event.row.epoch)] = event.row
                return True
        return False

    def end(self) -> None:
        """The run is over: no epoch is under way."""
        self.running = None

    # What it holds

    @property
    def position(self) -> float:
        """How far the run is, in epochs."""
        ends = [float(len(self.rows) and self.rows[-1].epoch)]
        ends += [float(t.column(0)[-1]) for t in (self._batches, self._quick_tests) if len(t)]
        return max(ends)

    @property
    def last_epoch(self) -> int:
        return self.rows[-1].epoch if self.rows else 0

    @property
    def validated(self) -> bool:
        """Whether a validation split chooses the best epoch."""
        if self.rows:
            return self._all_validated
        return self.config.has_validation

    @property
    def splits(self) -> frozenset[Split]:
        """What there are curves of."""
        found: set[Split] = {"training"}
        if not self.config.locks_test_set:
            found.add("test")
        if self.validated:
            found.add("validation")
        return frozenset(found)

    @property
    def stop(self) -> Stop | None:
        """How it ended before its last epoch by its own rule; None where it did not."""
        if self._stop[0] != len(self.rows):
            self._stop = (len(self.rows), early_end(self.rows, self.config))
        return self._stop[1]

    @property
    def chosen_by(self) -> str:
        """How the best epoch was chosen, in words."""
        at_end = wording.is_last_by_rule(self.config, self.rows)
        return wording.chosen_by(self.validated, at_end)

    @property
    def best(self) -> EpochRow | None:
        return self.row(self.best_epoch)

    def row(self, epoch: int) -> EpochRow | None:
        """The row of an epoch; None where it has not ended."""
        index = row_of(self.rows, epoch)
        return self.rows[index] if index >= 0 else None

    def epochs(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Position and value of each epoch: training at its middle, all else at its end."""
        ends = self._epochs.column(0)
        values = self._epochs.column(1 + COLUMNS.index(column))
        return (ends - 0.5 if column.startswith("train_") else ends), values

    def deviation(self, column: str) -> np.ndarray | None:
        """Half the width of a band around each epoch's value; None where there is one run."""
        return None

    def batches(self, column: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Position and value of points between batches; None for what is not trained on."""
        return _points(self._batches, _BATCH.get(column))

    def quick_tests(self, column: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Position and value of quick tests; None for what they do not measure."""
        return _points(self._quick_tests, _QUICK.get(column))

    @property
    def has_quick_tests(self) -> bool:
        return len(self._quick_tests) > 0

    def latest(self, column: str) -> float | None:
        """The value a legend shows: the epoch under way for training, else the last epoch's."""
        if self.running is not None and column in _BATCH:
            running = self.running
            return running.epoch_loss if column == "train_loss" else running.epoch_top1
        return getattr(self.rows[-1], column) if self.rows else None

    def at(self, epoch: int, column: str) -> float | None:
        """The value at an epoch; for the one under way, training so far or its last quick test."""
        row = self.row(epoch)
        if row is not None:
            return getattr(row, column)
        if self.running is not None and self.running.epoch == epoch and column in _BATCH:
            return self.latest(column)
        quick = self.quick_tests(column)
        if quick is not None and len(quick[0]) and quick[0][-1] > epoch - 1:
            return None if math.isnan(quick[1][-1]) else float(quick[1][-1])
        return None

    # How it is named

    @property
    def data_name(self) -> str:
        return self.environment.data.name if self.environment else "unknown data"

    @property
    def test_pictures(self) -> int:
        if self.environment:
            return self.environment.data.test_pictures
        return 100 * self.config.test_per_class

    @property
    def validation_pictures(self) -> int:
        if self.environment:
            return self.environment.data.validation_pictures
        return self.config.validation_pictures

    def _take(self, rows: Iterable[EpochRow], until: float) -> None:
        self.rows = list(rows)
        figures = np.array([_figures_of(row) for row in self.rows], dtype=float)
        self._epochs.extend(figures.reshape(-1, 1 + len(COLUMNS)))
        self._all_validated = all(row.val_top1 is not None for row in self.rows)
        self._choose_best()
        self._trace, self._trace_until = TraceFile(self.path / "trace.csv"), until
        self.read_on()

    def _choose_best(self) -> None:
        best = best_row(self.rows)
        self.best_epoch = best.epoch if best else 0

    def _take_batches(self, event: BatchesEnded) -> bool:
        position = event.epoch - 1 + event.batch / max(event.batches, 1)
        if event.epoch <= self.last_epoch or not _is_later(self._batches, position):
            return False
        self.running = event
        self._append(self._batches, position, event.loss, event.top1)
        return True

    def _take_quick_test(self, event: QuickTestEnded) -> bool:
        if not _is_later(self._quick_tests, event.position):
            return False
        self.quick_pictures = event.pictures
        self._append(self._quick_tests, event.position, event.loss, event.top1, event.top5)
        return True

    def _take_epoch(self, row: EpochRow, best_epoch: int) -> bool:
        if row.epoch <= self.last_epoch:
            return False
        self.rows.append(row)
        self.best_epoch = best_epoch
        self.running = None
        self._epochs.append(*_figures_of(row))
        self._all_validated = self._all_validated and row.val_top1 is not None
        return True

    def _append(self, table: GrowingTable, position: float, *values: float | None) -> None:
        if self.is_behind:
            self._held_back.append((table, (position, *values)))
        elif _is_later(table, position):
            table.append(position, *values)


def row_of(rows: Sequence[EpochRow], epoch: int) -> int:
    """Index of an epoch's row; -1 where there is none.

    Rows of a damaged run may stand in any order, so that the likely place is only tried first.
    """
    index = epoch - rows[0].epoch if rows else -1
    if 0 <= index < len(rows) and rows[index].epoch == epoch:
        return index
    return next((index for index, row in enumerate(rows) if row.epoch == epoch), -1)


def _points(table: GrowingTable, place: int | None) -> tuple[np.ndarray, np.ndarray] | None:
    return None if place is None else (table.column(0), table.column(place))


def _is_later(table: GrowingTable, position: float) -> bool:
    return len(table) == 0 or position > table.column(0)[-1]
