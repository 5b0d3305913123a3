"""Work on an NVIDIA GPU recorded once as a CUDA graph, and played from then on.

A small network's step is hundreds of kernels of a few microseconds each: the host cannot issue
them as fast as the device computes. A graph is issued at once. What is recorded takes no arguments
and returns nothing: it reads and writes tensors that stay where they are. Where a device has no
graphs, or a recording fails, the same work is done call by call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor

WARM_UPS = 3
Work = Callable[[], None]
Rollback = Callable[[], AbstractContextManager[None]]


class GraphCapture:
    """Records work for one device; all graphs share one pool of memory.

    What a graph leaves in the pool does not outlive its playing, so graphs may follow each other
    in any order.

    `failure` says why a recording failed, for a person, and is empty where none did; none is tried
    after one.
    """

    def __init__(self, device: torch.device) -> None:
        self.failure = ""
        self._device = device
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        self._stream: torch.cuda.Stream | None = None

    def captured(self, work: Work, rolled_back: Rollback) -> Work:
        """`work` as one launch where the device can, else `work` itself.

        Parameters
        ----------
        work : callable
            Waits for nothing, and finds all that it needs in tensors.
        rolled_back : callable
            Makes a context that takes back whatever `work` did within: it is run a few times
            before it is recorded, so that libraries choose their algorithms and memory is there.
        """
        if self._device.type != "cuda" or self.failure:
            return work
        try:
            with torch.cuda.device(self._device):
                return self._capture(work, rolled_back)
        except RuntimeError as error:
            self.failure = (str(error).strip() or type(error).__name__).splitlines()[0]
            return work

    def _capture(self, work: Work, rolled_back: Rollback) -> Work:
        if self._stream is None:  # torch's own default is of the device that recorded first
            self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        present = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(present)
        try:
            with torch.cuda.stream(self._stream):
                warm_up(work, rolled_back)
        finally:
            present.wait_stream(self._stream)
        torch.cuda.synchronize(self._device)
        graph = torch.cuda.CUDAGraph()
        # Other threads of the process may call CUDA meanwhile.
        with (
            rolled_back(),
            torch.cuda.graph(
                graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
            ),
        ):
            work()
        return _CapturedGraph(graph, work)


@contextmanager
def restored(tensors: Sequence[Tensor]) -> Iterator[None]:
    """What is written to the tensors within is taken back; they stay where they are."""
    before = [tensor.clone() for tensor in tensors]
    try:
        yield
    finally:
        for tensor, value in zip(tensors, before, strict=True):
            tensor.copy_(value)


def warm_up(work: Work, rolled_back: Rollback) -> None:
    """Do some work a few times, each from the same start: it may be the last that there is."""
    for _ in range(WARM_UPS):
        with rolled_back():
            work()


class _CapturedGraph:
    """A graph, and what it was recorded from: the tensors that it reads must not be freed."""

    def __init__(self, graph: torch.cuda.CUDAGraph, work: Work) -> None:
        self._graph = graph
        self._work = work

    def __call__(self) -> None:
        self._graph.replay()
