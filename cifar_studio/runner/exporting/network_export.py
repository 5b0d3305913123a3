"""A run's best network as files for others, each checked against the run's own answers."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.data.subset import choose_for
from cifar_studio.engine.answers.trained_network import TrainedNetwork, load_network
from cifar_studio.export.networks.network_check import Judge, judge_of
from cifar_studio.export.networks.network_files import write_onnx, write_program, write_weights
from cifar_studio.runner.training.run_pictures import find_pictures
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import run_title


class NetworkExport:
    """Reads the network and lets it answer once, for as many formats as are asked for.

    Parameters
    ----------
    run : Run
    data : str
        Where its pictures are, as `find_pictures` means it.
    """

    def __init__(self, run: Run, data: str) -> None:
        self._run = run
        self._data = data
        self._ready: tuple[TrainedNetwork, Judge] | None = None

    def write(self, key: str, path: Path) -> str:
        """Write one format; returns how its answers agree with the run's.

        Raises
        ------
        StudioError
            No whole checkpoint, no pictures to check it with, no place, or other answers than the
            run's.
        """
        trained, judge = self._prepare()
        if key == "weights":
            about = {"run": self._run.path.name, "title": run_title(self._run)}
            written = write_weights(path, trained, judge, about)
        elif key == "program":
            written = write_program(path, trained, judge)
        else:
            written = write_onnx(path, trained, judge)
        return written.agreement.describe()

    def _prepare(self) -> tuple[TrainedNetwork, Judge]:
        if self._ready is None:
            trained = load_network(RunFolder(self._run.path), "best")
            name = self._run.path.name
            dataset = find_pictures(name, trained.environment.data, self._data)
            positions = choose_for(trained.config, dataset).test
            self._ready = trained, judge_of(trained, dataset.test.images_NCHW[positions])
        return self._ready
