"""What a search adds to an experiment that is being run: proposals, early ends, importance."""

from __future__ import annotations

import contextlib
import time

from cifar_studio.experiments.ledger import Ledger
from cifar_studio.experiments.search.importance import importance
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Ended, EndState, Planned, Trial
from cifar_studio.runs.folder.epochs import EpochRow

IMPORTANCE_EVERY_S = 10.0


class Proposals:
    """Proposes trials where an experiment is a search, and nothing where it is not."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._has_no_more = False  # everything that there is was proposed
        self._weighed_s = 0.0
        self._is_weighed = False
        experiment = ledger.experiment
        is_told_at_once = experiment.method == "grid" and experiment.pruning == "none"
        self._search: Search | None = None
        if experiment.kind == "search" and not is_told_at_once:
            self._search = Search(experiment, ledger.lines, ledger.rows_of)

    @property
    def is_spent(self) -> bool:
        """Whether no trial will be proposed any more."""
        experiment, trials = self._ledger.experiment, self._ledger.table.trials.values()
        if experiment.is_planned_ahead or self._has_no_more:
            return True
        if experiment.trials is not None and len(trials) >= experiment.trials:
            return True
        hours = sum(trial.seconds for trial in trials) / 3600
        return experiment.hours is not None and hours >= experiment.hours

    def propose(self) -> Trial | None:
        """Plan one more trial; None where there is none."""
        if self._search is None or self.is_spent:
            return None
        parameters = self._search.propose()
        if parameters is None:
            self._has_no_more = True
            return None
        number = self._ledger.table.next_number
        self._ledger.append(Planned(trial=number, parameters=parameters))
        self._ledger.adopt([self._ledger.table.trials[number]])
        return self._ledger.table.trials[number]

    def is_to_end(self, trial: int, row: EpochRow) -> bool:
        """Whether a trial is not worth the epochs after this one."""
        if self._search is None or self._ledger.experiment.pruning == "none":
            return False
        return self._search.report(trial, row)

    def ended(self, line: Ended) -> None:
        """A training has ended; the search learns of trials that are over with all parts."""
        self._is_weighed = False
        trial = self._ledger.table.trials[line.trial]
        if line.state == "stopped" or not trial.is_over or self._search is None:
            return
        state: EndState = trial.state  # type: ignore[assignment]
        self._search.ended(trial.number, state, trial.value if state == "finished" else line.value)

    def more_is_asked_for(self) -> None:
        """The question was changed."""
        self._has_no_more = False

    def weigh(self, folder: ExperimentFolder, *, at_once: bool = False) -> None:
        """Keep how much each setting matters, which the window shows and does not reckon."""
        is_due = at_once or time.monotonic() - self._weighed_s > IMPORTANCE_EVERY_S
        if self._ledger.experiment.kind != "search" or self._is_weighed or not is_due:
            return
        trials = self._ledger.table.in_order()
        shares = importance(self._ledger.experiment, trials)
        with contextlib.suppress(OSError):
            folder.write_importance(len(trials), shares)
        self._weighed_s = time.monotonic()
        self._is_weighed = True
