"""Whether a network is as sure as it is right (Guo et al. 2017, "On Calibration of Modern Neural
Networks", section 2).

Letters in names: N pictures, M bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.runs.evaluation import Evaluation

BINS = 15


@dataclass(frozen=True)
class Calibration:
    """Answers by how sure the network was, in bins of equal width from 0 to 1.

    A confidence on the edge of two bins belongs to the lower one: bin m holds (m/M, (m+1)/M].

    Attributes
    ----------
    right_M, wrong_M : (M,) int64
        Answers in each bin.
    confidence_M, accuracy_M : (M,) float64
        Their mean confidence, and the share that is right; NaN in an empty bin.
    expected_error : float
        Mean distance of confidence and accuracy, each bin counted by its answers; 0 to 1, NaN
        without a picture.
    largest_error : float
        That of the worst bin.
    """

    right_M: NDArray[np.int64]
    wrong_M: NDArray[np.int64]
    confidence_M: NDArray[np.float64]
    accuracy_M: NDArray[np.float64]
    expected_error: float
    largest_error: float


def calibration_of(evaluation: Evaluation, bins: int = BINS) -> Calibration:
    """Calibration of the answers of an evaluation, by the probability of the class answered."""
    places_N = np.arange(len(evaluation.true))
    confidence_N = evaluation.probabilities[places_N, evaluation.predicted].astype(np.float64)
    return calibrate(confidence_N, evaluation.predicted == evaluation.true, bins)


def calibrate(
    confidence_N: NDArray[np.float64], is_right_N: NDArray[np.bool_], bins: int = BINS
) -> Calibration:
    """Sort answers into bins by their confidence, 0 to 1."""
    bin_N = np.clip(np.ceil(confidence_N * bins).astype(np.int64) - 1, 0, bins - 1)
    count_M = np.bincount(bin_N, minlength=bins)
    right_M = np.bincount(bin_N[is_right_N], minlength=bins)
    sure_M = np.bincount(bin_N, weights=confidence_N, minlength=bins)
    nothing = np.full(bins, np.nan)
    confidence_M = np.divide(sure_M, count_M, out=nothing.copy(), where=count_M > 0)
    accuracy_M = np.divide(right_M, count_M, out=nothing.copy(), where=count_M > 0)
    distance_M = np.abs(accuracy_M - confidence_M)[count_M > 0]
    shares_M = count_M[count_M > 0] / max(len(confidence_N), 1)
    return Calibration(
        right_M=right_M,
        wrong_M=count_M - right_M,
        confidence_M=confidence_M,
        accuracy_M=accuracy_M,
        expected_error=float(distance_M @ shares_M) if len(distance_M) else float("nan"),
        largest_error=float(distance_M.max()) if len(distance_M) else float("nan"),
    )
