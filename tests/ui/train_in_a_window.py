"""Opens the window, trains, shows every tab, and prints what torch left in sys.modules."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.frame.central_tabs import TITLES
from cifar_studio.ui.window.main_window import MainWindow


def main() -> None:
    application = QApplication([])
    window = MainWindow()
    window.show()

    def on_event(event: object) -> None:
        if isinstance(event, RunEnded):
            for position in range(len(TITLES)):
                window.commands.show_tab(position)
            print(event.state)
            print([m for m in sys.modules if m.split(".")[0] in ("torch", "torchvision")])
            window.leave()

    window.parts.controller.event_received.connect(on_event)
    config = TrainConfig(
        architecture="mobilenet_v2", epochs=1, train_per_class=1, test_per_class=1, batch_size=50
    )
    window.parts.controller.start(PlannedRun(config, "demo"))
    application.exec()


if __name__ == "__main__":
    main()
