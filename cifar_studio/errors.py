"""The studio's errors. Each carries the fault and the remedy, for a person to read."""

from __future__ import annotations

from typing import Literal

Reason = Literal["", "out_of_memory", "not_finite", "device_lost", "disk", "no_checkpoint"]
"""Why a run failed or paused by itself, where there is something to offer; "" where not.

"device_lost" is a device that failed, or is not there; "no_checkpoint" a run that cannot go on.
"""


class StudioError(Exception):
    """Something went wrong that a person can understand and mend.

    Parameters
    ----------
    fault : str
        What is wrong, as one sentence without a final full stop.
    remedy : str
        What to do about it, likewise; empty where nothing can be done.
    reason : str
        What kind of fault, where the window has something to offer.
    """

    def __init__(self, fault: str, remedy: str = "", reason: Reason = "") -> None:
        super().__init__(fault, remedy)
        self.fault = fault
        self.remedy = remedy
        self.reason: Reason = reason

    def __str__(self) -> str:
        return f"{self.fault}. {self.remedy}." if self.remedy else f"{self.fault}."


class BadInputError(StudioError):
    """What the person gave cannot be used: settings, names, files. Exit code 2."""


class ConfigError(BadInputError):
    """Settings that cannot be used; names every fault at once.

    Attributes
    ----------
    faults : tuple of (key, message)
    """

    def __init__(self, faults: tuple[tuple[str, str], ...], remedy: str = "") -> None:
        self.faults = faults
        super().__init__("; ".join(f"{key}: {message}" for key, message in faults), remedy)


class DataError(BadInputError):
    """The data set is missing, damaged, or not what it claims to be."""


class RunFolderError(BadInputError):
    """A run folder is missing, damaged, or in use by another process."""


class NewerVersionError(BadInputError):
    """A file was written by a later version of the studio; it is whole, and left alone."""


class DownloadError(StudioError):
    """The data set could not be fetched."""


class TrainingError(StudioError):
    """A training cannot go on: a loss that is not finite, a device out of memory."""


class WorkerError(StudioError):
    """A worker process could not be started or died."""
