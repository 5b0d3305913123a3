"""Measures what an open window costs the training that it shows. No test: run it.

    .venv/bin/python tests/measure_window_cost.py [--pairs 5] [--architecture resnet18]

Trains the same epochs on the demo set from the command line and from a real window on the screen at
hand, Curves in front, in turn, and prints pictures a second of both and the ratio inside each pair.
The first epoch is left out: beside it the window starts the worker that the next run will need.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.run_folder import RunFolder

EPOCHS = TrainConfig(epochs=3, train_per_class=60, test_per_class=1, precision="float32")
IN_A_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
from cifar_studio.config.serialization import from_json
from cifar_studio.runs.folder.events import EpochEnded, RunEnded
from cifar_studio.ui.window.main_window import MainWindow
from cifar_studio.runs.queue_rules import PlannedRun
application = QApplication([])
window = MainWindow()
window.resize(1280, 800)
window.show()
def on_event(event):
    if isinstance(event, EpochEnded):
        print(event.row.images_per_second, flush=True)
    if isinstance(event, RunEnded):
        window.leave()
window.parts.controller.event_received.connect(on_event)
window.parts.controller.start(PlannedRun(from_json(sys.argv[1].encode()), "demo"))
application.exec()
"""


def in_a_window(config: TrainConfig) -> float:
    """Pictures a second of epochs that a window shows."""
    from cifar_studio.config.serialization import to_json

    words = [sys.executable, "-c", IN_A_WINDOW, to_json(config).decode()]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return steady([float(line) for line in done.stdout.split()])


def on_the_command_line(config: TrainConfig) -> float:
    """The same without a window."""
    settings = ["train_per_class", "test_per_class", "epochs", "precision", "architecture"]
    words = [sys.executable, "-m", "cifar_studio", "train", "--preset", "quick-look"]
    words += [word for key in settings for word in ("--set", f"{key}={getattr(config, key)}")]
    done = subprocess.run(
        [*words, "--data", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    folder = RunFolder(Path(done.stdout.strip().removeprefix("run: ")))
    return steady([row.images_per_second for row in folder.read_epochs()])


def steady(pictures_per_second: list[float]) -> float:
    """Of all epochs but the first, which are of one size."""
    return statistics.harmonic_mean(pictures_per_second[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--architecture", default="resnet18")
    arguments = parser.parse_args()
    print(platform.platform(), f"{os.cpu_count()} processors", platform.python_version())
    config = replace(EPOCHS, architecture=arguments.architecture)
    ratios = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        os.environ.pop("CIFAR_STUDIO_RUNS", None)
        on_the_command_line(config)  # draws the demo set, and chooses the memory format
        for pair in range(arguments.pairs):
            measures = [on_the_command_line, in_a_window]
            speeds = {
                measure.__name__: measure(config) for measure in measures[:: 1 - 2 * (pair % 2)]
            }
            ratios.append(speeds["in_a_window"] / speeds["on_the_command_line"])
            print({name: round(speed, 1) for name, speed in speeds.items()}, f"{ratios[-1]:.3f}")
    print(f"window / command line: {statistics.median(ratios):.3f} "
          f"({min(ratios):.3f} to {max(ratios):.3f}, n = {len(ratios)})")  # fmt: skip


if __name__ == "__main__":
    main()
