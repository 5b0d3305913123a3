"""Kills everything that runs an experiment, again and again, and sees what is left.

    python tests/kill_experiments.py --kills 100 --method random

A process that holds a dispatcher, as the window does, runs a search of tiny trainings on the demo
set. At a random moment SIGKILL hits that process, the dispatcher, or a worker, in turn at random;
after the first two another one goes on with the experiment. Where all trials are finished before
all kills are done, another search begins. At the end no trial may be lost, none trained twice to
its end, none left running; no run folder may stand that no ledger names; and the table must be the
same as an undisturbed search's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment, checked_experiment, settled
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.experiments.open_experiment import MOST_CRASHES
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Begun, Ended

# Two batches an epoch, of the network with the smallest checkpoints, and one thread.
CONFIG = TrainConfig(
    architecture="mobilenet_v2",
    epochs=2,
    batch_size=50,
    train_per_class=1,
    validation_per_class=1,
    test_per_class=1,
    device="cpu",
)
VALUES = (
    Axis(key="learning_rate", values=(0.001, 0.002, 0.004, 0.008, 0.016)),
    Axis(key="momentum", values=(0.6, 0.7, 0.8, 0.9)),
)
RANGES = (
    Axis(key="learning_rate", low=0.001, high=0.016, logarithmic=True),
    Axis(key="momentum", low=0.5, high=0.95),
)
METHODS = ("grid", "random", "tpe")
VICTIMS = ("client", "dispatcher", "worker")
LONGEST_START_S = 12.0
LONGEST_TRAINING_S = 3.0
MOST_PATIENCE_S = 120.0
CLIENT = """
import sys
from cifar_studio.experiments.client import DispatcherProcess
from cifar_studio.experiments.protocol import ExperimentChanged, RequestRefused, RunExperiment
from cifar_studio.runs.folder.events import RunStarted
dispatcher = DispatcherProcess(slots=int(sys.argv[2]))
print("dispatcher", dispatcher.pid, flush=True)
dispatcher.ask(RunExperiment(folder=sys.argv[1]))
for envelope in dispatcher.events():
    event = envelope.event
    if type(event).__name__ == "JobBegan":
        print("worker", event.pid, flush=True)
    elif isinstance(event, RequestRefused):
        print("refused", event.message, flush=True)
        dispatcher.close()
    elif isinstance(event, ExperimentChanged):
        print("experiment", event.activity, event.message, flush=True)
        if event.activity in ("ended", "paused"):
            dispatcher.close()
    elif type(event).__name__ != "BatchesEnded":
        print("event", type(event).__name__, flush=True)
"""


@dataclass
class Findings:
    """What a series of kills showed.

    Attributes
    ----------
    kills : Counter
        By what was killed.
    moments : Counter
        What was told last before.
    searches : int
        How many were brought to their end, each trial of each compared.
    strays : int
        Folders among the runs that are no runs yet: cut off while they were made.
    refusals : int
        How often the dispatcher of a killed client was still there, and the next one was refused.
    """

    kills: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    searches: int = 0
    strays: int = 0
    refusals: int = 0
    seconds: float = 0.0


class KilledSearch:
    """One search, whose processes are killed and that is gone on with."""

    def __init__(self, folder: ExperimentFolder, slots: int, generator: random.Random) -> None:
        self._folder = folder
        self._slots = slots
        self._random = generator
        self._family: dict[int, psutil.Process] = {}

    def live_and_die(self, findings: Findings, kills: int, until: float = math.inf) -> bool:
        """Run it, and kill something; whether it has ended by itself before.

        `until` is the moment after which nothing is killed any more.
        """
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(self._folder.path), str(self._slots)],
            stdout=subprocess.PIPE,
        )
        assert client.stdout is not None
        os.set_blocking(client.stdout.fileno(), False)
        pids = {"client": client.pid}
        moment = "start"
        heard_at = time.monotonic()
        dies_at = self._first_end()
        begins_left = self._random.randint(1, 2)
        crashes = 0
        unread = b""
        try:
            while (news := _read(client.stdout.fileno())) != b"":
                *lines, unread = (unread + (news or b"")).split(b"\n")
                for line in lines:
                    word, _, rest = line.decode().partition(" ")
                    if word in ("dispatcher", "worker"):
                        pids[word] = int(rest)
                    elif word == "event":
                        moment = rest
                        begins_left -= rest == "RunStarted"
                        crashes = 0 if rest == "EpochEnded" else crashes
                        if begins_left == 0 and rest == "RunStarted":
                            dies_at = min(dies_at, time.monotonic() + self._soon())
                    elif word == "experiment" and rest.startswith("paused"):
                        raise AssertionError(f"it paused: {rest}")
                    elif word == "refused":
                        # The dispatcher of a client that was killed ends once all is saved.
                        assert "is being run by another process" in rest
                        findings.refusals += 1
                        return False
                self._note_family(client.pid)
                now = time.monotonic()
                heard_at = now if news else heard_at
                assert now - heard_at < MOST_PATIENCE_S, f"it hangs after {moment}"
                is_due = kills > sum(findings.kills.values()) and dies_at < now < until
                if is_due and len(pids) == 3:
                    # One more crash without an epoch between would make a failure of it.
                    can_crash = crashes < MOST_CRASHES - 1
                    victim = self._random.choice(VICTIMS if can_crash else VICTIMS[:2])
                    crashes += victim == "worker"
                    findings.kills[victim] += 1
                    findings.moments[f"{victim} after {moment}"] += 1
                    _kill(pids[victim])
                    if victim != "worker":
                        return False
                    dies_at, begins_left = self._first_end(), self._random.randint(1, 2)
                time.sleep(0.02)
            return True
        finally:
            client.kill()
            client.wait()
            client.stdout.close()
            self._wait_for_orphans()

    def _first_end(self) -> float:
        """A fifth dies in the start, the others once a training is on."""
        is_early = self._random.random() < 0.2
        return time.monotonic() + self._random.uniform(0, LONGEST_START_S) if is_early else math.inf

    def _soon(self) -> float:
        return self._random.uniform(0, LONGEST_TRAINING_S)

    def _note_family(self, pid: int) -> None:
        try:
            for child in psutil.Process(pid).children(recursive=True):
                self._family.setdefault(child.pid, child)
        except psutil.Error:
            return

    def _wait_for_orphans(self) -> None:
        """Sometimes at once, while workers still save: the next dispatcher has to wait then."""
        if self._random.random() < 0.5:
            return
        _, alive = psutil.wait_procs(list(self._family.values()), MOST_PATIENCE_S)
        assert not alive, [process.cmdline() for process in alive]
        self._family.clear()

    def wait(self) -> None:
        _, alive = psutil.wait_procs(list(self._family.values()), MOST_PATIENCE_S)
        assert not alive, [process.cmdline() for process in alive]


def _read(handle: int) -> bytes | None:
    """What is there; None for nothing yet, b"" after the end."""
    try:
        return os.read(handle, 2**16)
    except BlockingIOError:
        return None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # a worker that had just ended
        os.kill(pid, signal.SIGKILL)


def make_search(place: Path, method: str, trials: int) -> ExperimentFolder:
    experiment = Experiment(
        kind="search",
        config=CONFIG,
        data="demo",
        axes=VALUES if method == "grid" else RANGES,
        method=method,  # type: ignore[arg-type]
        metric="val_loss",  # which tells the last bit of what was computed
        trials=trials,
        seed=5,
        runs=str(place / "runs"),
    )
    return folders.create(place, "search", checked_experiment(settled(experiment)))


def table(folder: ExperimentFolder) -> list[tuple[object, ...]]:
    """What must be the same however often it was disturbed."""
    return [
        (trial.number, json.dumps(trial.parameters), trial.state, part.value, part.best_epoch,
         part.epochs)
        for trial in folder.read().trials
        for part in trial.parts
    ]  # fmt: skip


def check(folder: ExperimentFolder, trials: int, findings: Findings) -> None:
    """Nothing is lost, doubled, left over or running; raises AssertionError."""
    state = folder.read()
    assert not state.is_held
    assert [trial.state for trial in state.trials] == ["finished"] * trials, state.trials
    lines = folder.read_lines()
    ended = Counter(line.trial for line in lines if isinstance(line, Ended))
    assert ended == dict.fromkeys(range(1, trials + 1), 1), folder.ledger_file.read_text()
    begun = {(line.trial, line.run) for line in lines if isinstance(line, Begun)}
    named = {run for _, run in begun}
    for path in state.runs_folder.iterdir():
        if path.name not in named:
            assert not (path / "config.json").exists(), f"{path} is a run, and of no trial"
            findings.strays += 1
    finished = [
        run for _, run in begun
        if (state.runs_folder / run / "status.json").exists()
        and json.loads((state.runs_folder / run / "status.json").read_text())["state"] == "finished"
    ]  # fmt: skip
    assert len(finished) == trials, finished


def undisturbed(place: Path, method: str, trials: int) -> list[tuple[object, ...]]:
    """The table of the same search without a kill, one trial after another."""
    folder = make_search(place, method, trials)
    search = KilledSearch(folder, 1, random.Random(0))
    assert search.live_and_die(Findings(), 0)
    search.wait()
    check(folder, trials, Findings())
    return table(folder)


def undisturbed_once(
    place: Path, method: str, trials: int, kept: Path | None
) -> list[tuple[object, ...]]:
    key = f"{method} {trials}"
    known = json.loads(kept.read_text()) if kept is not None and kept.exists() else {}
    if key not in known:
        known[key] = undisturbed(place, method, trials)
        if kept is not None:
            kept.write_text(json.dumps(known))
    return [tuple(row) for row in known[key]]


def kill_and_compare(
    place: Path,
    kills: int,
    seed: int,
    *,
    method: str,
    trials: int,
    slots: int,
    minutes: float = math.inf,
    kept: Path | None = None,
) -> Findings:
    """Kill so often; raises AssertionError where anything was lost or is another.

    Parameters
    ----------
    minutes : float
        After so long nothing is killed any more, and the search comes to its end.
    kept : Path, optional
        Where the undisturbed table is kept for the next time on this computer.
    """
    began = time.monotonic()
    generator = random.Random(seed)
    whole = undisturbed_once(place / "undisturbed", method, trials, kept)
    findings = Findings()
    until = began + 60 * minutes
    while sum(findings.kills.values()) < kills and time.monotonic() < until:
        here = place / f"killed_{findings.searches}"
        folder = make_search(here, method, trials)
        search = KilledSearch(folder, slots, generator)
        while not search.live_and_die(findings, kills, until):
            pass
        search.wait()
        check(folder, trials, findings)
        assert table(folder) == whole, (table(folder), whole)
        findings.searches += 1
    findings.seconds = time.monotonic() - began
    return findings


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Kill what runs an experiment again and again.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--method", choices=METHODS, default="random")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--kept", type=Path, help="a file for the undisturbed tables")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        places = {f"XDG_{name}_HOME": f"{home}/{name.lower()}" for name in ("DATA", "CONFIG")}
        os.environ.update(HOME=home, OMP_WAIT_POLICY="PASSIVE", OMP_NUM_THREADS="1", **places)
        findings = kill_and_compare(
            Path(home),
            given.kills,
            given.seed,
            method=given.method,
            trials=given.trials,
            slots=given.slots,
            minutes=given.minutes,
            kept=given.kept,
        )
    kills = ", ".join(f"{count} {victim}s" for victim, count in findings.kills.items())
    print(f"{kills} killed in {findings.seconds:.0f} s over {findings.searches} searches of "
          f"{given.trials} trials ({given.method}, {given.slots} at once)")  # fmt: skip
    for moment, count in findings.moments.most_common():
        print(f"{count:5d}  {moment}")
    print(f"No trial lost, none twice, tables equal; {findings.strays} empty folders left; "
          f"{findings.refusals} times one had to wait for another's end.")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
