"""Opens the window as the program does, trains, and tells what happens, a line each.

Its argument is a number of epochs, or `resume`: then it accepts the offer to go on with a run.
Lines are `offered WORDS`, `folder PATH` and `worker PID` when the run has started, `epoch N`, and
`ended STATE`.
"""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import EpochEnded, RunEnded, RunStarted
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.app import open_window


def main() -> int:
    application = QApplication([])
    window = open_window(application)
    window.show()

    def on_event(event: object) -> None:
        if isinstance(event, RunStarted):
            say("folder", event.folder)
            say("worker", window.parts.controller.worker_pid)
        elif isinstance(event, EpochEnded):
            say("epoch", event.row.epoch)
        elif isinstance(event, RunEnded):
            say("ended", event.state)

    window.parts.controller.event_received.connect(on_event)
    if sys.argv[1] == "resume":
        window.open_library()
        say("offered", " ".join(window.parts.message.action_texts))
        window.parts.message.act()
    else:
        config = TrainConfig(
            epochs=int(sys.argv[1]), train_per_class=2, test_per_class=1, batch_size=50
        )
        window.parts.controller.start(PlannedRun(config, "demo"))
    return application.exec()


def say(*words: object) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
