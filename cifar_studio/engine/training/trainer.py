"""`train()`: one training as a generator of events.

The consumer pulls: not pulling is a pause, closing is a stop that keeps the state. Of the hot loop
this file holds the order of things; the step, the batches and what goes to disk are elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES, Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.disk_space import refused_save
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint
from cifar_studio.engine.machine.device import memory_format, numerics, peak_memory_mib
from cifar_studio.engine.machine.openmp_waiting import giving_way
from cifar_studio.engine.training import epoch_files
from cifar_studio.engine.training.batches import Normalize, Pictures, place, plan_epoch
from cifar_studio.engine.training.clock import Gate, Stopwatch, timed
from cifar_studio.engine.training.cuda_graph import GraphCapture
from cifar_studio.engine.training.epoch_steps import Steps
from cifar_studio.engine.training.evaluate import EvaluationResult, evaluate
from cifar_studio.engine.training.forward_pass import Forward
from cifar_studio.engine.training.progress import DEFAULT_INTERVALS, Progress, ReportingIntervals
from cifar_studio.engine.training.training_faults import (
    as_studio_errors,
    check_resumable,
    not_finite,
)
from cifar_studio.engine.training.training_state import TrainingState, finite_or_none
from cifar_studio.runs.folder.early_stopping import stopping
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow, best_row
from cifar_studio.runs.folder.events import (
    EpochEnded,
    FinalTestEnded,
    Phase,
    RunEvent,
    RunNoticed,
    RunStarted,
)
from cifar_studio.runs.folder.run_folder import RunFolder

TENTHS = 10
QUICK_TEST_PER_CLASS = 10
_QUICK_TEST = 100  # keeps its stream of random numbers apart from others of the seed


def train(
    config: TrainConfig,
    dataset: Dataset,
    folder: RunFolder,
    environment: Environment,
    checkpoint: Checkpoint | None = None,
    *,
    intervals: ReportingIntervals = DEFAULT_INTERVALS,
    waits_for_disk: bool = False,
) -> Generator[RunEvent, None, None]:
    """Train a network and keep everything about it in a run folder.

    Closing the generator writes `last.pt` where the training stands and yields nothing more;
    `status.json` is the caller's. Each row, checkpoint and evaluation is on disk before the
    `EpochEnded` that tells of it. The process-wide torch settings of the run (threads,
    deterministic algorithms) hold from the first event until the generator ends.

    Parameters
    ----------
    config : TrainConfig
        Without faults, as `config.check` means it.
    folder : RunFolder
        With its config and environment written.
    environment : Environment
        Its resolved settings, mean and standard deviation are the ones used.
    checkpoint : Checkpoint, optional
        Where to go on; the events and files after it are those of an uninterrupted run.
    waits_for_disk : bool
        Where the disk refuses a write, yield SaveRefused, keep everything in memory, and try again
        when pulled. Otherwise that is a TrainingError.

    Yields
    ------
    RunStarted, BatchesEnded, EvaluationProgressed, QuickTestEnded, EpochEnded, FinalTestEnded,
    SaveRefused, RunNoticed

    Raises
    ------
    BadInputError
        The pictures or the checkpoint are not those of this run.
    TrainingError
        A loss that is not finite (the checkpoint stays the one before), a device out of memory,
        a disk that refuses.
    """
    check_resumable(config, dataset, environment, checkpoint)
    resolved = environment.resolved
    with (
        numerics(resolved, config.deterministic),
        giving_way(resolved.device),
        as_studio_errors(config),
    ):
        saver = epoch_files.RetryingSaver(folder, waits_for_disk)
        training = _Training(config, dataset, folder, environment, intervals, saver)
        training.start_from(checkpoint)
        yield from training.events()


class _Training:
    """One call of `train`."""

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        folder: RunFolder,
        environment: Environment,
        intervals: ReportingIntervals,
        saver: epoch_files.RetryingSaver,
    ) -> None:
        self._saver = saver
        self._config = config
        self._folder = folder
        self._environment = environment
        self._resolved = environment.resolved
        self._quick_test_over_s = intervals.quick_test_over_s
        self._gate = Gate(intervals.gate_s)
        device = torch.device(self._resolved.device)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        subset = choose_for(config, dataset)
        self._train_pictures = place(dataset.train, subset.train, device)
        self._normalize = Normalize(
            environment.data.mean, environment.data.std, device, memory_format(self._resolved)
        )
        self._state = TrainingState(
            config, self._resolved, len(self._train_pictures), dataset.digest
        )
        self._capture = GraphCapture(device)
        self._steps = Steps(self._state, self._train_pictures, self._normalize, self._capture)
        tested = subset.test if config.test != "never" else subset.test[:0]
        test_pictures = place(dataset.test, tested, device)
        quick_rows = _quick_rows(dataset.test.labels_N[tested], config.seed)
        self._test = self._forward(test_pictures)
        self._quick_test_forward = self._forward(test_pictures.part(quick_rows))
        self._validation = self._forward(place(dataset.train, subset.validation, device))
        self._is_saved = False
        self._is_reported = False

    def start_from(self, checkpoint: Checkpoint | None) -> None:
        """Take the state of a checkpoint, or of the very start, on disk too."""
        if checkpoint is not None:
            self._state.restore(checkpoint)
        try:
            epoch_files.make_consistent(self._folder, self._state)
        except OSError as error:
            raise refused_save(self._folder.path, error) from error

    def events(self) -> Generator[RunEvent, None, None]:
        """Run from where the state stands to the last epoch, or to where it stops early."""
        state = self._state
        progress = Progress(self._folder.trace_file, self._config, state, self._gate)
        try:
            yield RunStarted(
                folder=str(self._folder.path),
                config=self._config,
                environment=self._environment,
                batches=len(state.record),
                first_epoch=state.epoch + 1,
                first_batch=state.batch,
            )
            while state.epoch < self._config.epochs and not stopping(state.rows, self._config):
                yield from self._epoch(progress)
            if self._config.test == "at_end":
                yield from self._test_once()
        except GeneratorExit:
            self._saver.close(None if self._is_saved else self._save_state)
            raise
        finally:
            progress.close()

    def _save_state(self) -> None:
        # Weights that blew up after the last look at the loss must not replace good ones.
        if self._state.weights_are_finite():
            epoch_files.save_state(self._folder, self._state)

    def _epoch(self, progress: Progress) -> Generator[RunEvent, None, None]:
        state, watch = self._state, Stopwatch(self._state.train_seconds)
        progress.begin_epoch(watch)
        self._steps.begin_epoch(
            plan_epoch(
                self._config,
                len(self._train_pictures),
                epoch=state.epoch + 1,
                device=state.device,
            )
        )
        batches = len(state.record)
        for stop in _tenths(batches):
            if stop > state.batch:
                yield from timed(self._batches(stop, progress), watch)
                yield from self._notices()
                is_long = progress.epoch_s > self._quick_test_over_s
                if stop < batches and is_long and not self._config.locks_test_set:
                    yield from self._quick_test(progress)
        if not state.weights_are_finite():
            raise not_finite(self._config, state.epoch + 1, batches, "weights are")
        yield from self._finish(watch.seconds)

    def _batches(self, stop: int, progress: Progress) -> Generator[RunEvent, None, None]:
        """Train up to batch `stop`; the only loop that runs once a batch."""
        while self._state.batch < stop:
            self._steps.take()
            self._is_saved = False
            if self._gate.is_open():
                yield progress.batches_ended()
        if stop == len(self._state.record) or progress.epoch_s > self._quick_test_over_s:
            progress.synchronize()

    def _quick_test(self, progress: Progress) -> Generator[RunEvent, None, None]:
        result = yield from self._evaluate(self._quick_test_forward, "test")
        yield progress.quick_test_ended(result)

    def _finish(self, train_seconds: float) -> Generator[RunEvent, None, None]:
        """Evaluate, put the epoch on disk, and only then report it."""
        state, watch = self._state, Stopwatch()
        test = validation = None
        if not self._config.locks_test_set:
            test = yield from timed(self._evaluate(self._test, "test"), watch)
        if len(self._validation.pictures):
            validation = yield from timed(self._evaluate(self._validation, "validation"), watch)
        loss, top1 = state.record.mean(0, len(state.record))
        row = EpochRow(
            epoch=state.epoch + 1,
            learning_rate=state.learning_rate(len(state.record) - 1),
            train_loss=loss,
            train_top1=top1,
            test_loss=finite_or_none(test.loss) if test else None,
            test_top1=test.top1 if test else None,
            test_top5=test.top5 if test else None,
            train_seconds=train_seconds,
            eval_seconds=watch.seconds,
            images_per_second=len(self._train_pictures) / max(train_seconds, 1e-9),
            peak_memory_mib=peak_memory_mib(state.device),
            val_loss=finite_or_none(validation.loss) if validation else None,
            val_top1=validation.top1 if validation else None,
            val_top5=validation.top5 if validation else None,
        )
        state.finish_epoch(row)
        evaluation = test.evaluation if test else None
        yield from self._saver.write(
            lambda again: epoch_files.save_epoch(self._folder, state, evaluation, again=again)
        )
        self._is_saved = True
        best = best_row(state.rows)
        yield EpochEnded(row=row, best_epoch=best.epoch if best is not None else 0)

    def _test_once(self) -> Generator[RunEvent, None, None]:
        """Look at the locked test set, with the weights that validation chose, or the last ones."""
        state = self._state
        best = best_row(state.rows) if self._config.has_validation else state.rows[-1]
        if best is None or best.test_top1 is not None:
            return
        self._is_saved = True  # what follows is no state to go on from
        if best.epoch != state.epoch:
            chosen = epoch_files.checkpoint_of_epoch(self._folder, best.epoch)
            state.tested.load_state_dict(chosen.tested)
        test = yield from evaluate(self._test, epoch=best.epoch, split="test", gate=self._gate)
        row = replace(
            best, test_loss=finite_or_none(test.loss), test_top1=test.top1, test_top5=test.top5
        )
        state.rows[state.rows.index(best)] = row
        yield from self._saver.write(
            lambda _again: epoch_files.save_test(self._folder, state.rows, row, test.evaluation)
        )
        yield FinalTestEnded(row=row)

    def _forward(self, pictures: Pictures) -> Forward:
        return Forward(
            self._state.tested,
            pictures,
            self._normalize,
            self._resolved,
            self._capture,
            flip=self._config.test_time_flip,
        )

    def _evaluate(
        self, forward: Forward, split: Phase
    ) -> Generator[RunEvent, None, EvaluationResult]:
        return evaluate(forward, epoch=self._state.epoch + 1, split=split, gate=self._gate)

    def _notices(self) -> Generator[RunEvent, None, None]:
        """Report once that this device does what could be recorded call by call."""
        if self._capture.failure and not self._is_reported:
            self._is_reported = True
            yield RunNoticed(
                message="The steps could not be recorded as a CUDA graph "
                f"({self._capture.failure}): they are done call by call, with the same results "
                "and more slowly"
            )


def _tenths(batches: int) -> list[int]:
    """The batches that end a tenth of an epoch, each once."""
    return sorted({-(-batches * tenth // TENTHS) for tenth in range(1, TENTHS + 1)})


def _quick_rows(labels_N: NDArray[np.uint8], seed: int) -> NDArray[np.int64]:
    """Ten rows of each class, chosen by seed; all where there are no more."""
    generator = np.random.default_rng((seed, _QUICK_TEST))
    chosen = [
        generator.permutation(np.flatnonzero(labels_N == label))[:QUICK_TEST_PER_CLASS]
        for label in range(CLASSES)
    ]
    return np.sort(np.concatenate(chosen))
