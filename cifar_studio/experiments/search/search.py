"""What a search proposes next, and which trials it ends early, rebuilt from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.experiments.search.halton import shifted_point
from cifar_studio.experiments.search.space import (
    combination_count,
    first_new,
    from_places,
    key_of,
    to_places,
    value_at,
)
from cifar_studio.runs.experiment.results import figure_name
from cifar_studio.runs.experiment.trials import (
    AnyLine,
    Ended,
    Planned,
    TrialState,
    TrialTable,
    Withdrawn,
)
from cifar_studio.runs.folder.epochs import EpochRow

if TYPE_CHECKING:
    import optuna

    from cifar_studio.experiments.search.studies import Study

MOST_REPEATS = 20
"""After so many proposals that were made before, the first combination that was not is taken."""


@dataclass
class _Studied:
    """A trial as the study knows it.

    Attributes
    ----------
    decisions : dict of epoch to bool
        Of each epoch that was reported, whether the trial was to end there.
    told : TrialState or None
        How it ended, once it did; "failed" also where it has no figure.
    """

    parameters: dict[str, Any]
    trial: optuna.Trial
    decisions: dict[int, bool] = field(default_factory=dict)
    told: TrialState | None = None


class Search:
    """Proposes the trials of a search one by one, and learns from them.

    It remembers nothing of its own: made anew from the ledger at any moment, it goes on as it would
    have done. With one slot this is exact; where trials run beside one another, the order of the
    ledger's lines is what counts.

    A trial counts by its figure. One that failed or has no figure counts for nothing, until it is
    trained again and has one. One that is stopped goes on later, and is running until then.

    Parameters
    ----------
    lines : sequence of AnyLine
        The ledger so far. Where it says other than what would be proposed now, it is right.
    rows_of : callable
        The epochs of a run folder by its name. Asked only where trials are pruned.
    """

    def __init__(
        self,
        experiment: Experiment,
        lines: Sequence[AnyLine] = (),
        rows_of: Callable[[str], Sequence[EpochRow]] = lambda run: (),
    ) -> None:
        self._experiment = experiment
        self._metric = figure_name(experiment)
        self._prunes = experiment.pruning != "none"
        self._combinations = combination_count(experiment.axes)
        self._proposed: set[str] = set()
        self._points = 0  # of the sequence that a search at random goes along
        self._numbers: set[int] = set()
        self._studied: dict[int, _Studied] = {}
        self._study: Study | None = None
        if experiment.method == "tpe" or self._prunes:
            # Importing Optuna takes longer than to plan a thousand trials at random.
            from cifar_studio.experiments.search.studies import Study

            self._study = Study(experiment)
        self._replay(lines, rows_of)

    def propose(self) -> dict[str, Any] | None:
        """The parameters of the next trial, whose number is one above the highest so far.

        None where nothing new is left, and where all trials are planned ahead.
        """
        drawn = self._draw()
        if drawn is None:
            return None
        parameters, trial = drawn
        self._take(max(self._numbers, default=0) + 1, parameters, trial)
        return parameters

    def report(self, trial: int, row: EpochRow) -> bool:
        """Whether a running trial is to be ended after this epoch. Unharmed by epochs told twice.

        Once True, it stays so for all later epochs.
        """
        if not self._prunes:
            return False
        studied = self._running(trial)
        if studied is None:
            return False
        if row.epoch not in studied.decisions:
            was_to_end = any(studied.decisions.values())
            is_to_end = self._report(studied, row, is_judged=True)
            studied.decisions[row.epoch] = was_to_end or is_to_end
        return studied.decisions[row.epoch]

    def ended(self, trial: int, state: TrialState, value: float | None) -> None:
        """A trial is over with all its parts; a finished one has its figure, the mean of theirs.

        One that is not over, such as a stopped one, stays as it is. Each trial counts once.
        """
        if self._study is None or state not in ("finished", "pruned", "failed"):
            return
        studied = self._studied.get(trial)
        if state != "failed" and value is not None:
            studied = self._running(trial)
        if studied is None or studied.told is not None:
            return
        self._study.tell(studied.trial, state, value)
        has_counted = state == "pruned" or (state == "finished" and value is not None)
        studied.told = state if has_counted else "failed"

    def withdrawn(self, trial: int) -> None:
        """A trial that had not begun is given up. Its number is free, its parameters are not."""
        self.ended(trial, "failed", None)
        self._studied.pop(trial, None)
        self._numbers.discard(trial)

    def _draw(self) -> tuple[dict[str, Any], optuna.Trial | None] | None:
        """Parameters that were not proposed before, and their trial where Optuna drew them."""
        if self._experiment.is_planned_ahead or len(self._proposed) == self._combinations:
            return None
        for _ in range(MOST_REPEATS):
            trial = None
            if self._experiment.method == "tpe":
                assert self._study is not None
                trial = self._study.propose()
                parameters = from_places(trial.params, self._experiment.axes)
            else:
                parameters = self._next_at_random()
            if key_of(parameters) not in self._proposed:
                return parameters, trial
            self._give_up(trial)
        new = first_new(self._experiment.axes, self._proposed)
        return None if new is None else (new, None)

    def _next_at_random(self) -> dict[str, Any]:
        axes = self._experiment.axes
        shares = shifted_point(len(axes), self._points, self._experiment.seed)
        self._points += 1
        return {axis.key: value_at(axis, share) for axis, share in zip(axes, shares, strict=True)}

    def _take(self, number: int, parameters: dict[str, Any], trial: optuna.Trial | None) -> None:
        """Count a trial in; one that Optuna did not draw is begun in the study."""
        self._numbers.add(number)
        if to_places(parameters, self._experiment.axes) is not None:
            self._proposed.add(key_of(parameters))
        if self._study is not None:
            trial = self._study.begin(parameters) if trial is None else trial
            self._studied[number] = _Studied(parameters, trial)

    def _give_up(self, trial: optuna.Trial | None) -> None:
        if trial is not None:
            assert self._study is not None
            self._study.tell(trial, "failed", None)

    def _running(self, number: int) -> _Studied | None:
        """A trial as it is studied; one that failed is begun anew. None for an unknown one."""
        studied = self._studied.get(number)
        if studied is not None and studied.told == "failed":
            assert self._study is not None
            trial = self._study.begin(studied.parameters)
            studied = self._studied[number] = _Studied(studied.parameters, trial)
        return studied

    def _report(self, studied: _Studied, row: EpochRow, *, is_judged: bool) -> bool:
        assert self._study is not None
        if studied.told is not None:
            return False
        self._study.report(studied.trial, row.epoch, getattr(row, self._metric))
        return is_judged and studied.trial.should_prune()

    def _replay(
        self, lines: Iterable[AnyLine], rows_of: Callable[[str], Sequence[EpochRow]]
    ) -> None:
        table = TrialTable(self._experiment.parts)
        for line in lines:
            before = table.trials.get(getattr(line, "trial", 0))
            table.take(line)
            if isinstance(line, Planned) and before is None:
                self._plan(line)
            elif isinstance(line, Withdrawn) and before and line.trial not in table.trials:
                self.withdrawn(line.trial)
            elif isinstance(line, Ended):
                trial = table.trials.get(line.trial)
                if trial is not None and trial.is_over:
                    self._see_rows(trial.number, rows_of(trial.run) if self._prunes else ())
                    self.ended(trial.number, trial.state, trial.value)
        for trial in table.in_order():
            if self._prunes and trial.run and not trial.is_over:
                self._see_rows(trial.number, rows_of(trial.run))

    def _plan(self, line: Planned) -> None:
        """Propose what was proposed, so that what is drawn moves on; the ledger is right."""
        drawn = self._draw()
        trial = None
        if drawn is not None:
            parameters, trial = drawn
            if key_of(parameters) != key_of(line.parameters):
                self._give_up(trial)
                trial = None
        self._take(line.trial, line.parameters, trial)

    def _see_rows(self, number: int, rows: Sequence[EpochRow]) -> None:
        """Report the epochs of a trial that went on after each of them but, maybe, the last."""
        studied = self._running(number) if rows else None
        if studied is None:
            return
        assert self._study is not None
        for row in rows:
            if row.epoch not in studied.decisions:
                is_judged = self._study.judges_each_epoch or row is rows[-1]
                is_to_end = self._report(studied, row, is_judged=is_judged)
                studied.decisions[row.epoch] = is_to_end and row is rows[-1]
