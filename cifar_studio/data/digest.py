"""One sum that says which pictures and labels a data set holds."""

from __future__ import annotations

import hashlib

import numpy as np

from cifar_studio.data.dataset import Split


def digest_of(train: Split, test: Split) -> str:
    """sha256 in hexadecimal digits over training images, training labels, test images, test labels.

    Images count as (N, 3, 32, 32) uint8 in C order, labels as (N,) uint8. The sum does not depend
    on the file format that the pictures came in.
    """
    total = hashlib.sha256()
    for split in (train, test):
        total.update(np.ascontiguousarray(split.images_NCHW).data)
        total.update(np.ascontiguousarray(split.labels_N).data)
    return total.hexdigest()
