"""The ledger of an experiment that is being run, and the run folders that it tells of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from cifar_studio import paths
from cifar_studio.config.experiment.experiment import Experiment, planned_parameters
from cifar_studio.errors import BadInputError
from cifar_studio.experiments.adoption import Key, best_match, find_strays
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import (
    AnyLine,
    Begun,
    Ended,
    EndState,
    Part,
    Planned,
    PlannedAgain,
    Trial,
    TrialTable,
)
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.run_folder import RunFolder


class Ledger:
    """What an experiment has decided, line by line; each is on the disk before anything follows.

    Attributes
    ----------
    experiment : Experiment
        Replaced where its question was changed.
    lines : list of AnyLine
    table : TrialTable
        What the lines say together.

    Parameters
    ----------
    refused : callable
        Called where the disk refuses a line. It is kept and tried again with the next one.

    Raises
    ------
    StudioError
        The experiment is damaged, or its ledger cannot be read.
    """

    def __init__(self, folder: ExperimentFolder, refused: Callable[[OSError], None]) -> None:
        self.experiment: Experiment = folder.read_experiment()
        self.lines = folder.read_lines()
        self.table = TrialTable(self.experiment.parts)
        self.table.feed(self.lines)
        self._folder = folder
        self._refused = refused
        self._unwritten: list[AnyLine] = []
        self._strays: dict[Key, list[Path]] = {}

    @property
    def runs_folder(self) -> Path:
        return Path(self.experiment.runs) if self.experiment.runs else paths.runs_folder()

    @property
    def is_written(self) -> bool:
        """Whether all lines are on the disk."""
        return not self._unwritten

    def append(self, line: AnyLine) -> None:
        """Take a line in, and write what is not on the disk yet."""
        self.table.take(line)
        self.lines.append(line)
        self._unwritten.append(line)
        self.write_down()

    def write_down(self) -> None:
        """Try once more what the disk has refused."""
        while self._unwritten:
            try:
                self._folder.append(self._unwritten[0])
            except OSError as error:
                self._refused(error)
                return
            del self._unwritten[0]

    def end(
        self,
        key: Key,
        state: EndState,
        rows: Iterable[EpochRow] = (),
        seconds: float = 0.0,
        message: str = "",
    ) -> Ended:
        """Note the end of a training that has these epochs."""
        rows = list(rows)
        figure = figure_of(rows, self.experiment)
        number, part = key
        line = Ended(
            trial=number,
            part=part,
            state=state,
            value=figure.value,
            best_epoch=figure.epoch,
            epochs=len(rows),
            seconds=seconds,
            message=message,
        )
        self.append(line)
        return line

    def plan_ahead(self) -> None:
        """Plan the trials that are known from the start and not planned yet."""
        for number, parameters in enumerate(planned_parameters(self.experiment), 1):
            if number not in self.table.trials:
                self.append(Planned(trial=number, parameters=parameters))

    def offer_again(self) -> None:
        """Give trials that failed, or whose run was deleted, their turn once more."""
        for trial in self.table.in_order():
            for part in trial.parts:
                is_gone = bool(part.run) and self.run_path(part) is None
                if part.state == "failed" or (is_gone and part.state in ("finished", "pruned")):
                    self.append(PlannedAgain(trial=trial.number, part=part.number))

    def look_for_strays(self) -> None:
        """Look for runs that began when nobody could note it any more."""
        known = {line.run for line in self.lines if isinstance(line, Begun)}
        name, created = self._folder.name, self.experiment.created
        self._strays = find_strays(self.runs_folder, name, created, known)

    def adopt(self, trials: Iterable[Trial]) -> None:
        """Note those of them that are of these trials."""
        for trial in trials:
            for part in trial.parts:
                paths = self._strays.get((trial.number, part.number), [])
                if paths and part.state in ("planned", "running") and not self.run_path(part):
                    with contextlib.suppress(BadInputError):
                        config = self.experiment.trial_config(trial.parameters, part.number)
                        if (path := best_match(paths, config)) is not None:
                            paths.remove(path)
                            begun = Begun(trial=trial.number, part=part.number, run=path.name)
                            self.append(begun)

    def run_path(self, part: Part) -> Path | None:
        """The run folder of a training, as long as it is there."""
        path = self.runs_folder / part.run if part.run else None
        if path is None or not os.path.exists(RunFolder(path).config_file):  # noqa: PTH110
            return None
        return path

    def rows_of(self, run: str) -> list[EpochRow]:
        """The epochs of a run by its folder's name."""
        return RunFolder(self.runs_folder / run).read_epochs()
