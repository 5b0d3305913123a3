"""Writes of a training that must not be lost: the disk may refuse, and be asked again."""

from __future__ import annotations

from collections.abc import Callable, Generator

from cifar_studio.engine.training.training_faults import refused
from cifar_studio.runs.folder.events import SaveRefused
from cifar_studio.runs.folder.run_folder import RunFolder


class Saver:
    """Writes what must not be lost, and knows what of it is not written yet.

    Parameters
    ----------
    folder : RunFolder
    waits : bool
        Whether a refusal is told as an event, to be tried again, or raised as a TrainingError.
    """

    def __init__(self, folder: RunFolder, waits: bool) -> None:
        self._folder = folder
        self._waits = waits
        self._open: Callable[[], None] | None = None

    def write(self, write: Callable[[bool], None]) -> Generator[SaveRefused, None, None]:
        """Call `write`, and call it again until the disk takes it.

        It is told whether it was called before.
        """
        again = False
        self._open = lambda: write(True)
        while True:
            try:
                write(again)
                break
            except OSError as error:
                fault = refused(self._folder, error)
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
            raise refused(self._folder, error) from error
