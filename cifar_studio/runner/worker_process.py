"""Starts worker processes and yields their events. No Qt and no torch: the window imports this.

The worker's module is named and not imported, so that nothing here leads to torch.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

import msgspec

from cifar_studio.errors import BadInputError, WorkerError
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
STDERR_TAIL_BYTES = 8000
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

    Raises
    ------
    WorkerError
        The process cannot be started.
    """

    def __init__(self, *, warm: bool, niceness: int = 0, gives_way: bool = False) -> None:
        arguments = [sys.executable, "-m", WORKER_MODULE, "--niceness", str(niceness)]
        if warm:
            arguments.append("--warm")
        self._killed = False
        self._send_lock = threading.Lock()
        self._open: dict[int, AnyRequest] = {}
        self._folders: dict[int, str] = {}
        self._stderr: IO[bytes] | None = None
        try:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                # Ctrl-C in a terminal goes to a whole process group. The worker learns of the end
                # from its standard input and saves; a signal would cut it short.
                start_new_session=os.name == "posix",
                env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"} if gives_way else None,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            if self._stderr is not None:
                self._stderr.close()
            raise WorkerError(
                f"the worker process cannot be started ({error.strerror})",
                "Close other programs and try again",
            ) from error

        if os.name == "posix":
            threading.Thread(target=self._end_group, name="end of a worker", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What the process ended with; None while it runs."""
        return self._process.poll()

    def send(self, request: AnyRequest) -> None:
        """Send a request; nothing happens where the process is gone, `events` tells of that.

        Raises
        ------
        BadInputError
            A name in it is no valid text, which a file's name need not be.
        """
        assert self._process.stdin is not None
        try:
            line = to_line(request)
        except UnicodeEncodeError:
            raise BadInputError(
                "the name of a folder is no valid text", "Rename it, or choose another place"
            ) from None
        with self._send_lock, contextlib.suppress(OSError, ValueError):
            if not isinstance(request, ControlRequest):
                self._open[request.id] = request
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def command(self, request_id: int, command: Command) -> None:
        """Pause, continue or stop the work of a request."""
        self.send(ControlRequest(id=request_id, command=command))

    def events(self) -> Iterator[Envelope]:
        """Everything the worker says, until it ends.

        A request that is still open when the process is gone is closed here: a training by
        RunEnded(crashed), any other by RequestFailed. So each request gets its last event.
        """
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return  # everything was said
        for line in self._process.stdout:
            try:
                envelope = envelope_decoder.decode(line)
            except msgspec.MsgspecError:
                continue  # a library wrote past the pipe's guard; its words are no event
            self._follow(envelope)
            yield envelope
        code = self._process.wait()
        words = self._read_stderr_tail()
        self._process.stdout.close()
        self.close()
        for request_id, request in list(self._open.items()):
            del self._open[request_id]
            yield Envelope(request_id, self._closing_event(request, code, words))

    def close(self) -> None:
        """Close the worker's standard input: it saves at the next batch and ends by itself."""
        assert self._process.stdin is not None
        with self._send_lock, contextlib.suppress(OSError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End the process and its children at once. For a worker that does not answer."""
        self._killed = True
        if self._process.poll() is None:
            _kill_group(self._process)

    def _follow(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, RunStarted):
            self._folders[envelope.id] = event.folder
        if isinstance(event, LAST_EVENTS):
            self._open.pop(envelope.id, None)

    def _end_group(self) -> None:
        """Wait for the process's end, and see to it that its children end with it.

        Until they do they may hold its standard output open, and who reads that would wait on.
        """
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                # It is not reaped here: its number is still its group's and nobody else's.
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:  # macOS before Python 3.13
            self._process.wait()
        _kill_group(self._process)

    def _read_stderr_tail(self) -> str:
        assert self._stderr is not None
        end = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, end - STDERR_TAIL_BYTES))
        with self._stderr as file:
            return file.read().decode(errors="replace").strip()

    def _closing_event(self, request: AnyRequest, code: int, words: str) -> AnyEvent:
        how = _describe_exit(code)
        if isinstance(request, TrainRequest | ResumeRequest):
            # The system ends a process in this way when the computer has no memory left.
            starved = code == -_SIGKILL and not self._killed
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


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a worker that leads a session of its own, and what it started."""
    if os.name != "posix":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _describe_exit(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
