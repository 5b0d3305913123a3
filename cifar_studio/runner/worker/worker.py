"""The worker process: `python -m cifar_studio.runner.worker.worker`.

Reads requests as JSON lines on standard input, writes envelopes of events on standard output.
A training ends the process; short requests are carried out one after another. When standard input
closes, the asking process is gone: the training saves at the next batch and the worker ends.
SIGTERM means the same.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import psutil

from cifar_studio.data.cifar100.places import locate
from cifar_studio.data.dataset import DEMO
from cifar_studio.errors import StudioError
from cifar_studio.runner.protocol import (
    AnyRequest,
    Command,
    ControlRequest,
    Envelope,
    ResumeRequest,
    TrainRequest,
    request_decoder,
    to_line,
)
from cifar_studio.runs.answers import LAST_EVENTS, AnyEvent, Cancelled, RequestFailed
from cifar_studio.runs.folder.events import RunEnded, WorkerReady


class Inbox:
    """What standard input brings, read by a thread: requests, and commands for the work at hand.

    None in either queue means that standard input has closed, now and for ever after.
    """

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream
        self._requests: queue.SimpleQueue[AnyRequest | None] = queue.SimpleQueue()
        self._commands: queue.SimpleQueue[ControlRequest | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        # A daemon: it sits in a blocking read that nothing but the other side can end.
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    @property
    def is_closed(self) -> bool:
        """Whether the other side is gone."""
        return self._closed.is_set()

    def next_request(self) -> AnyRequest | None:
        """Wait for the next request; None once standard input has closed."""
        return None if self._closed.is_set() else self._requests.get()

    def next_command(self, *, block: bool) -> ControlRequest | None:
        """The next command, None once standard input has closed; raises queue.Empty."""
        return None if self._closed.is_set() else self._commands.get(block=block)

    def close(self) -> None:
        """The other side is gone: no command and no request comes any more."""
        self._closed.set()
        self._requests.put(None)
        self._commands.put(None)

    def _read(self) -> None:
        try:
            for line in self._stream:
                with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    request = request_decoder.decode(line)
                    if isinstance(request, ControlRequest):
                        self._commands.put(request)
                    else:
                        self._requests.put(request)
        except (OSError, ValueError):
            pass  # closed under its hands
        finally:
            self.close()  # whatever has ended it: nobody is heard any more


class InboxControl:
    """Commands for one request, taken from the inbox; those for others are out of date."""

    def __init__(self, inbox: Inbox, request_id: int) -> None:
        self._inbox = inbox
        self._id = request_id

    def poll(self) -> Command | None:
        try:
            return self._next(block=False)
        except queue.Empty:
            return None

    def wait(self) -> Command:
        return self._next(block=True)

    def _next(self, *, block: bool) -> Command:
        while (request := self._inbox.next_command(block=block)) is not None:
            if request.id == self._id:
                return request.command
        return Command.ABANDON


class Worker:
    """Answers requests until standard input closes or a training has ended."""

    def __init__(self, inbox: Inbox, output: BinaryIO) -> None:
        self._inbox = inbox
        self._output = output

    def send(self, request_id: int, event: AnyEvent) -> None:
        try:
            self._output.write(to_line(Envelope(request_id, event)))
            self._output.flush()
        except (OSError, ValueError):
            self._inbox.close()

    def say_ready(self) -> None:
        """Import torch, say what devices there are, and have pictures at hand."""
        from cifar_studio.data.cifar100.source import load_dataset
        from cifar_studio.engine.machine.device import list_devices, warm_up

        warm_up()
        # The first reading takes seconds, and so does drawing the demo set: better now than at
        # Start. What is wrong with the data is said to whoever asks for it.
        with contextlib.suppress(StudioError, OSError):
            load_dataset("auto" if locate("auto") else DEMO)
        self.send(0, WorkerReady(devices=list_devices()))

    def serve(self) -> None:
        while (request := self._inbox.next_request()) is not None:
            if isinstance(request, TrainRequest | ResumeRequest):
                self._train(request)
                return
            self._work(request)

    def _train(self, request: TrainRequest | ResumeRequest) -> None:
        from cifar_studio.runner.training.follow import follow
        from cifar_studio.runner.training.prepare import prepare

        try:
            training = prepare(request)
        except Exception as error:
            self.send(request.id, _failed_run(request, error))
            return
        if self._inbox.is_closed and isinstance(request, TrainRequest):
            training.discard()  # nothing was trained, and nobody knows of the folder
            return
        with contextlib.closing(follow(training, InboxControl(self._inbox, request.id))) as events:
            for event in events:
                self.send(request.id, event)

    def _work(self, request: AnyRequest) -> None:
        from cifar_studio.runner.worker.requests import carry_out

        control = InboxControl(self._inbox, request.id)
        events: Iterator[AnyEvent] = carry_out(request)
        try:
            with contextlib.closing(events):  # type: ignore[type-var]
                for event in events:
                    self.send(request.id, event)
                    if isinstance(event, LAST_EVENTS):
                        return
                    if control.poll() in (Command.STOP_NOW, Command.ABANDON):
                        self.send(request.id, Cancelled())
                        return
        except StudioError as error:
            self.send(request.id, RequestFailed(message=error.fault, remedy=error.remedy))
        except Exception as error:
            self.send(
                request.id,
                RequestFailed(message=_name(error), details=traceback.format_exc()),
            )


def main() -> None:
    """Entry of the worker process."""
    parser = argparse.ArgumentParser(description="A worker of CIFAR Studio; started by it.")
    parser.add_argument("--warm", action="store_true", help="import torch before any request")
    parser.add_argument("--niceness", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.niceness and hasattr(os, "nice"):
        os.nice(arguments.niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()  # a crash inside a library then says where, in the last words
    # Unbuffered: a thread that waits in a buffered read at exit makes Python abort.
    inbox = Inbox(io.FileIO(sys.stdin.fileno(), closefd=False))
    # The computer shuts down: as good as the window's end, so a training saves where it stands.
    signal.signal(signal.SIGTERM, lambda *_: inbox.close())
    worker = Worker(inbox, _guarded_output())
    try:
        if arguments.warm:
            worker.say_ready()
        worker.serve()
    finally:
        _end_children()


def _end_children() -> None:
    """Processes that a library started must not outlive the worker."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()


def _guarded_output() -> BinaryIO:
    """Standard output for events alone: whatever else prints goes to standard error."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return events


def _failed_run(request: TrainRequest | ResumeRequest, error: Exception) -> RunEnded:
    """The end of a run that could not begin. A run that was to go on still has its folder."""
    folder = request.folder if isinstance(request, ResumeRequest) else ""
    if isinstance(error, StudioError):
        return RunEnded.of(error, folder)
    return RunEnded(
        state="failed", folder=folder, message=_name(error), details=traceback.format_exc()
    )


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


if __name__ == "__main__":
    main()
