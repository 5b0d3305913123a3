"""From a request to a training that is ready to start: pictures read, folder made and held."""

from __future__ import annotations

import shutil
from pathlib import Path

from cifar_studio.config.serialization import checked
from cifar_studio.data.source import load_dataset
from cifar_studio.engine.device import resolve
from cifar_studio.engine.environment import describe
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.resumption import Resumption
from cifar_studio.runner.training import Training, as_text, check_name, check_room, unwritable
from cifar_studio.runs import folder as folders
from cifar_studio.runs.folder import RunFolder


def prepare(request: TrainRequest | ResumeRequest) -> Training:
    """Read the data, settle what depends on the machine, and make or take the run folder.

    Raises
    ------
    StudioError
        Bad settings, no data, no such device, no room, a folder that cannot be written or is in
        use, no checkpoint that is whole.
    """
    return _prepare_new(request) if isinstance(request, TrainRequest) else _prepare_resume(request)


def _prepare_new(request: TrainRequest) -> Training:
    config = checked(request.config)
    parent = Path(request.runs)
    check_name(parent)
    dataset = load_dataset(request.data)
    environment = describe(config, dataset, resolve(config), as_text(request.command))
    folder = folders.create(parent, config.architecture)
    try:
        check_room(folder, config)
        lock = folder.hold()
        try:
            folder.write_config(config)
            folder.write_environment(environment)
        except BaseException:
            lock.release()
            raise
    except (OSError, StudioError) as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise unwritable(parent, error) from error
        raise
    return Training(config, dataset, folder, environment, None, lock)


def _prepare_resume(request: ResumeRequest) -> Training:
    folder = RunFolder(folders.run_of(Path(request.folder)))
    check_name(folder.path)
    if not folder.path.is_dir():  # a lock would make it
        raise RunFolderError(f"{folder.path} is no folder", "Give a folder that a training made")
    lock = folder.hold()
    try:
        return Resumption(request, folder, lock).training()
    except OSError as error:
        lock.release()
        raise unwritable(folder.path, error) from error
    except BaseException:
        lock.release()
        raise
