"""Pictures of a person's own, as the network sees them, and what it said of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.ui.pictures.data.answers import Answer
from cifar_studio.ui.pictures.data.shown_pictures import NO_LABEL


@dataclass(frozen=True)
class OwnPicture:
    """One picture that a network was asked about.

    Attributes
    ----------
    path : str
        Its file.
    name : str
        What it is called on the screen.
    pixels_HWC : (32, 32, 3) uint8
        As the network sees it.
    answer : Answer
    is_file : bool
        Whether the person knows the file; a pasted picture's is ours.
    """

    path: str
    name: str
    pixels_HWC: NDArray[np.uint8]
    answer: Answer
    is_file: bool = True


class OwnPictures:
    """Own pictures by reference: their place in the order in which they came.

    Implements `ShownPictures`, and answers like `Answers`.

    Parameters
    ----------
    class_names : tuple of str
        Of the data that the network was trained on.
    is_demo : bool
        Whether that is the demo set.
    """

    is_own = True

    def __init__(self, class_names: tuple[str, ...], is_demo: bool) -> None:
        self.class_names = class_names
        self.is_demo = is_demo
        self.pictures: list[OwnPicture] = []

    def __len__(self) -> int:
        return len(self.pictures)

    def add(self, picture: OwnPicture) -> None:
        self.pictures.append(picture)

    def references(self) -> NDArray[np.int32]:
        return np.arange(len(self.pictures), dtype=np.int32)

    def label(self, reference: int) -> int:
        return NO_LABEL

    def title(self, reference: int) -> str:
        return self.pictures[reference].name

    def facts(self, reference: int) -> str:
        return "your own picture"

    def pixels(self, reference: int) -> NDArray[np.uint8]:
        return self.pictures[reference].pixels_HWC.copy()

    def planes(self, references: NDArray[np.int32]) -> NDArray[np.uint8]:
        pixels_MHWC = np.stack([self.pictures[reference].pixels_HWC for reference in references])
        return pixels_MHWC.transpose(0, 3, 1, 2)

    def said(self, reference: int) -> int | None:
        """The class that the network named."""
        return self.pictures[reference].answer.classes[0]

    def of(self, reference: int) -> Answer | None:
        """The five likeliest classes."""
        return self.pictures[reference].answer
