"""A part of the window that is built when it is first needed, so that the window stands sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Part = TypeVar("Part")


class OnDemand(Generic[Part]):
    """Something built once, at the first look at `part`.

    Parameters
    ----------
    build : callable
        Makes it.

    Attributes
    ----------
    built : Part or None
        It, where it was needed already.
    """

    def __init__(self, build: Callable[[], Part]) -> None:
        self._build = build
        self.built: Part | None = None

    @property
    def part(self) -> Part:
        if self.built is None:
            self.built = self._build()
        return self.built
