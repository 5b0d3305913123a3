"""Where an interrupted run can go on: the checkpoint that is furthest along and whole."""

from __future__ import annotations

from dataclasses import dataclass

from cifar_studio import atomic
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint, load
from cifar_studio.errors import NewerVersionError, RunFolderError
from cifar_studio.runs.folder.run_folder import RunFolder


@dataclass(frozen=True)
class Found:
    """A run's checkpoint; None where the run ended before its first one."""

    checkpoint: Checkpoint | None
    notice: str = ""  # which file was damaged and which one serves instead; empty where all is well


def find_checkpoint(folder: RunFolder) -> Found:
    """The run's `last.pt`; where it is damaged or gone, the better of `previous.pt` and `best.pt`.

    What serves instead is made the run's `last.pt`, so that no later write keeps the damaged one.
    The folder must be held.

    Raises
    ------
    RunFolderError
        There are checkpoints or more epochs than a first one, and no checkpoint is whole.
    NewerVersionError
        A later version of the studio wrote it; nothing is touched.
    OSError
    """
    try:
        return Found(load(folder.last_checkpoint))
    except NewerVersionError:
        raise
    except RunFolderError as error:
        if _may_pass(error.__cause__):
            raise  # it may be whole, and must not be replaced by an older one
        fault = error
    others = [folder.previous_checkpoint, folder.best_checkpoint]
    whole = {}
    is_best_damaged = False
    for path in others:
        try:
            whole[path] = load(path)
        except NewerVersionError:
            raise
        except RunFolderError as error:
            is_best_damaged = path == folder.best_checkpoint and not _may_pass(error.__cause__)
    if not whole:
        if any(path.exists() for path in (folder.last_checkpoint, *others)):
            raise RunFolderError(
                f"{folder.path.name} cannot go on, as no checkpoint of it is whole ({fault.fault})",
                "Start the run anew; its finished epochs stay readable",
                "no_checkpoint",
            )
        # A crash between the first epoch's row and its checkpoint leaves one row.
        if len(folder.read_epochs()) > 1:
            raise RunFolderError(
                f"{folder.path.name} has finished epochs and no checkpoint",
                "Put last.pt back, or start the run anew; its finished epochs stay readable",
                "no_checkpoint",
            )
        return Found(None)
    path = max(whole, key=lambda path: whole[path].progress)
    checkpoint = whole.pop(path)
    atomic.link_or_copy(path, folder.last_checkpoint)
    if is_best_damaged:  # often the same file as last.pt; an export must not find it
        folder.best_checkpoint.unlink(missing_ok=True)
    state = "is damaged" if fault.__cause__ and "damaged" in fault.fault else "cannot be used"
    return Found(
        checkpoint,
        f"last.pt {state}: the run goes on from {path.name}, after epoch {checkpoint.epochs_done}",
    )


def _may_pass(cause: BaseException | None) -> bool:
    """Whether a reading failed for a reason that says nothing of the file: memory, the disk."""
    if isinstance(cause, FileNotFoundError):
        return False
    return isinstance(cause, OSError | MemoryError) or "memory" in str(cause)
