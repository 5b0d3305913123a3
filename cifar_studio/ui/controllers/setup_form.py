"""Keeps the form, its price, and what says what the next run will be in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.places import locate
from cifar_studio.runs import wording
from cifar_studio.runs.answers import DataReady
from cifar_studio.runs.folder.events import BatchesEnded, DeviceInfo, EpochEnded, Event
from cifar_studio.ui.frame.parts import OnDemand, Parts
from cifar_studio.ui.training.run_controller import Activity

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion


class SetupForm(QObject):
    """Between the form and what depends on it."""

    def __init__(
        self, parts: Parts, pictures_and_confusion: OnDemand[PicturesAndConfusion]
    ) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._pictures_and_confusion = pictures_and_confusion
        parts.setup.form_changed.connect(self._on_form_changed)
        parts.setup.mode_changed.connect(parts.controls.show_mode)
        parts.data_bar.data_ready.connect(self._on_data_ready)
        parts.controller.devices_found.connect(self._on_devices_found)
        parts.controller.activity_changed.connect(self._on_activity_changed)
        parts.controller.event_received.connect(self._on_event_received)

    @property
    def config(self) -> TrainConfig | None:
        """What the form describes; None where it has a fault."""
        planned = self._parts.setup.planned_run()
        return planned.config if planned is not None else None

    def offer_data(self, data: str) -> None:
        """Look for CIFAR-100; `data` is what was chosen: "auto", "demo"."""
        present = locate("auto") is not None
        self._parts.setup.set_cifar100_present(present, data)
        self._parts.data_bar.setVisible(not present)

    def _on_form_changed(self) -> None:
        parts, config = self._parts, self.config
        if self._pictures_and_confusion.built is not None:
            self._pictures_and_confusion.built.plan(config)
        parts.controls.set_startable(parts.setup.why_not())
        seconds = parts.setup.expected_seconds()
        about = f": {wording.about(seconds)}" if seconds else ""
        epochs = config.epochs if config else 10
        parts.curves_view.when_built(
            lambda curves: curves.set_empty_hint(f"Press Ctrl+R{about}", epochs)
        )
        data = "CIFAR-100" if parts.setup.data() == "auto" else "demo set"
        started = parts.controller.live.started
        parts.status.show_data(data if started is None else started.environment.data.name)
        parts.controls.show_data(data)

    def _on_data_ready(self, event: DataReady) -> None:
        self.offer_data("auto")
        if self._pictures_and_confusion.built is not None:
            self._pictures_and_confusion.built.reload_pictures()
        self._parts.status.show_idle(f"{event.name} is ready: {event.source}")

    def _on_devices_found(self, devices: tuple[DeviceInfo, ...]) -> None:
        first = devices[0]
        self._parts.setup.set_devices(devices)
        self._parts.status.show_device(f"{first.title} · {wording.memory(first.memory_mib)}")
        self._parts.costs.set_may_measure(not self._parts.controller.is_busy)

    def _on_activity_changed(self, activity: Activity) -> None:
        self._parts.costs.set_may_measure(activity is Activity.IDLE)
        self._on_form_changed()

    def _on_event_received(self, event: Event) -> None:
        """What trains tells what its like cost."""
        live, costs = self._parts.controller.live, self._parts.costs
        if live.started is None or live.progress is None:
            return
        if isinstance(event, BatchesEnded):
            costs.follow(live.started.config, live.progress.speed)
        elif isinstance(event, EpochEnded):
            costs.learn(
                live.started.config, live.started.environment, event.row, live.progress.speed
            )
