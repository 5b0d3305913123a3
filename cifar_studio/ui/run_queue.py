"""The runs that wait for their turn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from cifar_studio.config.architectures import architecture
from cifar_studio.config.train_config import TrainConfig


@dataclass(frozen=True)
class PlannedRun:
    """A run that somebody asked for.

    Attributes
    ----------
    config : TrainConfig
    data : str
        "auto", "demo" or a path.
    preset : str
        Name of the preset that it came from, empty where there was none.
    """

    config: TrainConfig
    data: str
    preset: str = ""

    @property
    def title(self) -> str:
        return f"{architecture(self.config.architecture).title} · {self.config.epochs} epochs"

    @property
    def data_title(self) -> str:
        return {"auto": "CIFAR-100", "demo": "demo set"}.get(self.data, self.data)


class RunQueue(QObject):
    """An ordered list of planned runs.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[PlannedRun] = []

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        return tuple(self._runs)

    def add(self, run: PlannedRun) -> None:
        self._runs.append(run)
        self.changed.emit()

    def remove(self, position: int) -> PlannedRun:
        run = self._runs.pop(position)
        self.changed.emit()
        return run

    def move(self, position: int, to: int) -> None:
        """Move a run; positions past either end mean that end."""
        run = self._runs.pop(position)
        self._runs.insert(max(0, to), run)
        self.changed.emit()

    def take_next(self) -> PlannedRun | None:
        return self.remove(0) if self._runs else None
