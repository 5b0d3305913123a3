"""The evaluations in a run's folder, read again when they have changed."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.errors import StudioError
from cifar_studio.runs.folder.evaluation import (
    TEST_PICTURES,
    TRAINING_PICTURES,
    Evaluation,
    load_evaluation,
)
from cifar_studio.runs.folder.run_folder import RunFolder

_Stamp = tuple[int, int, int] | None


class EvaluationFile:
    """One file of arrays; what was read is kept until the file is another one."""

    def __init__(self, path: Path, pictures: int = TEST_PICTURES) -> None:
        self.path = path
        self.evaluation: Evaluation | None = None  # None where it is missing or damaged
        self.fault = ""  # what is wrong with a file that is there
        self._pictures = pictures
        self._stamp: _Stamp = None

    def refresh(self) -> bool:
        """Read the file if it has changed; returns whether it has."""
        stamp = _stamp_of(self.path)
        if stamp == self._stamp:
            return False
        self._stamp, self.evaluation, self.fault = stamp, None, ""
        if stamp is not None:
            try:
                self.evaluation = load_evaluation(self.path, self._pictures)
            except StudioError as error:
                self.fault = str(error)
        return True


class EvaluationFiles:
    """What a run's network answered, as far as it was asked.

    Test pictures at the best and at the latest epoch, training pictures at the best one.
    """

    def __init__(self, path: Path) -> None:
        folder = RunFolder(path)
        self.best = EvaluationFile(folder.best_evaluation)
        self.last = EvaluationFile(folder.last_evaluation)
        self.training = EvaluationFile(folder.training_evaluation, TRAINING_PICTURES)

    def refresh(self) -> bool:
        """Read what has changed on the disk; returns whether anything has."""
        changed = [file.refresh() for file in (self.best, self.last, self.training)]
        return any(changed)

    @property
    def fault(self) -> str:
        """What is wrong with the files that are there; else empty."""
        return " ".join(filter(None, (self.best.fault, self.last.fault, self.training.fault)))


def _stamp_of(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
