"""What a run needs to go on, gathered from its folder.

Where a file there is damaged, the checkpoint serves: it is sealed, and knows settings, figures and
pictures.
"""

from __future__ import annotations

import filelock
from msgspec.structs import replace

from cifar_studio.config.schedule import schedule_change
from cifar_studio.config.serialization import checked
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.disk_space import unwritable_run
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint, check_same_run
from cifar_studio.engine.checkpoints.find_checkpoint import find_checkpoint
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError
from cifar_studio.runner.protocol import ResumeRequest
from cifar_studio.runner.training.fastest_choices import resolved_settings
from cifar_studio.runner.training.ready_training import ReadyTraining, as_text, check_room
from cifar_studio.runner.training.run_pictures import find_pictures
from cifar_studio.runs.folder.early_stopping import stopping
from cifar_studio.runs.folder.environment import Environment, ResolvedSettings, changed_settings
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.run_folder import RunFolder, Status


def mend(folder: RunFolder) -> tuple[str, ...]:
    """Write config, epochs and status anew from the checkpoint, where their files are damaged.

    Returns
    -------
    tuple of str
        The names of the files that were.

    Raises
    ------
    RunFolderError
        No checkpoint is whole, or the folder cannot be written or is in use.
    NewerVersionError
    """
    lock = folder.hold()
    try:
        checkpoint = find_checkpoint(folder).checkpoint
        if checkpoint is None:
            raise RunFolderError(
                f"{folder.path.name} has no checkpoint to mend it from", "Start the run anew"
            )
        mended = []
        if read_config_if_whole(folder) is None:
            folder.write_config(checkpoint.config)
            mended.append(folder.config_file.name)
        if not _knows(folder, checkpoint):
            folder.keep_epochs(list(checkpoint.rows))
            mended.append(folder.epochs_file.name)
        if _read_status(folder) is None:
            is_stopped = stopping(checkpoint.rows, checkpoint.config) is not None
            is_finished = is_stopped or checkpoint.epochs_done >= checkpoint.config.epochs
            best = best_row(checkpoint.rows)
            folder.write_status(
                Status(
                    state="finished" if is_finished else "interrupted",
                    epoch=checkpoint.epochs_done,
                    epochs=checkpoint.config.epochs,
                    best_epoch=best.epoch if best is not None else 0,
                )
            )
            mended.append(folder.status_file.name)
        return tuple(mended)
    except OSError as error:
        raise unwritable_run(folder.path, error) from error
    finally:
        lock.release()


def read_config_if_whole(folder: RunFolder) -> TrainConfig | None:
    """The folder's config; None where it is damaged. Raises NewerVersionError."""
    try:
        return folder.read_config()
    except NewerVersionError:
        raise
    except BadInputError:
        return None


class Resumption:
    """Gathers what a run needs to go on; its folder is held."""

    def __init__(
        self, request: ResumeRequest, folder: RunFolder, lock: filelock.BaseFileLock
    ) -> None:
        self._request = request
        self._folder = folder
        self._lock = lock
        self._notices: list[str] = []

    def training(self) -> ReadyTraining:
        found = find_checkpoint(self._folder)
        self._note(found.notice)
        if found.checkpoint is not None and not _knows(self._folder, found.checkpoint):
            # At once: also a run that has nothing left to do then has its figures again.
            self._folder.keep_epochs(list(found.checkpoint.rows))
        kept = self._kept_config(found.checkpoint)
        config = self._changed(kept, found.checkpoint)
        recorded = self._recorded(found.checkpoint)
        dataset = find_pictures(
            self._folder.path.name,
            recorded.data if recorded is not None else None,
            self._request.data,
            digest=found.checkpoint.data_digest if found.checkpoint is not None else "",
        )
        before = found.checkpoint.resolved if found.checkpoint is not None else None
        if before is None and recorded is not None:
            before = recorded.resolved
        resolved = self._resolved(config, before)
        environment = describe(config, dataset, resolved, as_text(self._request.command))
        if recorded is not None:
            environment = replace(environment, repeats=recorded.repeats, trial=recorded.trial)
        check_room(self._folder, config, resolved.specialized)
        # In this order: whatever a crash leaves between them can be resumed in its turn.
        if recorded is None or recorded.resolved != resolved:
            self._folder.write_environment(environment)
        if config != read_config_if_whole(self._folder):
            self._folder.write_config(config)
        return ReadyTraining(
            config,
            dataset,
            self._folder,
            environment,
            found.checkpoint,
            self._lock,
            tuple(self._notices),
        )

    def _note(self, notice: str) -> None:
        if notice:
            self._notices.append(notice)

    def _kept_config(self, checkpoint: Checkpoint | None) -> TrainConfig:
        config = read_config_if_whole(self._folder)
        if config is None:
            if checkpoint is None:
                raise RunFolderError(
                    f"{self._folder.path.name} has neither a config.json that can be read nor a "
                    "checkpoint",
                    "Start the run anew",
                )
            self._note(
                "config.json was missing or damaged: the settings were taken from the checkpoint"
            )
            # At once: also a run that has nothing left to do is then whole again.
            self._folder.write_config(checkpoint.config)
            return checkpoint.config
        if checkpoint is not None:
            check_same_run(checkpoint, config)
        return config

    def _changed(self, config: TrainConfig, checkpoint: Checkpoint | None) -> TrainConfig:
        """The config with what the request changes."""
        before = config
        if self._request.epochs is not None:
            if checkpoint is not None:
                _check_not_stopped_early(self._folder, checkpoint)
                self._note(_second_look(checkpoint))
            if self._request.epochs < config.epochs:
                self._note(
                    f"The run ends after {self._request.epochs} epochs now, not {config.epochs}"
                )
            config = replace(config, epochs=self._request.epochs)
        if self._request.schedule_epochs is not None:
            config = replace(config, schedule_epochs=self._request.schedule_epochs or None)
        if checkpoint is not None:
            self._note(schedule_change(before, config, checkpoint.epochs_done))
        if self._request.device is not None:
            config = replace(config, device=self._request.device)
        checked(config)
        done = checkpoint.epochs_done if checkpoint is not None else 0
        # A crash after the last checkpoint leaves a run that has only its end to write.
        status = _read_status(self._folder)
        is_finished = status is not None and status.state == "finished"
        if is_finished and checkpoint is not None:
            _check_not_stopped_early(self._folder, checkpoint)
        if config.epochs < done or (config.epochs == done and is_finished):
            raise RunFolderError(
                f"{self._folder.path.name} has finished {done} epochs, and {config.epochs} are "
                "wanted",
                f"Ask for more, as in --set epochs={done + 10}",
            )
        return config

    def _recorded(self, checkpoint: Checkpoint | None) -> Environment | None:
        try:
            return self._folder.read_environment()
        except RunFolderError:
            if checkpoint is None:
                return None  # nothing was computed that other settings could contradict
            self._note("environment.json was missing or damaged, and is made again")
            return None

    def _resolved(self, config: TrainConfig, before: ResolvedSettings | None) -> ResolvedSettings:
        # A change that a crash cut short is in the config and not yet in the checkpoint.
        after = resolved_settings(config, None if self._request.device is not None else before)
        if before is not None:  # a network that was specialised, or was not, stays so
            after = replace(after, specialized=before.specialized)
        if before is not None and after != before:
            changed = changed_settings(before, after)
            self._note(
                f"The machine is another than the run was started on ({changed}): the last digits "
                "may differ from those of an undisturbed run"
            )
        return after


def _second_look(checkpoint: Checkpoint) -> str:
    is_tested = any(row.test_top1 is not None for row in checkpoint.rows)
    if checkpoint.config.test == "each_epoch" or not is_tested:
        return ""
    before = "The locked test set was looked at when the run ended before"
    if not checkpoint.config.has_validation:
        return f"{before}: it is looked at again when this ends"
    return f"{before}: where validation now chooses another epoch, it is looked at again"


def _check_not_stopped_early(folder: RunFolder, checkpoint: Checkpoint) -> None:
    if stop := stopping(checkpoint.rows, checkpoint.config):
        raise RunFolderError(
            f"{folder.path.name} {stop.words()}, and its settings cannot change",
            "Start a new run with a longer patience, or without early stopping",
        )


def _knows(folder: RunFolder, checkpoint: Checkpoint) -> bool:
    """Whether the table has the checkpoint's figures; a row after them does no harm."""
    return folder.read_epochs()[: checkpoint.epochs_done] == list(checkpoint.rows)


def _read_status(folder: RunFolder) -> Status | None:
    try:
        return folder.read_status()
    except RunFolderError:
        return None
