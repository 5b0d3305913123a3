"""A run's best network as files for others, each checked against the run's own answers."""

from __future__ import annotations

import functools
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

    `data` says where its pictures are, as `find_pictures` means it.
    """

    def __init__(self, run: Run, data: str) -> None:
        self._run = run
        self._data = data

    def write(self, key: str, path: Path) -> str:
        """Write one format; returns how its answers agree with the run's.

        Raises
        ------
        StudioError
            No whole checkpoint, no pictures to check it with, no place, or other answers than the
            run's.
        """
        trained, judge = self._ready
        if key == "weights":
            about = {"run": self._run.path.name, "title": run_title(self._run)}
            return write_weights(path, trained, judge, about).describe()
        write = write_program if key == "program" else write_onnx
        return write(path, trained, judge).describe()

    @functools.cached_property
    def _ready(self) -> tuple[TrainedNetwork, Judge]:
        trained = load_network(RunFolder(self._run.path), "best")
        dataset = find_pictures(self._run.path.name, trained.environment.data, self._data)
        subset = choose_for(trained.config, dataset)
        pictures = dataset.test.images_NCHW[subset.test]
        if trained.config.test == "never":  # any pictures will do
            pictures = dataset.train.images_NCHW[subset.validation]
        return trained, judge_of(trained, pictures)
