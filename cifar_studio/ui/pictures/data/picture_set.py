"""All pictures of a data set by one number each; nothing of Qt, nothing copied unasked.

A reference is an int32: 0 to 49,999 are the training pictures, 50,000 to 59,999 the test pictures.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.dataset import Dataset
from cifar_studio.data.names import ClassNames

TEST_START = 50_000
"""Reference of the first test picture."""
COUNT = 60_000
SIDE_PX = 32
SplitName = Literal["training", "test"]


def split_of(reference: int) -> SplitName:
    return "training" if reference < TEST_START else "test"


def index_of(reference: int) -> int:
    """Position in the complete split of that picture."""
    return reference if reference < TEST_START else reference - TEST_START


def reference_of(split: SplitName, index: int) -> int:
    return index if split == "training" else TEST_START + index


class PictureSet:
    """Read-only access to the pictures of a data set by reference; implements `ShownPictures`.

    Parameters
    ----------
    dataset : Dataset
        May be mapped from disk; only the pictures that are asked for are read.

    Attributes
    ----------
    class_names, superclass_names : tuple of str
        As a person reads them: blanks for underscores, and without the mark "demo: ", which the
        views show once instead of a hundred times.
    superclass_of : (100,) uint8
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        names = ClassNames(dataset.class_names, dataset.superclass_names, dataset.superclass_of)
        self.class_names, self.superclass_names = names.class_titles, names.superclass_titles
        self.superclass_of = dataset.superclass_of
        self._labels = np.zeros(TEST_START + len(dataset.test), dtype=np.uint8)
        self._labels[: len(dataset.train)] = dataset.train.labels_N
        self._labels[TEST_START:] = dataset.test.labels_N

    is_own = False

    @property
    def is_demo(self) -> bool:
        return self.dataset.is_demo

    def references(self, split: str) -> NDArray[np.int32]:
        """All references of "training", "test" or "both", in order."""
        training = np.arange(len(self.dataset.train), dtype=np.int32)
        test = np.arange(TEST_START, TEST_START + len(self.dataset.test), dtype=np.int32)
        parts = {"training": training, "test": test}
        return parts[split] if split in parts else np.concatenate((training, test))

    def label(self, reference: int) -> int:
        """Class number, 0 to 99."""
        return int(self._labels[reference])

    def labels(self, references: NDArray[np.int32]) -> NDArray[np.uint8]:
        """(M,) class numbers of M references."""
        return self._labels[references]

    def class_name(self, reference: int) -> str:
        return self.class_names[self.label(reference)]

    def superclass_name(self, reference: int) -> str:
        return self.superclass_names[int(self.superclass_of[self.label(reference)])]

    def place(self, reference: int) -> str:
        """Split and index in words: "test 1,234"."""
        return f"{split_of(reference)} {index_of(reference):,}"

    def title(self, reference: int) -> str:
        return self.class_name(reference)

    def facts(self, reference: int) -> str:
        """Superclass, split and index, and whether it is drawn."""
        demo = " · demo set" if self.is_demo else ""
        return f"{self.superclass_name(reference)} · {self.place(reference)}{demo}"

    def pixels(self, reference: int) -> NDArray[np.uint8]:
        """(32, 32, 3) red, green, blue; contiguous, the caller's own."""
        split = self.dataset.train if reference < TEST_START else self.dataset.test
        planes_CHW = split.images_NCHW[index_of(reference)]
        return np.array(planes_CHW.transpose(1, 2, 0), order="C")

    def planes(self, references: NDArray[np.int32]) -> NDArray[np.uint8]:
        """(M, 3, 32, 32) of M references, read in one go."""
        planes_MCHW = np.empty((len(references), 3, SIDE_PX, SIDE_PX), dtype=np.uint8)
        is_test = references >= TEST_START
        planes_MCHW[~is_test] = self.dataset.train.images_NCHW[references[~is_test]]
        planes_MCHW[is_test] = self.dataset.test.images_NCHW[references[is_test] - TEST_START]
        return planes_MCHW
