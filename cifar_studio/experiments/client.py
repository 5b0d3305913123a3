"""Starts a dispatcher's process and yields what it says. No Qt, no torch and no Optuna."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec
import psutil

from cifar_studio.errors import BadInputError
from cifar_studio.experiments.protocol import (
    AnyDispatchRequest,
    DispatchEnvelope,
    JobBegan,
    LetGo,
    RequestRefused,
    dispatch_envelope_decoder,
    dispatch_line,
)
from cifar_studio.runner.child_process import ChildProcess, describe_exit
from cifar_studio.runs.folder.events import RunEnded, RunStarted

KILL_S = 3.0
DISPATCHER_MODULE = "cifar_studio.experiments.process"


class DispatcherProcess:
    """A dispatcher's process, which starts at once: requests go down, `events()` yields the rest.

    Raises
    ------
    WorkerError
        The process cannot be started.
    """

    def __init__(self, *, runs: str = "", slots: int = 1, devices: str = "") -> None:
        self._open: dict[int, str] = {}
        self._is_let_go = False
        self._process = ChildProcess(
            DISPATCHER_MODULE,
            ["--runs", runs, "--slots", str(slots), "--devices", devices],
            title="the dispatcher's process",
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: AnyDispatchRequest) -> None:
        """Send a request; nothing happens where the process is gone, `events` tells of that.

        Raises
        ------
        BadInputError
            A name in it is no valid text, which a file's name need not be.
        """
        try:
            line = dispatch_line(request)
        except UnicodeEncodeError:
            raise BadInputError(
                "the name of a folder is no valid text", "Rename it, or choose another place"
            ) from None
        self._process.write_line(line)

    def events(self) -> Iterator[DispatchEnvelope]:
        """Everything the dispatcher says, until it ends.

        Trainings that are still open when the process is gone end here, by RunEnded(crashed); they
        save at their next batch by themselves.
        """
        if self._process.is_reaped:
            return
        for line in self._process.lines():
            try:
                envelope = dispatch_envelope_decoder.decode(line)
            except msgspec.MsgspecError:
                continue  # a library wrote past the pipe's guard; its words are no event
            if isinstance(envelope.event, JobBegan | RunStarted):
                self._open[envelope.id] = envelope.event.folder
            elif isinstance(envelope.event, RunEnded):
                self._open.pop(envelope.id, None)
            yield envelope
        if self._is_let_go:
            return
        code, words = self._process.reap()
        fault = f"The dispatcher's process ended unexpectedly ({describe_exit(code)})"
        for id_, folder in self._open.items():
            yield DispatchEnvelope(
                id_,
                RunEnded(
                    state="crashed",
                    folder=folder,
                    message=fault,
                    remedy="Finished epochs are kept; resume the run to go on",
                    details=words,
                ),
            )
        self._open.clear()
        if code != 0 and not self._process.was_killed:
            yield DispatchEnvelope(0, RequestRefused(message=fault, remedy="Try again"))

    def close(self) -> None:
        """Close its standard input: every training saves, and it ends by itself."""
        self._process.close()

    def let_go(self) -> None:
        """Let it go on by itself until its experiments are done."""
        self._is_let_go = True
        self.ask(LetGo())
        self._process.close()

    def kill(self) -> None:
        """End the process and everything that trains at once."""
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self.pid).children(recursive=True)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self._process.kill()
        psutil.wait_procs(children, KILL_S)  # until then they hold their run folders
