"""One thread for runs in the tests' own process, and a finished run to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cifar_studio.runs.folder.run_folder import RunFolder
from runner.small_runs import train


@pytest.fixture
def one_thread(shared_cache: Path) -> Iterator[None]:
    """Trainings in this process: one thread, and the random state as it was before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def _finished_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported_runs")


@pytest.fixture
def run(_finished_runs: Path, tmp_path: Path, shared_cache: Path) -> RunFolder:
    """A finished run of the demo set, of this test's own."""
    if not list(_finished_runs.iterdir()):
        train(_finished_runs)
    (made,) = _finished_runs.iterdir()
    return RunFolder(Path(shutil.copytree(made, tmp_path / "runs" / made.name)))
