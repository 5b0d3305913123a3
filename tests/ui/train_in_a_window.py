"""Opens the window, searches, shows every tab, and prints what is left in sys.modules."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment, checked_experiment, settled
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.experiments.protocol import ExperimentChanged
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.ui.frame.central_tabs import TITLES
from cifar_studio.ui.window.main_window import MainWindow


def main() -> None:
    application = QApplication([])
    window = MainWindow()
    window.show()

    def on_changed(event: ExperimentChanged) -> None:
        if event.activity == "ended":
            for position in range(len(TITLES)):
                window.commands.show_tab(position)
            state = ExperimentFolder(Path(event.folder)).read()
            print(*(trial.state for trial in state.trials))
            print([m for m in sys.modules if m.split(".")[0] in ("torch", "torchvision", "optuna")])
            window.leave()

    window.parts.controller.experiment_changed.connect(on_changed)
    config = TrainConfig(
        architecture="mobilenet_v2", epochs=1, train_per_class=2, test_per_class=1, batch_size=50
    )
    search = Experiment(
        kind="search",
        config=config,
        data="demo",
        axes=(Axis(key="momentum", low=0.5, high=0.9),),
        method="tpe",
        trials=2,
    )
    window.experiments.start("search", checked_experiment(settled(search)))
    application.exec()


if __name__ == "__main__":
    main()
