"""What one process asks of another that runs an experiment: a file in the experiment's folder.

A file, and neither a signal nor a socket: it works on every system, and over a shared disk.
"""

from __future__ import annotations

import contextlib

import msgspec

from cifar_studio.errors import RunFolderError
from cifar_studio.experiments.protocol import ExperimentCommand
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder import json_file


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    command: ExperimentCommand


def leave_command(folder: ExperimentFolder, command: ExperimentCommand) -> None:
    """Ask the process that runs an experiment to pause, go on or stop.

    Raises
    ------
    RunFolderError
        The folder cannot be written.
    """
    try:
        json_file.write(folder.control_file, _Asked(command=command))
    except OSError as error:
        raise RunFolderError(
            f"{folder.path} cannot be written ({error.strerror or error})",
            "Free space or mend the folder",
        ) from error


def take_command(folder: ExperimentFolder) -> ExperimentCommand | None:
    """What was asked since the last time; None for nothing, or nothing that is understood."""
    try:
        asked = json_file.read(folder.control_file, _Asked)
    except FileNotFoundError:
        return None
    except (OSError, json_file.NotAsExpectedError):
        asked = None
    with contextlib.suppress(OSError):
        folder.control_file.unlink()
    return asked.command if asked is not None else None
