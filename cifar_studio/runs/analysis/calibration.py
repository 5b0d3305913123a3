"""Whether a network's probabilities can be believed: reliability and calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, eq=False)
class Calibration:
    """Confidence, the probability of the answer given, against how often it was right.

    After Guo et al., "On Calibration of Modern Neural Networks" (2017), section 2. Bins are
    equally wide, and a confidence on an edge counts to the bin below it: (low, high]; a
    confidence of 0 counts to the first bin.

    Attributes
    ----------
    edges : (B + 1,) float64
        From 0 to 1.
    counts, right, wrong : (B,) int64
        Pictures in each bin, all of them and by whether the answer was right.
    confidence, accuracy : (B,) float64
        Mean of the confidences, and share of right answers; NaN in a bin without pictures.
    expected_error : float or None
        Mean of |accuracy - confidence| over the bins, weighted by their pictures.
    maximum_error : float or None
        The largest |accuracy - confidence| of a bin. Both None without any picture.
    left_out : int
        Pictures whose confidence is no finite number.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    expected_error: float | None
    maximum_error: float | None
    left_out: int

    @property
    def pictures(self) -> int:
        return int(self.counts.sum())

    @property
    def mean_confidence(self) -> float | None:
        """Over all pictures; None without any."""
        if not self.pictures:
            return None
        return float(np.nansum(self.confidence * self.counts)) / self.pictures

    @property
    def mean_accuracy(self) -> float | None:
        """Over all pictures; None without any."""
        return int(self.right.sum()) / self.pictures if self.pictures else None


def calibrate(
    true: NDArray[np.uint8],
    predicted: NDArray[np.uint8],
    probabilities: NDArray[np.floating],
    bins: int = BINS,
) -> Calibration:
    """Sort N answers into bins by their confidence.

    Parameters
    ----------
    true, predicted : (N,) uint8
    probabilities : (N, K) floats of any width
        Computed with in float64; what float16 rounds to above 1 counts to the last bin.
    bins : int
        At least 1.
    """
    edges = np.arange(bins + 1) / bins
    confidence_N = probabilities[np.arange(len(predicted)), predicted].astype(np.float64)
    finite_N = np.isfinite(confidence_N)
    confidence_N = confidence_N[finite_N]
    right_N = (true == predicted)[finite_N]
    # The first edge that is not below a confidence closes its bin.
    bin_N = np.clip(np.searchsorted(edges, confidence_N, side="left") - 1, 0, bins - 1)
    counts = np.bincount(bin_N, minlength=bins)
    right = np.bincount(bin_N[right_N], minlength=bins)
    filled = counts > 0
    confidence, accuracy = np.full(bins, np.nan), np.full(bins, np.nan)
    sums = np.bincount(bin_N, weights=confidence_N, minlength=bins)
    np.divide(sums, counts, out=confidence, where=filled)
    np.divide(right, counts, out=accuracy, where=filled)
    gaps = np.abs(accuracy - confidence)[filled]
    some = len(gaps) > 0
    return Calibration(
        edges=edges,
        counts=counts,
        right=right,
        wrong=counts - right,
        confidence=confidence,
        accuracy=accuracy,
        expected_error=float(gaps @ counts[filled] / counts.sum()) if some else None,
        maximum_error=float(gaps.max()) if some else None,
        left_out=int((~finite_N).sum()),
    )


def in_words(calibration: Calibration | None) -> str:
    """Confidence against accuracy, and the errors."""
    if calibration is None or calibration.expected_error is None:
        return "No answer to judge"
    said, right = calibration.mean_confidence, calibration.mean_accuracy
    assert said is not None
    assert right is not None
    assert calibration.maximum_error is not None
    if abs(said - right) < 0.005:
        verdict = "about as often as it claims"
    else:
        verdict = "overconfident" if said > right else "underconfident"
    text = (
        f"It claims {100 * said:.2f} % on average and is right {100 * right:.2f} %: {verdict}. "
        f"Expected calibration error {100 * calibration.expected_error:.2f} %, "
        f"maximum {100 * calibration.maximum_error:.2f} %."
    )
    if calibration.left_out:
        text += f" {calibration.left_out:,} answers without a finite probability are left out."
    return text
