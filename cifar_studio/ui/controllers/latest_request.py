"""A question to the second worker of which only the latest answer counts."""

from __future__ import annotations

from cifar_studio.runner.protocol import AnyRequest
from cifar_studio.runs.answers import LAST_EVENTS
from cifar_studio.ui.workers.helper_worker import HelperWorker, OnEvent


class LatestRequest:
    """One request at a time: who asks again no longer wants the answer before."""

    def __init__(self, helper: HelperWorker) -> None:
        self._helper = helper
        self._id = 0

    def ask(self, request: AnyRequest, on_event: OnEvent) -> None:
        """Send a request; `on_event` is called with its events until it is given up."""
        self.cancel()
        self._id = request.id
        self._helper.ask(request, lambda event: self._on_event(request.id, on_event, event))

    def cancel(self) -> None:
        """Give the request up, where one is under way."""
        if self._id:
            self._helper.cancel(self._id)
            self._id = 0

    def _on_event(self, request_id: int, on_event: OnEvent, event: object) -> None:
        if request_id == self._id:
            if isinstance(event, LAST_EVENTS):
                self._id = 0
            on_event(event)
