"""Colours of a matrix's cells, ordered by lightness; of the window and of figures. No Qt.

The maps are straight paths in OKLCh, whose lightness is even to the eye (Björn Ottosson, "A
perceptual color space for image processing", 2020). Zero has the ground's own colour, and every
step away from it stands out more.
"""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
from numpy.typing import NDArray

STEPS = 256
Kind = Literal["counts", "more", "less"]
# Lightness, chroma and hue (degrees) of the faintest and the strongest colour.
_Path = tuple[tuple[float, float, float], tuple[float, float, float]]
_PATHS: dict[tuple[Kind, str], _Path] = {
    ("counts", "light"): ((0.93, 0.04, 215.0), (0.28, 0.11, 275.0)),
    ("counts", "dark"): ((0.31, 0.07, 275.0), (0.93, 0.12, 105.0)),
    ("more", "light"): ((0.94, 0.035, 65.0), (0.50, 0.16, 45.0)),
    ("more", "dark"): ((0.30, 0.05, 60.0), (0.83, 0.15, 70.0)),
    ("less", "light"): ((0.94, 0.03, 240.0), (0.45, 0.13, 250.0)),
    ("less", "dark"): ((0.30, 0.05, 245.0), (0.80, 0.12, 235.0)),
}
_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@functools.lru_cache(maxsize=16)
def colour_map(kind: Kind, theme: str, ground: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(256, 3) colours for strengths 0 to 1 on a light or dark ground; the first is the ground.

    Parameters
    ----------
    kind : Kind
        Of counts; or of differences above zero ("more") and below ("less").
    theme : str
        "light" or "dark".
    ground : (3,) int
        sRGB, 0 to 255.
    """
    result = _drawn(_PATHS[kind, theme])
    result[0] = ground
    result.flags.writeable = False
    return result


def paint(
    strengths: NDArray[np.float64],
    values: NDArray[np.float64],
    is_difference: bool,
    theme: str,
    ground: tuple[int, int, int],
) -> NDArray[np.uint8]:
    """Colours, (..., 3), of values of these strengths, 0 to 1; only zero has the ground's.

    Counts have one colour map; a difference has one above zero and another below.
    """
    steps = np.ceil(strengths * (STEPS - 1)).astype(np.intp)
    if not is_difference:
        return colour_map("counts", theme, ground)[steps]
    more = colour_map("more", theme, ground)[steps]
    return np.where((values >= 0)[..., None], more, colour_map("less", theme, ground)[steps])


def is_black_better(rgb: NDArray[np.uint8]) -> bool:
    """Whether black rather than white stands out on a colour; it does by at least 4.5:1."""
    return (luminance(rgb) + 0.05) ** 2 > 1.05 * 0.05


def luminance(rgb: NDArray[np.uint8]) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it."""
    share = rgb.astype(np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def _drawn(path: _Path) -> NDArray[np.uint8]:
    """(256, 3) sRGB colours along a path; what a screen cannot show is made less colourful."""
    start, end = np.array(path)
    lightness, chroma, hue = (start + np.linspace(0, 1, STEPS)[:, None] * (end - start)).T
    for _ in range(40):
        rgb = _to_linear_rgb(lightness, chroma, hue)
        outside = (rgb.min(axis=1) < 0) | (rgb.max(axis=1) > 1)
        if not outside.any():
            break
        chroma = np.where(outside, chroma * 0.95, chroma)
    rgb = np.clip(rgb, 0, 1)
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def _to_linear_rgb(
    lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]
) -> NDArray[np.float64]:
    turned = np.radians(hue)
    lab = np.stack([lightness, chroma * np.cos(turned), chroma * np.sin(turned)], axis=1)
    rgb: NDArray[np.float64] = (lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T
    return rgb
