"""Measures the list of runs with many experiments of many trials. No test: run it.

    .venv/bin/python tests/measure_experiment_list.py [--experiments 20] [--trials 1000] [--home D]

Prints, in milliseconds of the window's thread with the median and the worst:
  the turns of reading everything, and how long that takes in all;
  a look at the disk when nothing has changed;
  folding one out, searching, and a trial that begins, each to the painted list.
A home that holds experiments already is taken as it is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QListView

from cifar_studio import paths
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, experiment_paths
from cifar_studio.runs.experiment.trials import Begun, Planned
from cifar_studio.runs.folder.environment import TrialOf
from experiments_support import SEARCH, drawn, make_search, write_run

TIMES = 5
SHORT_MS = 0.5


def timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began)


def said(title: str, values: list[float]) -> None:
    print(f"{title:44} {statistics.median(values):8.1f} ms, worst {max(values):8.1f}", flush=True)


class Turns:
    """How long each turn of the event loop took, of those that did something."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self.times: list[float] = []

    def until(self, is_done: Callable[[], bool]) -> float:
        """Turn until then; the seconds that it took."""
        tick = QTimer(interval=1)
        tick.start()
        began = time.perf_counter()
        while not is_done():
            turn = timed(self._application.processEvents)
            self.times += [turn] if turn > SHORT_MS else []
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=20)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--home", default="")
    options = parser.parse_args()
    home = options.home or tempfile.mkdtemp()
    for name in ("CACHE", "CONFIG", "DATA"):
        os.environ[f"XDG_{name}_HOME"] = home
    application = QApplication([])
    experiment = replace(SEARCH, trials=2 * options.trials)
    if not experiment_paths(paths.experiments_folder()):
        for number in range(options.experiments):
            name = f"many-{number}"
            make_search(name, experiment=experiment, trials=options.trials, running=0, seed=number)
    from cifar_studio.ui.library.run_model import RunModel
    from cifar_studio.ui.library.runs_panel import RunsPanel
    from scripted_worker import queue_without_slots

    model = RunModel(paths.runs_folder())
    panel = RunsPanel(model, queue_without_slots(Path(home)))
    panel.resize(320, 760)
    panel.show()
    turns = Turns(application)
    first = timed(model.refresh)
    seconds = turns.until(lambda: not model.is_reading and not panel.experiments.is_reading)
    print(f"{len(model.runs):,} runs, {os.cpu_count()} processors, {application.platformName()}")
    print(
        f"first look {first:.1f} ms, all read after {seconds:.1f} s in {len(turns.times):,} turns"
    )
    said("a turn of reading", turns.times)
    said("a look, and nothing has changed", [timed(model.refresh) for _ in range(TIMES)])
    looks = [timed(panel.experiments.refresh) for _ in range(TIMES)]
    said("  of the experiments alone", looks)

    def paint() -> None:
        application.processEvents()
        application.processEvents()  # what the first one asked for

    path = experiment_paths(paths.experiments_folder())[0]
    for title, is_open in (("folding one out", True), ("folding it", False)):
        times = []
        for _ in range(TIMES):
            panel.experiments.set_open(path, not is_open)
            paint()
            times.append(timed(lambda wanted=is_open: (panel._set_open(path, wanted), paint())))
        said(title, times)
    said("painting the whole page", [timed(panel.grab) for _ in range(TIMES)])
    for words in ("m", "mo", "mobilenet", "mobilenet 7", ""):

        def search(words: str = words) -> None:
            panel._search.setText(words)
            paint()

        said(f'searching "{words}"', [timed(search)])
    panel._set_open(path, True)
    paint()
    said("a trial that begins", [begin_trial(path, number, panel, paint) for number in range(9)])
    view = panel.findChildren(QListView)[0]
    rows = view.model().rowCount()
    some = [run.path for run in model.runs[::4000]]
    said("choosing a run", [timed(lambda p=one: (panel.select(p), paint())) for one in some])
    print(f"{rows:,} rows to be seen")


def begin_trial(path: Path, number: int, panel: object, paint: Callable[[], None]) -> float:
    """Milliseconds from its lines and folder on the disk to the painted row."""
    import numpy as np

    from cifar_studio.ui.library.runs_panel import RunsPanel

    assert isinstance(panel, RunsPanel)
    folder = ExperimentFolder(path)
    trial = int(time.time_ns() // 1000 % 10**9)
    values = drawn(SEARCH, np.random.default_rng(trial))
    run = f"29990401_{120000 + number}_{trial}"
    folder.append(Planned(trial=trial, parameters=values))
    place = TrialOf(experiment=path.name, trial=trial)
    write_run(run, SEARCH.trial_config(values), [], "running", place)
    folder.append(Begun(trial=trial, run=run))
    model = panel._model

    def take_in() -> None:
        panel.experiments.refresh()
        model._unread = {paths.runs_folder() / run: None}
        model._read_some()
        paint()

    return timed(take_in)


if __name__ == "__main__":
    main()
