"""Starts worker processes and yields their events. No Qt and no torch: the window imports this.

The worker's module is named and not imported, so that nothing here leads to torch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from cifar_studio.errors import BadInputError
from cifar_studio.runner.child_process import ChildProcess, describe_exit
from cifar_studio.runner.protocol import (
    AnyRequest,
    Command,
    ControlRequest,
    Envelope,
    ResumeRequest,
    TrainRequest,
    envelope_decoder,
    to_line,
)
from cifar_studio.runs.answers import LAST_EVENTS, AnyEvent, RequestFailed
from cifar_studio.runs.folder.events import RunEnded, RunStarted

WORKER_MODULE = "cifar_studio.runner.worker.worker"
_SIGKILL = 9  # Windows has no such signal, and no such exit code
_ids = itertools.count(1)


def new_id() -> int:
    """An id for a request, unused in this process."""
    return next(_ids)


class WorkerProcess:
    """A worker process: requests go down, `events()` yields what comes up.

    It starts at once. With `warm` it imports torch and says WorkerReady before any request.

    Parameters
    ----------
    niceness : int
        Added to this process's own on POSIX: a training must not make the window stutter.
    gives_way : bool
        Its threads sleep while they wait for each other. By themselves they spin, which is
        quicker on a free processor and many times slower beside another process that computes.
    threads : int or None
        That it computes with on a processor; None leaves it to torch.

    Raises
    ------
    WorkerError
        The process cannot be started.
    """

    def __init__(
        self,
        *,
        warm: bool,
        niceness: int = 0,
        gives_way: bool = False,
        threads: int | None = None,
    ) -> None:
        environment = {"OMP_WAIT_POLICY": "PASSIVE"} if gives_way else {}
        if threads is not None:
            environment["OMP_NUM_THREADS"] = str(threads)
        self._open: dict[int, AnyRequest] = {}
        self._folders: dict[int, str] = {}
        self._process = ChildProcess(
            WORKER_MODULE,
            ["--niceness", str(niceness), *(["--warm"] if warm else [])],
            title="the worker process",
            environment=environment,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What the process ended with; None while it runs."""
        return self._process.exit_code

    def send(self, request: AnyRequest) -> None:
        """Send a request; nothing happens where the process is gone, `events` tells of that.

        Raises
        ------
        BadInputError
            A name in it is no valid text, which a file's name need not be.
        """
        try:
            line = to_line(request)
        except UnicodeEncodeError:
            raise BadInputError(
                "the name of a folder is no valid text", "Rename it, or choose another place"
            ) from None
        if not isinstance(request, ControlRequest):
            self._open[request.id] = request
        self._process.write_line(line)

    def command(self, request_id: int, command: Command) -> None:
        """Pause, continue or stop the work of a request."""
        self.send(ControlRequest(id=request_id, command=command))

    def events(self) -> Iterator[Envelope]:
        """Everything the worker says, until it ends.

        A request that is still open when the process is gone is closed here: a training by
        RunEnded(crashed), any other by RequestFailed. So each request gets its last event.
        """
        if self._process.is_reaped:
            return  # everything was said
        for line in self._process.lines():
            try:
                envelope = envelope_decoder.decode(line)
            except msgspec.MsgspecError:
                continue  # a library wrote past the pipe's guard; its words are no event
            self._follow(envelope)
            yield envelope
        code, words = self._process.reap()
        for request_id, request in list(self._open.items()):
            del self._open[request_id]
            yield Envelope(request_id, self._closing_event(request, code, words))

    def close(self) -> None:
        """Close the worker's standard input: it saves at the next batch and ends by itself."""
        self._process.close()

    def kill(self) -> None:
        """End the process and its children at once. For a worker that does not answer."""
        self._process.kill()

    def _follow(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, RunStarted):
            self._folders[envelope.id] = event.folder
        if isinstance(event, LAST_EVENTS):
            self._open.pop(envelope.id, None)

    def _closing_event(self, request: AnyRequest, code: int, words: str) -> AnyEvent:
        how = describe_exit(code)
        if isinstance(request, TrainRequest | ResumeRequest):
            # The system ends a process in this way when the computer has no memory left.
            starved = code == -_SIGKILL and not self._process.was_killed
            cause = "; perhaps the computer ran out of memory" if starved else ""
            resumed = request.folder if isinstance(request, ResumeRequest) else ""
            return RunEnded(
                state="crashed",
                folder=self._folders.get(request.id, resumed),
                message=f"The training process ended unexpectedly ({how}{cause})",
                remedy="Finished epochs are kept; resume the run to go on",
                details=words,
                reason="out_of_memory" if starved else "",
            )
        return RequestFailed(
            message=f"The helper process ended unexpectedly ({how})",
            remedy="Try again",
            details=words,
        )
