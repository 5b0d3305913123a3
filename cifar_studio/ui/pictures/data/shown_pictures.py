"""What grid, thumbnails and detail need to know of pictures, whatever these are of."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NO_LABEL = -1


class ShownPictures(Protocol):
    """Pictures of 32x32 by one number each, their reference.

    Attributes
    ----------
    class_names : tuple of str
        As a person reads them.
    is_demo : bool
    is_own : bool
        Whether they are a person's own: no class is known, and no training shows them.
    """

    class_names: tuple[str, ...]

    @property
    def is_demo(self) -> bool: ...

    @property
    def is_own(self) -> bool: ...

    def label(self, reference: int) -> int:
        """Class number, 0 to 99; `NO_LABEL` where none is known."""

    def title(self, reference: int) -> str:
        """What stands under a thumbnail."""

    def facts(self, reference: int) -> str:
        """What else is known of a picture, on one line."""

    def pixels(self, reference: int) -> NDArray[np.uint8]:
        """(32, 32, 3) red, green, blue; contiguous, the caller's own."""

    def planes(self, references: NDArray[np.int32]) -> NDArray[np.uint8]:
        """(M, 3, 32, 32) of M references."""
