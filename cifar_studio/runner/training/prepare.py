"""From a request to a training that is ready to start: pictures read, folder made and held."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.serialization import checked
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.disk_space import unwritable_run
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.training.fastest_choices import resolved_settings
from cifar_studio.runner.training.ready_training import (
    ReadyTraining,
    as_text,
    check_name,
    check_room,
)
from cifar_studio.runner.training.resumption import Resumption
from cifar_studio.runner.training.run_pictures import find_pictures
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.environment import changed_settings
from cifar_studio.runs.folder.run_folder import RunFolder


def prepare(request: TrainRequest | ResumeRequest) -> ReadyTraining:
    """Read the data, settle what depends on the machine, and make or take the run folder.

    Raises
    ------
    StudioError
        Bad settings, no data, no such device, no room, a folder that cannot be written or is in
        use, no checkpoint that is whole.
    """
    return _prepare_new(request) if isinstance(request, TrainRequest) else _prepare_resume(request)


def _prepare_new(request: TrainRequest) -> ReadyTraining:
    config = checked(request.config)
    parent = Path(request.runs)
    check_name(parent)
    notices: tuple[str, ...] = ()
    if request.repeats:
        original = RunFolder(folders.run_of(Path(request.repeats)))
        before = original.read_environment()
        (name,) = as_text([original.path.name])
        dataset = find_pictures(name, before.data, request.data)
        resolved = resolved_settings(config, before.resolved)
        if changed := changed_settings(before.resolved, resolved):
            notices = (
                f"This machine is another than that of {name} ({changed}): the last digits may "
                "differ",
            )
    else:
        name = ""
        dataset = load_dataset(request.data)
        resolved = resolved_settings(config)
    environment = describe(config, dataset, resolved, as_text(request.command))
    environment = replace(environment, repeats=name, trial=request.trial)
    folder = folders.create(parent, config.architecture)
    try:
        check_room(folder, config, resolved.specialized)
        lock = folder.hold()
        try:
            # In this order: what a crash leaves between them is no run yet, and nobody's.
            folder.write_environment(environment)
            folder.write_config(config)
        except BaseException:
            lock.release()
            raise
    except (OSError, StudioError) as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise unwritable_run(parent, error) from error
        raise
    return ReadyTraining(config, dataset, folder, environment, None, lock, notices)


def _prepare_resume(request: ResumeRequest) -> ReadyTraining:
    folder = RunFolder(folders.run_of(Path(request.folder)))
    check_name(folder.path)
    if not folder.path.is_dir():  # a lock would make it
        raise RunFolderError(f"{folder.path} is no folder", "Give a folder that a training made")
    lock = folder.hold()
    try:
        return Resumption(request, folder, lock).training()
    except OSError as error:
        lock.release()
        raise unwritable_run(folder.path, error) from error
    except BaseException:
        lock.release()
        raise
