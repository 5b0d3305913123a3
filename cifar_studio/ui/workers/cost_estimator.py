"""What a config costs on this machine: known at once where it was measured, else measured."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import EstimateRequest
from cifar_studio.runner.training.speeds import Speed, SpeedBook, speed_key
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs.answers import Cancelled, Estimated, RequestFailed
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.ui.workers.helper_worker import HelperWorker

SETTLE_MS = 700
FOLLOWED_MS = 2000


class CostEstimator(QObject):
    """Looks a config's speed up, and has it measured while no training disturbs.

    Signals
    -------
    changed()
        Something is known now that was not before.
    """

    changed = Signal()

    def __init__(self, book: SpeedBook, helper: HelperWorker, parent: QObject) -> None:
        super().__init__(parent)
        self._book = book
        self._helper = helper
        self._requested: TrainConfig | None = None
        self._measuring: tuple[int, TrainConfig] | None = None
        self._failed: dict[str, str] = {}
        self.may_measure = False  # whether the machine is free
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._measure)
        self._live = "", 0.0
        self._followed = QTimer(self, singleShot=True, interval=FOLLOWED_MS)
        self._followed.timeout.connect(self.changed)

    def speed(self, config: TrainConfig) -> Speed | None:
        """The speed of a config; asks for a measurement where it is not known."""
        self._requested = config
        speed = self._book.lookup(config)
        if speed is None and self.may_measure:
            self._timer.start()
        key, live = self._live
        if speed is not None and live > 0 and key == speed_key(config):
            ratio = live / speed.train_images_per_second
            test = ratio * speed.test_images_per_second
            return Speed(live, test, speed.memory_mib, speed.is_rough)
        return speed

    def failure(self, config: TrainConfig) -> str:
        """Why a config could not be measured; empty where it could, or was not yet."""
        return self._failed.get(speed_key(config), "")

    def set_may_measure(self, may_measure: bool) -> None:
        """Whether the machine is free; measuring beside a training would mislead."""
        self.may_measure = may_measure
        if may_measure:
            self._live = "", 0.0
            if self._requested is not None:
                self.speed(self._requested)
            return
        self._timer.stop()
        if self._measuring is not None:
            # It would take the processor from the training, and measure nothing of worth.
            self._helper.break_off(self._measuring[0])

    def follow(self, config: TrainConfig, images_per_second: float) -> None:
        """A training of `config` has this speed now: estimates of its like go with it."""
        self._live = speed_key(config), images_per_second
        if not self._followed.isActive():
            self._followed.start()

    def learn(
        self,
        config: TrainConfig,
        environment: Environment,
        row: EpochRow,
        images_per_second: float,
    ) -> None:
        """A finished epoch is a better measurement than any estimate.

        `images_per_second` is the speed at its end, when whatever slowed it for a while may be
        over.
        """
        data = environment.data
        tested = data.validation_pictures
        if row.test_top1 is not None:
            tested += data.test_pictures
        if images_per_second > 0 and row.eval_seconds > 0:
            test = tested / row.eval_seconds
            speed = Speed(images_per_second, test, row.peak_memory_mib, is_rough=False)
            self._book.remember(config, speed)
            self.changed.emit()

    def _measure(self) -> None:
        config = self._requested
        if self._measuring is not None or config is None or not self.may_measure:
            return
        if self._book.lookup(config) is None and not self.failure(config):
            request = EstimateRequest(id=new_id(), config=config)
            self._measuring = request.id, config
            self._helper.ask(request, self._on_event)

    def _on_event(self, event: object) -> None:
        if self._measuring is None:
            return
        config = self._measuring[1]
        if isinstance(event, Estimated):
            if self.may_measure:  # else a training ran beside it, and it says too little
                train, test = event.train_images_per_second, event.test_images_per_second
                self._book.remember(config, Speed(train, test, event.memory_mib))
        elif isinstance(event, RequestFailed):
            if self.may_measure:
                self._failed[speed_key(config)] = event.message
        elif not isinstance(event, Cancelled):
            return
        self._measuring = None
        self.changed.emit()
        if self._requested is not None and self._requested != config:
            self.speed(self._requested)
