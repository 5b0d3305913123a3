"""Pulls a dispatcher: one loop under the dispatcher's own process and the command line."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from pathlib import Path

from cifar_studio.experiments.dispatcher import Dispatcher
from cifar_studio.experiments.local_pool import Gone, LocalPool, Said, Slot
from cifar_studio.experiments.protocol import AnyDispatchRequest, DispatchEnvelope

TICK_S = 0.25


class _End(Enum):
    AT_ONCE = auto()
    UNLESS_LET_GO = auto()


class Dispatch:
    """Carries requests out; iterating yields what happens, and trains.

    All other methods may be called from other threads, and from a signal's handler.

    Parameters
    ----------
    stays : bool
        Whether it waits for more when nothing is left to train, until `stop`.
    when_alone : callable
        Called when it was told to go on and nobody listens any more.
    old_queue_file : Path, optional
        Where versions before 0.3 kept the queue.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        *,
        experiments: Path,
        runs: Path,
        command: Sequence[str] = (),
        stays: bool = False,
        when_alone: Callable[[], object] = lambda: None,
        old_queue_file: Path | None = None,
    ) -> None:
        self._inbox: queue.SimpleQueue[AnyDispatchRequest | Said | Gone | _End] = (
            queue.SimpleQueue()
        )
        self._next_tick_s = 0.0
        self._is_left = False
        self._out: list[DispatchEnvelope] = []
        self._pool = LocalPool(slots, self._inbox.put)
        self._stays = stays
        self._when_alone = when_alone
        self._dispatcher = Dispatcher(
            self._pool,
            lambda id_, event: self._out.append(DispatchEnvelope(id_, event)),
            experiments=experiments,
            runs=runs,
            command=command,
            old_queue_file=old_queue_file,
        )

    def ask(self, request: AnyDispatchRequest) -> None:
        """Have something done."""
        self._inbox.put(request)

    def stop(self) -> None:
        """Have every training saved at its next batch, and end."""
        self._inbox.put(_End.AT_ONCE)

    def leave(self) -> None:
        """Nobody listens any more: `stop`, unless it was told to go on by itself."""
        self._inbox.put(_End.UNLESS_LET_GO)

    def kill(self) -> None:
        """End every training at once; what is on the disk stays there."""
        self._pool.kill()

    def __iter__(self) -> Iterator[DispatchEnvelope]:
        try:
            while not self._dispatcher.is_settled:
                self._take_one()
                told, self._out[:] = list(self._out), []
                yield from told
                if self._is_at_its_end():
                    self._dispatcher.shut_down()
        finally:
            if not self._dispatcher.is_settled:
                self._pool.kill()
            self._dispatcher.close()

    def _is_at_its_end(self) -> bool:
        if self._is_left and not self._dispatcher.is_let_go:
            return True
        is_idle = self._inbox.empty() and not self._dispatcher.is_busy
        return is_idle and not self._stays

    def _take_one(self) -> None:
        """Do what is next, or let some time pass."""
        dispatcher = self._dispatcher
        left_s = self._next_tick_s - time.monotonic()
        if left_s <= 0:  # also while others have much to say
            self._next_tick_s = time.monotonic() + TICK_S
            dispatcher.tick()
            return
        try:
            item = self._inbox.get(timeout=left_s)
        except queue.Empty:
            return
        if item is _End.AT_ONCE:
            dispatcher.shut_down()
        elif item is _End.UNLESS_LET_GO:
            self._is_left = True
            if dispatcher.is_let_go:
                self._when_alone()
        elif isinstance(item, Said):
            dispatcher.said(item)
        elif isinstance(item, Gone):
            dispatcher.gone(item)
        else:
            dispatcher.request(item)
