"""One real second worker for many windows, one after the other.

To import torch takes it longer than most of its answers do. Windows ask it, and it answers, as
ever; only that it starts for each of them and ends with each of them is left to other tests.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from cifar_studio.runner.protocol import AnyRequest, Command, Envelope
from cifar_studio.runner.worker_process import WorkerProcess


class LentHelper:
    """As `WorkerProcess`; closed, it says no more, and the process behind it lives on."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process
        self.said: queue.SimpleQueue[Envelope | None] = queue.SimpleQueue()
        self._asked: list[int] = []
        self.pid = process.pid

    def send(self, request: AnyRequest) -> None:
        self._asked.append(request.id)
        self._process.send(request)

    def command(self, request_id: int, command: Command) -> None:
        self._process.command(request_id, command)

    def events(self) -> Iterator[Envelope]:
        yield from iter(self.said.get, None)

    def close(self) -> None:
        for request_id in self._asked:
            self.command(request_id, Command.STOP_NOW)
        self.said.put(None)

    def kill(self) -> None:
        self._process.kill()


class Lender:
    """Stands where a window starts its second worker. It starts one at the first need."""

    def __init__(self) -> None:
        self._process: WorkerProcess | None = None
        self._borrower: LentHelper | None = None
        self._reader = threading.Thread()

    def __call__(self, *, warm: bool, niceness: int, gives_way: bool) -> LentHelper:
        if self._process is None:
            self._process = WorkerProcess(warm=warm, niceness=niceness, gives_way=gives_way)
            # A daemon, which no test has to wait for: it lives from the first to the last.
            self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
            self._reader.start()
        self._borrower = LentHelper(self._process)
        return self._borrower

    def end(self) -> None:
        """End the process, and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._reader.join()

    def _read(self, process: WorkerProcess) -> None:
        for envelope in process.events():
            if self._borrower is not None:
                self._borrower.said.put(envelope)
        self._process = None
        if self._borrower is not None:
            self._borrower.said.put(None)
