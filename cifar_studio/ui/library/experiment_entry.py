"""One experiment of the list: what its folder told last, and its runs. No Qt here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.runs import wording
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.experiment import standing
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.growing_experiment import GrowingExperiment, Stamp, stamp_of
from cifar_studio.runs.experiment.results import best_trial, figure_of
from cifar_studio.runs.experiment.says import finished_values
from cifar_studio.runs.experiment.standing import Stage
from cifar_studio.runs.experiment.trials import Part, Trial
from cifar_studio.runs.experiment.words import figure_words, trial_words
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.library import Run

_Key = tuple[int, int, str]  # trial, part, and the name of the run


@dataclass(frozen=True)
class ShownExperiment:
    """An experiment as its row shows it.

    Attributes
    ----------
    figure : str
        The best one, of repetitions the mean; empty before there is one.
    about, standing : str
        "Search · 12/30 · 3 failed", and "50 min left".
    is_open : bool
        Whether its trials are listed below it.
    """

    state: ExperimentState
    stage: Stage
    figure: str
    about: str
    standing: str
    is_open: bool

    @property
    def spoken(self) -> str:
        """For who does not see it."""
        fold = "unfolded" if self.is_open else "folded"
        name = f"Experiment {self.state.name}"
        return ", ".join(filter(None, (name, self.about, self.figure, self.standing, fold)))


@dataclass(frozen=True)
class ShownTrial:
    """A run as a trial's row shows it: "7", ("learning rate 0.031", "momentum 0.9"), "41.20 %"."""

    number: str
    words: Sequence[str]
    figure: str
    end: str  # how the experiment ended it, where the run itself does not know: "pruned"

    @property
    def title(self) -> str:
        return f"{self.number} · {', '.join(self.words)}" if self.words else self.number


class ExperimentEntry:
    """Mutable: its model changes it as folders and runs change.

    Attributes
    ----------
    state : ExperimentState or None
        None before it has been read, and where it cannot be read.
    runs : list of Run
        By trial, part and name: those that say they are its, and those that its trials name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state: ExperimentState | None = None
        self.is_open = False
        self.is_read = False
        self.runs: list[Run] = []
        self._places: dict[str, tuple[Trial, Part]] = {}  # by the name of a run
        self._trials: dict[int, Trial] = {}
        self._runs_folder: Path | None = None
        self._adopted: set[str] = (
            set()
        )  # names of runs that do not themselves say that they are its
        self._keys: list[_Key] = []  # of the same runs
        self._key_of: dict[str, _Key] = {}  # by the name of a run
        self._reader = GrowingExperiment(path)
        self._stamps: tuple[Stamp | None, ...] = ()
        self._answer: tuple[ExperimentState, str, str, Stage] | None = None
        self._texts: dict[str, tuple[Run, str]] = {}

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def age(self) -> tuple[str, str]:
        """Greater where it was made later."""
        return self.state.experiment.created if self.state is not None else "", self.name

    @property
    def is_listed(self) -> bool:
        """Whether it has a row: single runs that wait are no question."""
        return self.state is not None and self.state.experiment.kind != "queue"

    @property
    def takes_runs(self) -> bool:
        """Whether runs that say they are its need no row of their own."""
        return self.is_listed or not self.is_read

    def has_news(self) -> bool:
        """Whether it is to be read: a process that is killed writes nothing, so one that is held
        always is."""
        folder = self._reader.folder
        files = (folder.experiment_file, folder.ledger_file, folder.lock_file)
        stamps = (stamp_of(self.path), *map(stamp_of, files))
        is_same = stamps == self._stamps
        self._stamps = stamps
        return not is_same or (self.state is not None and self.state.is_held)

    def read(self) -> ExperimentState:
        """What the folder tells now. Raises StudioError."""
        self.is_read = True
        return self._reader.read()

    def take(self, state: ExperimentState | None) -> list[Trial]:
        """Take in what was read; the trials of which something else is known now."""
        before, self.state = self._trials, state
        trials = state.trials if state is not None else ()
        self._runs_folder = state.runs_folder if state is not None else None
        self._trials = {trial.number: trial for trial in trials}
        self._places = {part.run: (one, part) for one in trials for part in one.parts if part.run}
        return [trial for trial in trials if before.get(trial.number) is not trial]

    # Its runs

    def strays(self) -> list[str]:
        """The names of runs that only its trials named, and that they name no more."""
        return [name for name in self._adopted if name not in self._places]

    def owns(self, run: Run) -> bool:
        """Whether a run says that it is of this experiment, or one of the trials names it."""
        if self._is_named_by(run):
            return True
        return run.path.name in self._places and run.path.parent == self._runs_folder

    def position(self, name: str) -> int | None:
        """Where among its runs the one of this name stands; None where it does not."""
        key = self._key_of.get(name)
        return bisect_left(self._keys, key) if key is not None else None

    def place_for(self, run: Run) -> int:
        """Where a run that it owns is to be inserted."""
        return bisect_left(self._keys, self._key(run))

    def insert(self, run: Run) -> None:
        key = self._key(run)
        place = bisect_left(self._keys, key)
        self._keys.insert(place, key)
        self._key_of[run.path.name] = key
        self.runs.insert(place, run)
        if not self._is_named_by(run):
            self._adopted.add(run.path.name)

    def remove(self, place: int) -> None:
        name = self.runs[place].path.name
        self._texts.pop(name, None)
        self._adopted.discard(name)
        del self._keys[place], self.runs[place], self._key_of[name]

    def remove_runs(self) -> None:
        self.runs, self._keys, self._key_of, self._texts = [], [], {}, {}
        self._adopted = set()

    def _key(self, run: Run) -> _Key:
        name = run.path.name
        says = _trial_of(run)
        if says is not None and self._is_named_by(run):
            return says.trial, says.part, name
        trial, part = self._places[name]
        return trial.number, part.number, name

    def _is_named_by(self, run: Run) -> bool:
        says = _trial_of(run)
        return says is not None and says.experiment == self.name

    # How it is shown

    def shown(self, *, is_open: bool) -> ShownExperiment:
        state = self.state
        assert state is not None
        figure, about, now = self._said(state)
        words = standing.STAGE_WORDS[now]
        if now == "running":
            seconds = standing.seconds_left(state, self._share_done(state))
            words = "running" if seconds is None else f"{wording.duration(seconds)} left"
        return ShownExperiment(state, now, figure, about, words, is_open)

    def shown_trial(self, run: Run) -> ShownTrial:
        number = self._key_of[run.path.name][0]
        state, trial = self.state, self._trials.get(number)
        if state is None or trial is None:
            return ShownTrial(str(number), (wording.run_title(run),), "", "")
        words = trial_words(state.experiment, trial, run.config)
        if run.notes.name:
            words = [run.notes.name, *words]
        value = figure_of(run.rows, state.experiment).value
        figure = figure_words(state.experiment, value) if value is not None else wording.NONE
        _, part = self._places.get(run.path.name, (None, None))
        is_told = part is not None and part.state in ("pruned", "failed")
        return ShownTrial(str(number), words, figure, part.state if part and is_told else "")

    def words(self) -> str:
        """In which a search finds the experiment itself."""
        assert self.state is not None
        config = self.state.experiment.config
        _, about, now = self._said(self.state)
        network = f"{wording.network(config)} {config.architecture}"
        return f"{self.name} {about} {now} experiment {network}".casefold()

    def words_of(self, run: Run) -> str:
        """In which a search finds one of its runs."""
        known = self._texts.get(run.path.name)
        if known is None or known[0] is not run:
            shown = self.shown_trial(run)
            star = "star" if run.notes.star else ""
            said = f"trial {shown.title} {run.notes.notes} {wording.state(run)} {shown.end}"
            known = run, f"{said} {run.path.name} {star}".casefold()
            self._texts[run.path.name] = known
        return known[1]

    def _said(self, state: ExperimentState) -> tuple[str, str, Stage]:
        """The figure, how far it is, and how it stands; reckoned once for each state."""
        if self._answer is None or self._answer[0] is not state:
            words = [*standing.progress_words(state), *standing.count_words(state, ("failed",))]
            self._answer = state, _answer(state), " · ".join(words), standing.stage(state)
        return self._answer[1:]

    def _running(self, state: ExperimentState) -> Iterator[Run | None]:
        found = {run.path.name: run for run in self.runs}
        for trial in state.trials:
            for part in trial.parts:
                if part.state == "running":
                    yield found.get(part.run)

    def _share_done(self, state: ExperimentState) -> float:
        runs = [run for run in self._running(state) if run is not None]
        whole = sum(len(run.rows) / max(1, run.config.epochs) for run in runs)
        return whole / len(state.experiment.parts)


def _answer(state: ExperimentState) -> str:
    experiment = state.experiment
    best = best_trial(state.trials, experiment)
    if best is None:
        return ""
    if experiment.kind in ("folds", "seeds"):
        mean = spread(finished_values(state.trials)).mean
        return f"mean {figure_words(experiment, mean)}"
    return figure_words(experiment, best.value)


def _trial_of(run: Run) -> TrialOf | None:
    return run.environment.trial if run.environment is not None else None
