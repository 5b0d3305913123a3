"""Searches over made-up trainings, with the ledger and the run folders that they leave."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import AnyLine, Begun, Ended, EndState, Planned, TrialTable
from cifar_studio.runs.folder.epochs import EpochRow
from support import make_row

MILESTONES = ((2, 4), (3,), ())
AXES = (
    Axis(key="learning_rate", low=0.001, high=0.1, logarithmic=True),
    Axis(key="momentum", low=0.5, high=0.95),
    Axis(key="batch_size", low=16, high=256, logarithmic=True),
    Axis(key="warmup_epochs", values=(0.0, 1.0, 2.0)),
    Axis(key="schedule_epochs", values=(None, 5, 8)),
    Axis(key="milestones", values=MILESTONES),
    Axis(key="nesterov", values=(False, True)),
)
"""Of each sort one: ranges by ratio, by difference and of whole numbers, values of all types."""
Curve = Callable[[dict[str, Any]], list[float | None]]


def search_of(**changes: Any) -> Experiment:
    given = {
        "kind": "search",
        "config": TrainConfig(epochs=9),
        "axes": AXES,
        "method": "random",
        "trials": 30,
    }
    return Experiment(**{**given, **changes})


def goodness(parameters: dict[str, Any]) -> float:
    """0 to 1, best at a learning rate of 0.03 and a momentum of 0.9."""
    rate = abs(math.log10(parameters.get("learning_rate", 0.03) / 0.03))
    momentum = abs(parameters.get("momentum", 0.9) - 0.9)
    size = abs(math.log(parameters.get("batch_size", 64) / 64))
    return 1 / (1 + rate + momentum + 0.1 * size + 0.05 * bool(parameters.get("nesterov")))


def top1s(parameters: dict[str, Any]) -> list[float | None]:
    """Nine epochs that rise to a height that the parameters say."""
    return [60 * goodness(parameters) * (1 - 0.7**epoch) for epoch in range(1, 10)]


def losses(parameters: dict[str, Any]) -> list[float | None]:
    """Nine epochs that fall; of a high learning rate they are not finite from the third on."""
    falling: list[float | None] = [
        4.6 - 3 * goodness(parameters) * (1 - 0.7**epoch) for epoch in range(1, 10)
    ]
    return [*falling[:2], *[None] * 7] if parameters["learning_rate"] > 0.08 else falling


@dataclass
class Bench:
    """Trains a search's trials as a dispatcher does, but at once and without a network."""

    experiment: Experiment
    curve: Curve = top1s
    lines: list[AnyLine] = field(default_factory=list)
    folders: dict[str, list[EpochRow]] = field(default_factory=dict)
    search: Search = field(init=False)

    def __post_init__(self) -> None:
        self.rebuild()

    def rebuild(self) -> None:
        """As after a kill: the search is made anew from what was written."""
        self.search = Search(self.experiment, read_again(self.lines), self.rows_of)

    def rows_of(self, run: str) -> Sequence[EpochRow]:
        return self.folders.get(run, ())

    def plan(self) -> Planned:
        parameters = self.search.propose()
        assert parameters is not None
        table = TrialTable(self.experiment.parts)
        table.feed(self.lines)
        line = Planned(trial=table.next_number, parameters=parameters)
        self.lines.append(line)
        return line

    def begin(self, trial: int, run: str = "") -> str:
        self.lines.append(Begun(trial=trial, run=run or f"run{trial}"))
        return run or f"run{trial}"

    def epochs(self, line: Planned, run: str, first: int = 1, last: int = 99) -> bool:
        """Train some epochs; whether the search ended the trial with one of them."""
        for epoch, value in enumerate(self.curve(line.parameters), start=1):
            if first <= epoch <= last:
                row = row_of(self.experiment, epoch, value)
                self.folders.setdefault(run, []).append(row)
                if self.search.report(line.trial, row):
                    return True
        return False

    def end(self, trial: int, state: EndState, run: str) -> None:
        rows = self.folders.get(run, [])
        value = figure_of(rows, self.experiment).value if state != "failed" else None
        self.lines.append(Ended(trial=trial, state=state, value=value, epochs=len(rows)))
        self.search.ended(trial, state, value)

    def train(self) -> Planned:
        """One whole trial."""
        line = self.plan()
        run = self.begin(line.trial)
        is_pruned = self.epochs(line, run)
        self.end(line.trial, "pruned" if is_pruned else "finished", run)
        return line

    def parameters(self) -> list[dict[str, Any]]:
        return [line.parameters for line in self.lines if isinstance(line, Planned)]

    def ends(self) -> list[tuple[int, str, int]]:
        """Of each trial its number, how it ended, and after how many epochs."""
        return [
            (line.trial, line.state, line.epochs) for line in self.lines if isinstance(line, Ended)
        ]


def row_of(experiment: Experiment, epoch: int, value: float | None) -> EpochRow:
    return replace(make_row(epoch), test_top1=None, **{experiment.metric: value})


def read_again(lines: Sequence[AnyLine]) -> list[AnyLine]:
    """Lines as a file gives them back: what was a tuple is a list."""
    return [
        replace(line, parameters=json.loads(json.dumps(line.parameters)))
        if isinstance(line, Planned)
        else line
        for line in lines
    ]
