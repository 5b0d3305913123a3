"""Kills the window again and again while it trains, and sees what its worker does.

    python tests/kill_windows.py --kills 20

No test: run it. A real window (on the offscreen platform) trains in a home of its own. At a random
moment its process is killed with SIGKILL. Its worker must save at the next batch and end, no
process may be left, and the next window must offer to resume, which then loses not even a batch.
At the end the run must equal an undisturbed one, bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from cifar_studio import paths
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import assert_same_run
from kill_runs import check_files
from window_process import WindowProcess

LONGEST_LIFE_S = 2.0
EPOCHS = 10_000
MORE_EPOCHS = 2


def kill_windows(kills: int, seed: int) -> tuple[RunFolder, list[tuple[int, int]]]:
    """Kill so many windows over one run; its folder, and where it stood after each."""
    generator = random.Random(seed)
    folder: RunFolder | None = None
    stood: list[tuple[int, int]] = [(0, 0)]
    for number in range(kills):
        with WindowProcess(EPOCHS if number == 0 else None) as window:
            if number > 0:
                assert window.read("offered") == "Resume"
            folder = RunFolder(Path(window.read("folder")))
            window.read("worker")
            window.note_family()
            time.sleep(generator.uniform(0, LONGEST_LIFE_S))
            os.kill(window.pid, signal.SIGKILL)
            assert window.orphans() == []
        check_files(folder, announced=stood[-1][0])
        stood.append(checkpoints.load(folder.last_checkpoint).progress)
        assert stood[-1] >= stood[-2], stood
    assert folder is not None
    return folder, stood[1:]


def finish(request: TrainRequest | ResumeRequest) -> RunEnded:
    """Carry a run out in a worker, to its end."""
    worker = WorkerProcess(warm=True)
    worker.send(request)
    (ended,) = [e.event for e in worker.events() if isinstance(e.event, RunEnded)]
    assert ended.state == "finished", ended
    return ended


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Kill the window again and again.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_DATA_HOME="", XDG_CACHE_HOME="", XDG_CONFIG_HOME="")
        began = time.monotonic()
        folder, stood = kill_windows(given.kills, given.seed)
        seconds = time.monotonic() - began
        epochs = stood[-1][0] + MORE_EPOCHS
        finish(ResumeRequest(id=new_id(), folder=str(folder.path), data="demo", epochs=epochs))
        config = replace(folder.read_config(), epochs=epochs)
        runs = str(paths.runs_folder() / "undisturbed")
        whole = finish(TrainRequest(id=new_id(), config=config, data="demo", runs=runs))
        assert_same_run(folder, RunFolder(Path(whole.folder)))
    inside = sum(batch > 0 for _, batch in stood)
    print(f"{given.kills} windows killed in {seconds:.0f} s over a run of {epochs} epochs; "
          f"{inside} times inside an epoch")  # fmt: skip
    print("No process left, every worker had saved, figures and weights as undisturbed.")


if __name__ == "__main__":
    main(sys.argv[1:])
