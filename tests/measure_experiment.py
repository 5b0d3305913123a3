"""Measures the tab Experiment with many finished trials. No test: run it.

    .venv/bin/python tests/measure_experiment.py [--trials 1000] [--epochs 20] [--times 5]

Prints, in milliseconds of the window's thread with the median and the worst of so many times:
  reading the ledger, and the first look at the tab with each of its views in sight;
  reading all runs, in how many turns;
  one more trial that ends, from its line on the disk to the painted window, by view.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from cifar_studio.runs.experiment.trials import Planned
from experiments_support import SEARCH, add_trial, drawn, make_search

VIEWS = ("history", "curves", "parallel", "slices", "importance")


def timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began)


def said(title: str, values: list[float]) -> None:
    print(f"{title:44} {statistics.median(values):7.1f} ms, worst {max(values):7.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    home = tempfile.mkdtemp()
    for name in ("CACHE", "CONFIG", "DATA"):
        os.environ[f"XDG_{name}_HOME"] = home
    application = QApplication([])
    began = time.perf_counter()
    from cifar_studio.ui.experiment.reader import ExperimentReader
    from cifar_studio.ui.experiment.view import ExperimentView

    print(f"imports {1000 * (time.perf_counter() - began):.0f} ms")
    experiment = replace(SEARCH, trials=2 * options.trials)
    folder = make_search("many", experiment=experiment, trials=options.trials, running=0)
    lock = folder.hold()
    print(f"{options.trials:,} trials, {os.cpu_count()} processors, {application.platformName()}")

    def first_look(path: Path, view_key: str) -> tuple[float, float, float]:
        reader = ExperimentReader(path)
        reading = timed(lambda: reader.read(0.0))
        view = ExperimentView()
        view.choose_view(view_key)
        view.resize(1240, 640)

        def show() -> None:
            view.show_experiment(reader.read(0.0))
            view.show()
            view.grab()

        shown = timed(show)
        data = reader.read(60)
        again = timed(lambda: (view.show_experiment(data), view._draw(), view.grab()))
        view.close()
        view.deleteLater()
        return reading, shown, again

    for key in VIEWS:
        looks = [first_look(folder.path, key) for _ in range(options.times)]
        said(f"first look, {key}: ledger", [look[0] for look in looks])
        said(f"first look, {key}: show and paint", [look[1] for look in looks])
        said(f"with all runs read, {key}: draw and paint", [look[2] for look in looks])

    reader, turns = ExperimentReader(folder.path), []
    while True:
        turns.append(timed(reader.read))
        if reader.read(0.0).is_whole:
            break
    said(f"reading all runs, {len(turns)} turns of", turns)
    said("looking again, nothing new", [timed(reader.read) for _ in range(50)])

    generator = np.random.default_rng(1)
    view = ExperimentView()
    view.resize(1240, 640)
    view.show()
    view.show_experiment(reader.read(60))
    view.grab()
    number = options.trials
    for key in VIEWS:
        view.choose_view(key)
        view.grab()
        rows, paints = [], []
        for _ in range(options.times):
            number += 1
            values = drawn(experiment, generator)
            folder.append(Planned(trial=number, parameters=values))
            add_trial(folder, experiment, number, values, "finished", 20, generator)
            rows.append(timed(lambda: (view.show_experiment(reader.read()), view._draw())))
            paints.append(timed(view.grab))
        said(f"a new row, {key}", rows)
        said(f"  and painting the tab, {key}", paints)
    lock.release()


if __name__ == "__main__":
    main()
