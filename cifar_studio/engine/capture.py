"""Work on an NVIDIA GPU recorded once as a CUDA graph, and played from then on.

A small network's step is hundreds of kernels of a few microseconds each: the host cannot issue
them as fast as the device computes. A graph is issued at once. What is recorded takes no arguments
and returns nothing: it reads and writes tensors that stay where they are. Where a device has no
graphs, or a recording fails, the same work is done call by call.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch

WARM_UPS = 3
Work = Callable[[], None]


class Recorder:
    """Records work for one device; all graphs share one pool of memory.

    What a graph leaves in the pool does not outlive its playing, so graphs may follow each other
    in any order.

    Parameters
    ----------
    device : torch.device

    Attributes
    ----------
    failure : str
        Why a recording failed, for a person; empty where none did. None is tried after that.
    """

    def __init__(self, device: torch.device) -> None:
        self.failure = ""
        self._device = device
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None

    def recorded(self, work: Work, undone: Callable[[], AbstractContextManager[None]]) -> Work:
        """`work` as one launch where the device can, else `work` itself.

        Parameters
        ----------
        work : callable
            Waits for nothing, and finds all that it needs in tensors.
        undone : callable
            Makes a context that takes back whatever `work` did within: it is run a few times
            before it is recorded, so that libraries choose their algorithms and memory is there.
        """
        if self._device.type != "cuda" or self.failure:
            return work
        try:
            with torch.cuda.device(self._device), undone():
                return self._record(work)
        except RuntimeError as error:
            self.failure = (str(error).strip() or type(error).__name__).splitlines()[0]
            return work

    def _record(self, work: Work) -> Work:
        aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                work()
        torch.cuda.current_stream(self._device).wait_stream(aside)
        torch.cuda.synchronize(self._device)
        graph = torch.cuda.CUDAGraph()
        # Other threads of the process may call CUDA meanwhile.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            work()
        return graph.replay
