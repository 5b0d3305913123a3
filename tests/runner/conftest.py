"""One thread for runs in the tests' own process, and a finished run to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cifar_studio.runs.folder.run_folder import RunFolder


@pytest.fixture
def one_thread(shared_cache: Path) -> Iterator[None]:
    """Trainings in this process: one thread, and the random state as it was before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def run(small_run: Path, tmp_path: Path, shared_cache: Path) -> RunFolder:
    """A finished run of the demo set, of this test's own."""
    return RunFolder(Path(shutil.copytree(small_run, tmp_path / "runs" / small_run.name)))
