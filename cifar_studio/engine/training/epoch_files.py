"""Puts a training on disk, in an order in which a crash at any point loses nothing.

At an epoch's end: the evaluation, the row, `last.pt`, and for a best epoch `best.pt` and its
evaluation. `last.pt` decides how far the run is. A crash before it repeats the epoch, and the row
that was too early is cut off at the resume; a crash after it leaves at most the best epoch's two
files behind, which the resume makes from the last ones. The checkpoint before stays as
`previous.pt`, for the day on which `last.pt` turns out to be damaged.

Where the test set is locked there are no evaluations until the run has ended. Then come the best
epoch's, the rows again with its figures, and `last.pt` with these rows. Where it stays locked
there never are.

A disk that refuses a write is asked again (`RetryingSaver`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cifar_studio import atomic
from cifar_studio.disk_space import refused_save
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint
from cifar_studio.engine.training.training_state import TrainingState
from cifar_studio.errors import NewerVersionError, RunFolderError
from cifar_studio.runs.folder.epochs import EpochRow, best_row
from cifar_studio.runs.folder.evaluation import Evaluation, load_evaluation, save_evaluation
from cifar_studio.runs.folder.events import SaveRefused
from cifar_studio.runs.folder.run_folder import RunFolder


def save_state(folder: RunFolder, state: TrainingState) -> None:
    """Write `last.pt` and keep the one before as `previous.pt`; raises OSError."""
    checkpoints.save(
        folder.last_checkpoint, state.to_checkpoint(), keep_as=folder.previous_checkpoint
    )


def save_epoch(
    folder: RunFolder, state: TrainingState, evaluation: Evaluation | None, *, again: bool = False
) -> None:
    """Write all files of the epoch that the state has just finished; raises OSError.

    The evaluation is of the test pictures; there is none while they are locked.

    `again`, after a failure, writes each of them anew, whatever of it had been done.
    """
    if evaluation is not None:
        save_evaluation(folder.last_evaluation, evaluation)
    if again:
        folder.keep_epochs(state.rows)
    else:
        folder.append_epoch(state.rows[-1])
    save_state(folder, state)
    best = best_row(state.rows)
    if best is not None and best.epoch == state.epoch:
        atomic.link_or_copy(folder.last_checkpoint, folder.best_checkpoint)
        if evaluation is not None:
            atomic.link_or_copy(folder.last_evaluation, folder.best_evaluation)
        else:  # of a run that ended, and goes on
            folder.best_evaluation.unlink(missing_ok=True)


def checkpoint_of_epoch(folder: RunFolder, epoch: int) -> Checkpoint:
    """A whole checkpoint that stands at the end of an epoch; raises RunFolderError."""
    for path in (folder.best_checkpoint, folder.previous_checkpoint):
        with suppress(RunFolderError, NewerVersionError):
            checkpoint = checkpoints.load(path)
            if checkpoint.progress == (epoch, 0):
                return checkpoint
    raise RunFolderError(
        f"no whole checkpoint of epoch {epoch}, which validation chose, is left to be tested",
        "Its figures on validation are kept; train the run again for its test figure",
    )


def save_test(
    folder: RunFolder, rows: list[EpochRow], tested: EpochRow, evaluation: Evaluation
) -> None:
    """Write what the one look at a locked test set gave; raises OSError, RunFolderError.

    `last.pt` decides again: a crash before it has the test set looked at anew, with the same
    weights. Where nothing was validated it becomes the best one only now; of a run that was made
    longer the better of two stays that.
    """
    best = best_row(rows)
    is_best = best is not None and best.epoch == tested.epoch
    if is_best:
        save_evaluation(folder.best_evaluation, evaluation)
    folder.keep_epochs(rows)
    last = replace(checkpoints.load(folder.last_checkpoint), rows=tuple(rows))
    checkpoints.save(folder.last_checkpoint, last)
    if is_best and tested.val_top1 is None:
        atomic.link_or_copy(folder.last_checkpoint, folder.best_checkpoint)


def make_consistent(folder: RunFolder, state: TrainingState) -> None:
    """Bring the folder to where a restored state stands.

    Rows after it are cut off and lost ones put back; the files of a best epoch that is also the
    last one are made again; what a crash left half written goes. Raises OSError.
    """
    atomic.remove_leftovers(folder.path)
    if folder.read_epochs() != state.rows:
        folder.keep_epochs(state.rows)
    if (_epoch_of(folder.best_evaluation) or 0) > state.epoch:
        folder.best_evaluation.unlink()  # of an epoch that is to come again
    best = best_row(state.rows)
    if state.batch == 0 and best is not None and best.epoch == state.epoch:
        if _epoch_of(folder.last_evaluation) == state.epoch:
            atomic.link_or_copy(folder.last_evaluation, folder.best_evaluation)
        # The state may come from another file than last.pt, such as best.pt itself.
        checkpoints.save(folder.last_checkpoint, state.to_checkpoint())
        atomic.link_or_copy(folder.last_checkpoint, folder.best_checkpoint)


class RetryingSaver:
    """Writes what must not be lost, and knows what of it is not written yet.

    Where it `waits`, a refusal is an event, and tried again; otherwise it is a TrainingError.
    """

    def __init__(self, folder: RunFolder, waits: bool) -> None:
        self._folder = folder
        self._waits = waits
        self._open: Callable[[], None] | None = None

    def write(self, write: Callable[[bool], None]) -> Generator[SaveRefused, None, None]:
        """Call `write`, and call it again until the disk takes it.

        It gets to know whether it was called before.
        """
        again = False
        self._open = lambda: write(True)
        while True:
            try:
                write(again)
                break
            except OSError as error:
                fault = refused_save(self._folder.path, error)
                if not self._waits:
                    raise fault from error
                again = True
                yield SaveRefused(message=fault.fault, remedy=fault.remedy)
        self._open = None

    def close(self, save: Callable[[], None] | None) -> None:
        """A last try, at the end of the training: what is still open, else `save`.

        Raises TrainingError where the disk refuses.
        """
        last = self._open or save
        if last is None:
            return
        try:
            last()
        except OSError as error:
            raise refused_save(self._folder.path, error) from error


def _epoch_of(evaluation_file: Path) -> int | None:
    try:
        return load_evaluation(evaluation_file).epoch
    except RunFolderError:
        return None
