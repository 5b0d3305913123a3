"""Looks at a running epoch: the one place where the host waits for the device inside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import peak_memory_mib
from cifar_studio.engine.training.clock import Gate, Stopwatch
from cifar_studio.engine.training.evaluate import EvaluationResult
from cifar_studio.engine.training.training_faults import not_finite
from cifar_studio.engine.training.training_state import TrainingState, finite_or_none
from cifar_studio.runs.folder.events import BatchesEnded, QuickTestEnded
from cifar_studio.runs.folder.trace import POINTS_PER_EPOCH, TraceWriter

# Positions in the trace are rounded to six digits, which can lift them by this much.
_ROUNDING = 1 + 5e-6


@dataclass(frozen=True)
class ReportingIntervals:
    """How often a training reports; changes no result."""

    gate_s: float = 0.1  # at least between two events of progress, which wait for the device
    quick_test_over_s: float = 30.0  # epochs that take longer have quick tests in them


DEFAULT_INTERVALS = ReportingIntervals()


class Progress:
    """Tells how an epoch goes, as events and as points of the trace.

    The trace's points stand at fixed batches, whenever they are written, so that two runs of one
    config leave the same trace. The gate is shut after each event.
    """

    def __init__(
        self, trace_file: Path, config: TrainConfig, state: TrainingState, gate: Gate
    ) -> None:
        self._config = config
        self._state = state
        self._gate = gate
        self._trace = TraceWriter(trace_file, until=self._position(state.batch) * _ROUNDING)
        self.begin_epoch(Stopwatch())

    def begin_epoch(self, watch: Stopwatch) -> None:
        """Start to follow the epoch that the state stands in; `watch` shows its training time."""
        batch = self._state.batch
        self._watch = watch
        self._began = self._fetched = batch
        self._began_s = self._fetched_s = watch.seconds
        batches = len(self._state.record)
        points = min(POINTS_PER_EPOCH, batches)
        self._points = [-(-batches * point // points) for point in range(points + 1)]
        self._traced = sum(point <= batch for point in self._points) - 1

    @property
    def epoch_s(self) -> float:
        """How long this epoch's training takes, by its speed so far; 0 where that is unknown."""
        batches = self._fetched - self._began
        if batches == 0:
            return 0.0
        return (self._fetched_s - self._began_s) / batches * len(self._state.record)

    def synchronize(self) -> None:
        """Wait for the device and take note of all batches up to now.

        Raises
        ------
        TrainingError
            A loss among them is not finite.
        """
        state = self._state
        state.record.fetch(state.batch)
        bad = state.record.first_not_finite()
        if bad is not None:
            raise not_finite(self._config, state.epoch + 1, bad + 1)
        self._fetched, self._fetched_s = state.batch, self._watch.seconds
        state.train_seconds = self._fetched_s
        while (
            self._traced + 1 < len(self._points) and self._points[self._traced + 1] <= state.batch
        ):
            start, stop = self._points[self._traced], self._points[self._traced + 1]
            self._trace.batches(self._position(stop), *state.record.mean(start, stop))
            self._traced += 1

    def batches_ended(self) -> BatchesEnded:
        """Wait for the device, and report the batches since the last time."""
        since, since_s = self._fetched, self._fetched_s
        self.synchronize()
        self._gate.shut()
        record = self._state.record
        loss, top1 = record.mean(since, self._fetched)
        epoch_loss, epoch_top1 = record.mean(0, self._fetched)
        pictures = int(record.sizes_B[since : self._fetched].sum())
        return BatchesEnded(
            epoch=self._state.epoch + 1,
            batch=self._fetched,
            batches=len(record),
            loss=loss,
            top1=top1,
            epoch_loss=epoch_loss,
            epoch_top1=epoch_top1,
            images_per_second=pictures / max(self._fetched_s - since_s, 1e-9),
            memory_mib=peak_memory_mib(self._state.device),
        )

    def quick_test_ended(self, result: EvaluationResult) -> QuickTestEnded:
        """Note and report the result of a quick test after the batches so far."""
        position = self._position(self._state.batch)
        loss = finite_or_none(result.loss)
        self._trace.quick_test(position, loss, result.top1, result.top5)
        return QuickTestEnded(
            position=position,
            loss=loss,
            top1=result.top1,
            top5=result.top5,
            pictures=len(result.evaluation.true),
        )

    def close(self) -> None:
        self._trace.close()

    def _position(self, batch: int) -> float:
        return self._state.epoch + batch / len(self._state.record)
