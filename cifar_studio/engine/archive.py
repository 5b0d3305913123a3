"""Puts a training on disk, in an order in which a crash at any point loses nothing.

At an epoch's end: the evaluation, the row, `last.pt`, and for a best epoch `best.pt` and its
evaluation. `last.pt` decides how far the run is. A crash before it repeats the epoch, and the row
that was too early is cut off at the resume; a crash after it leaves at most the best epoch's two
files behind, which the resume makes from the last ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cifar_studio import atomic
from cifar_studio.engine import checkpoint as checkpoints
from cifar_studio.engine.state import TrainingState
from cifar_studio.errors import RunFolderError, TrainingError
from cifar_studio.runs.epochs import EpochRow, best_row
from cifar_studio.runs.evaluation import Evaluation, load_evaluation, save_evaluation
from cifar_studio.runs.folder import RunFolder
from cifar_studio.sealed import BLOCK


def save_state(folder: RunFolder, state: TrainingState) -> None:
    """Write `last.pt`; raises TrainingError where the disk refuses."""
    with _told_as_training_errors(folder):
        checkpoints.save(folder.last_checkpoint, state.to_checkpoint())


def finish_epoch(
    folder: RunFolder, state: TrainingState, row: EpochRow, evaluation: Evaluation
) -> int:
    """Take an epoch's row into the state and everything of it to disk; returns the best epoch.

    Raises TrainingError where the disk refuses.
    """
    with _told_as_training_errors(folder):
        save_evaluation(folder.last_evaluation, evaluation)
        folder.append_epoch(row)
        state.rows.append(row)
        state.begin_epoch()
        checkpoints.save(folder.last_checkpoint, state.to_checkpoint())
        return _keep_best(folder, state)


def make_consistent(folder: RunFolder, state: TrainingState) -> None:
    """Bring the folder to where a restored state stands.

    Rows after it are cut off and lost ones put back; the files of a best epoch that is also the
    last one are made again. Raises TrainingError where the disk refuses.
    """
    with _told_as_training_errors(folder):
        if folder.read_epochs() != state.rows:
            folder.keep_epochs(state.rows)
        best = best_row(state.rows)
        if state.batch == 0 and best is not None and best.epoch == state.epoch:
            if _epoch_of(folder.last_evaluation) == state.epoch:
                link_or_copy(folder.last_evaluation, folder.best_evaluation)
            # The state may come from another file than last.pt, such as best.pt itself.
            checkpoints.save(folder.last_checkpoint, state.to_checkpoint())
            link_or_copy(folder.last_checkpoint, folder.best_checkpoint)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` another name of `source`'s present contents, at once.

    A hard link costs nothing, and later writes replace `source` by rename and leave it alone; where
    the file system has no links it is a copy. Raises OSError.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        name = Path(folder) / target.name
        try:
            os.link(source, name)
        except OSError:
            atomic.write_file(target, lambda file: _copy(source, file))
            return
        # Where both are already one file a rename does nothing: the folder goes with what is in it.
        name.replace(target)
    atomic.sync_folder(target.parent)


def _keep_best(folder: RunFolder, state: TrainingState) -> int:
    best = best_row(state.rows)
    assert best is not None
    if best.epoch == state.epoch:
        link_or_copy(folder.last_checkpoint, folder.best_checkpoint)
        link_or_copy(folder.last_evaluation, folder.best_evaluation)
    return best.epoch


def _epoch_of(evaluation_file: Path) -> int | None:
    try:
        return load_evaluation(evaluation_file).epoch
    except RunFolderError:
        return None


@contextmanager
def _told_as_training_errors(folder: RunFolder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{folder.path} cannot be written ({error.strerror or error})",
            "Free space there, then resume the run",
        ) from error


def _copy(source: Path, target: BinaryIO) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, target, BLOCK)
