"""Says what went wrong with a run, and offers what can be done about it at once."""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QObject

from cifar_studio import paths
from cifar_studio.config import remedies
from cifar_studio.config.presets import nearest_preset
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.experiments.protocol import RequestRefused
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.reproduction import reproduction_of
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder.events import (
    EpochEnded,
    Event,
    RunContinued,
    RunEnded,
    RunNoticed,
    RunPaused,
    RunStarted,
)
from cifar_studio.runs.folder.library import Run, can_resume, load
from cifar_studio.runs.queue_rules import MOST_FAILURES, PlannedRun
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.training.run_controller import RunController
from cifar_studio.ui.widgets.message_bar import Action, MessageBar

PAUSE, NO_ANSWER, QUEUE = "pause", "no answer", "queue"


class RunMessages(QObject):
    """Turns events into messages; knows which of them are out of date."""

    def __init__(
        self,
        controller: RunController,
        model: RunModel,
        bar: MessageBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._model = model
        self._bar = bar
        self._paused_for = ""  # why it paused by itself the last time
        controller.not_answered.connect(self._on_not_answered)
        controller.queue.held.connect(self._on_queue_held)
        controller.queue.changed.connect(self._on_queue_changed)
        controller.queue.restored.connect(self._on_queue_restored)
        controller.refused.connect(self._on_refused)

    def offer_interrupted(self, run: Run) -> None:
        """Offer to go on with a run that ended with the window, the computer or a crash.

        A trial goes on with its experiment.
        """
        place = run.environment.trial if run.environment is not None else None
        folder = paths.experiments_folder() / place.experiment if place is not None else None
        if folder is not None and (folder / "experiment.json").is_file():
            self._offer_experiment(folder)
            return
        self._bar.show_message(
            f"{wording.run_title(run)} was interrupted in epoch {len(run.rows) + 1} "
            f"of {run.config.epochs}. What it had finished is kept.",
            actions=(self._resume(run),) if can_resume(run) else (),
            subject=str(run.path),
        )

    def _offer_experiment(self, folder: Path) -> None:
        if ExperimentFolder(folder).is_held():
            return  # another process has gone on with it
        self._bar.show_message(
            f"The experiment {folder.name} was interrupted. Finished trials are kept, and the one "
            "that was cut off goes on where it was.",
            actions=(Action("Go on", lambda: self._controller.run_experiment(folder)),),
            subject=f"experiment {folder}",
        )

    def handle(self, event: Event) -> None:
        """Take an event in, once the library knows of it."""
        if isinstance(event, RunStarted):
            self._bar.withdraw(event.folder)  # how it ended the time before
        elif isinstance(event, RunPaused) and event.message:
            again = "Tried again, and still: " if self._paused_for == event.message else ""
            self._paused_for = event.message
            self._bar.show_message(
                again + _sentences(event.message, event.remedy),
                actions=(Action("Continue", self._controller.go_on),),
                subject=PAUSE,
            )
        elif isinstance(event, RunContinued):
            self._bar.withdraw(PAUSE)
        elif isinstance(event, EpochEnded):
            self._paused_for = ""  # the disk takes it again
        elif isinstance(event, RunNoticed):
            self._bar.show_notice(_sentences(event.message))
        elif isinstance(event, RunEnded):
            self._paused_for = ""
            self._bar.withdraw(PAUSE)
            self._bar.withdraw(NO_ANSWER)
            if event.state in ("failed", "crashed") and not self._controller.is_closing:
                self._show_failure(event)
            elif event.state == "finished":
                self._show_reproduction(event)

    def _show_failure(self, event: RunEnded) -> None:
        run = self._find(event.folder)
        self._bar.show_message(
            _sentences(event.message, event.remedy),
            event.details,
            actions=self._actions(event, run),
            subject=event.folder,
        )

    def _show_reproduction(self, event: RunEnded) -> None:
        """Of a run that repeats another one: whether it came out the same."""
        run = self._find(event.folder)
        if run is None or run.environment is None or not run.environment.repeats:
            return
        name = run.environment.repeats
        original = next((one for one in self._model.runs if one.path.name == name), None)
        if original is None:
            return
        with contextlib.suppress(StudioError):
            verdict = reproduction_of(original, run).verdict()
            self._bar.show_notice(f"{wording.run_title(original)}, trained again: {verdict}")

    def _find(self, folder: str) -> Run | None:
        found = self._model.find(Path(folder)) if folder else None
        if found is None and folder:
            with contextlib.suppress(StudioError):
                return load(Path(folder))  # opened from another place
        return found

    def _actions(self, event: RunEnded, run: Run | None) -> tuple[Action, ...]:
        """What to offer, the likeliest help first."""
        planned = self._planned_as(run)
        if planned is None:
            return ()
        resume = (self._resume(run),) if run is not None and can_resume(run) else ()
        if event.reason == "out_of_memory":
            smaller = self._start_with(
                "Try with batch size {0.batch_size}",
                planned,
                remedies.with_smaller_batches(planned.config),
            )
            # A process that the system has ended may have been in its way by chance.
            return (*resume, *smaller) if event.state == "crashed" else (smaller or resume)
        if event.reason == "not_finite":
            shorter = remedies.with_shorter_steps(planned.config)
            text = "Start again with learning rate {0.learning_rate:g}"
            return self._start_with(text, planned, shorter) or resume
        if event.reason == "device_lost":
            return self._on_the_processor(planned, run) or resume
        if event.reason == "no_checkpoint":
            return self._start_with("Start anew", planned, planned.config)
        if resume:
            return resume
        # Of a run that waits again there is nothing to offer.
        waits = planned in self._controller.queue.runs
        if run is None and self._controller.live.planned is planned and not waits:
            return (Action("Try again", lambda: self._controller.start(planned)),)
        return ()

    def _planned_as(self, run: Run | None) -> PlannedRun | None:
        """What would start the run that has ended once more."""
        if self._controller.live.planned is not None:
            return self._controller.live.planned
        if run is None:
            return None
        return PlannedRun(run.config, run.data_choice, nearest_preset(run.config).name)

    def _resume(self, run: Run) -> Action:
        return Action("Resume", lambda: self._on_resume_accepted(run))

    def _on_resume_accepted(self, run: Run, device: str | None = None) -> None:
        if self._controller.is_busy:  # begun since the offer was made
            self._bar.show_notice(
                f"Another run is on. {wording.run_title(run)} can be resumed on the Runs page "
                "once that has ended."
            )
        else:
            self._controller.resume(str(run.path), "auto", device=device)

    def _on_the_processor(self, planned: PlannedRun, run: Run | None) -> tuple[Action, ...]:
        config = remedies.on_the_processor(planned.config)
        if config is None or self._ran_on_the_processor(run):
            return ()
        if run is None or not can_resume(run):
            return self._start_with("Start on the processor", planned, config)
        return (Action("Resume on the processor", lambda: self._on_resume_accepted(run, "cpu")),)

    def _start_with(
        self, text: str, planned: PlannedRun, config: TrainConfig | None
    ) -> tuple[Action, ...]:
        """Offer to start the run with other settings, which `text` names; nothing without any."""
        if config is None:
            return ()
        changed = PlannedRun(config, planned.data, planned.preset)
        return (Action(text.format(config), lambda: self._controller.start(changed)),)

    def _ran_on_the_processor(self, run: Run | None) -> bool:
        return (
            self._controller.live.has_begun
            and run is not None
            and run.environment is not None
            and run.environment.resolved.device == "cpu"
        )

    def _on_not_answered(self) -> None:
        self._bar.show_message(
            "The training has not stopped yet. It may be in a long batch, or hang. "
            f"By force it ends at once, and {self._controller.live.kept_by_force_text}.",
            actions=(Action("End it by force", self._controller.end_by_force),),
            subject=NO_ANSWER,
        )

    def _on_queue_held(self, fault: str) -> None:
        waiting = len(self._controller.queue.runs)
        runs = "The run that waits is" if waiting == 1 else f"The {waiting} runs that wait are"
        self._bar.show_message(
            f"{MOST_FAILURES} runs in a row have failed, the last one so: {_sentences(fault)} "
            f"{runs} kept and not started.",
            actions=(Action("Go on", self._controller.release_queue),),
            subject=QUEUE,
        )

    def _on_queue_restored(self, waiting: int) -> None:
        runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
        self._bar.show_notice(f"{runs} since last time: see Runs, and Go on there.")

    def _on_refused(self, event: RequestRefused) -> None:
        self._bar.show_message(_sentences(event.message, event.remedy))

    def _on_queue_changed(self) -> None:
        if not self._controller.queue.is_held_by_failures:
            self._bar.withdraw(QUEUE)


def _sentences(*parts: str) -> str:
    """Faults and remedies, which come without a full stop, as sentences."""
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts if part)
