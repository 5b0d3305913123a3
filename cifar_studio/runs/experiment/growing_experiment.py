"""Reads an experiment's folder again and again, as its trials go on."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.runs.experiment.experiment_folder import (
    MAX_LEDGER_BYTES,
    ExperimentFolder,
    ExperimentState,
    decoded,
)
from cifar_studio.runs.experiment.trials import TrialTable
from cifar_studio.runs.folder.growing_file import GrowingFile

Stamp = tuple[int, int, int]


class GrowingExperiment:
    """An experiment whose lines are read once each.

    Trials of which nothing new is told stay the same objects, so that comparing them costs nothing.
    """

    def __init__(self, path: Path) -> None:
        self.folder = ExperimentFolder(path)
        self._ledger = GrowingFile(self.folder.ledger_file)
        self._stamp: Stamp | None = None
        self._experiment: Experiment | None = None
        self._table = TrialTable()
        self._state: ExperimentState | None = None

    def read(self) -> ExperimentState:
        """What the folder tells now; the same object where that is what it told last.

        Raises
        ------
        StudioError
            As `ExperimentFolder.read_experiment`.
        """
        is_held = self.folder.is_held()  # first: what was written before it ended is then read
        experiment = self._read_experiment()
        has_news = self._read_ledger()
        state = self._state
        is_paused = self.folder.is_paused(is_held=is_held)
        if (
            state is None
            or has_news
            or (state.is_held, state.is_paused) != (is_held, is_paused)
            or state.experiment != experiment
        ):
            self._state = self.folder.state(experiment, self._table, is_held=is_held)
        assert self._state is not None
        return self._state

    def _read_experiment(self) -> Experiment:
        stamp = stamp_of(self.folder.experiment_file)
        if self._experiment is None or stamp is None or stamp != self._stamp:
            experiment = self.folder.read_experiment()
            if experiment != self._experiment:
                if experiment.parts != self._table.part_numbers:
                    self._begin_anew(experiment)
                self._experiment = experiment
            self._stamp = stamp
        assert self._experiment is not None
        return self._experiment

    def _begin_anew(self, experiment: Experiment) -> None:
        self._table = TrialTable(experiment.parts)
        self._ledger = GrowingFile(self.folder.ledger_file)

    def _read_ledger(self) -> bool:
        """Take in what was written since; whether there was anything."""
        before = self._ledger.bytes_read
        has_news = False
        while True:
            anew, data = self._ledger.read_bytes()
            if anew:
                self._table = TrialTable(self._table.part_numbers)
            self._table.feed(decoded(data.split(b"\n")[:-1]))
            has_news = has_news or anew or bool(data)
            is_too_long = self._ledger.bytes_read - before > MAX_LEDGER_BYTES
            if not self._ledger.is_behind or is_too_long:
                return has_news


def stamp_of(path: Path) -> Stamp | None:
    """What changes of a file when it is written; None where it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
