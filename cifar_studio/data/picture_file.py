"""A picture file of a person's own as a CIFAR picture: 32x32, red, green, blue.

Whatever Pillow decodes by itself is read. Files come from anywhere: only ordinary ones are opened,
and size is looked at before room is made for pixels.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from cifar_studio.errors import BadInputError
from cifar_studio.reading import read_bytes

SIZE = 32
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 100_000_000
MAX_RATIO = 100
"""A picture that is more times as long as it is wide is no picture of a thing."""
# These hand the file to another program or library, or need one to be read at all.
_FOREIGN = frozenset({"EPS", "WMF", "FPX", "MIC", "GRIB", "HDF5", "BUFR", "MPEG"})
_REMEDY = "Give a PNG, JPEG, WebP, TIFF, BMP or GIF file"


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture and make it as large as the networks' own.

    It is turned as its rotation flag says, laid on white where it is transparent, cut to the
    square in its middle, and made smaller (or larger) with a bicubic filter over all its pixels.
    A picture of 32x32 pixels stays as it is. Of several frames the first one counts.

    Returns
    -------
    (32, 32, 3) uint8

    Raises
    ------
    BadInputError
        It cannot be opened, is no picture, damaged, or far too large.
    """
    try:
        contents = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be read ({error.strerror or error})", _REMEDY
        ) from error
    return read_picture_from(contents, str(path))


def read_picture_from(contents: bytes, name: str) -> NDArray[np.uint8]:
    """`read_picture` for a file's contents; `name` is what messages call it."""
    try:
        with warnings.catch_warnings():
            # Of odd metadata, which changes no pixel; sizes are looked at below.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(contents), formats=_formats()) as image:
                _check_size(image, name)
                return _as_cifar(image)
    except BadInputError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise BadInputError(f"{name} is no picture that can be read", _REMEDY) from error
    except Exception as error:  # decoders raise all kinds at damaged files
        reason = str(error).partition("\n")[0][:100] or type(error).__name__
        raise BadInputError(f"{name} is a damaged picture ({reason})", _REMEDY) from error


def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(sorted(set(Image.OPEN) - _FOREIGN))


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(name)
    if not width or not height or max(width, height) > MAX_RATIO * min(width, height):
        raise BadInputError(
            f"{name} is a strip of {width} x {height} pixels", "Cut out the part that matters"
        )


def _too_large(name: str) -> BadInputError:
    return BadInputError(
        f"{name} has more than {MAX_PIXELS // 10**6} million pixels", "Make it smaller first"
    )


def _as_cifar(image: Image.Image) -> NDArray[np.uint8]:
    if image.format == "JPEG":
        image.draft("RGB", (4 * SIZE, 4 * SIZE))  # a decoder can leave fine detail out by itself
    upright = ImageOps.exif_transpose(image)
    colours = _on_white(upright) if upright.has_transparency_data else _in_colour(upright)
    if colours.size != (SIZE, SIZE):
        colours = ImageOps.fit(colours, (SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.array(colours, dtype=np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def _in_colour(image: Image.Image) -> Image.Image:
    """Red, green, blue of 8 bits, from every mode that Pillow has."""
    if image.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
        assert converted is not None
        return converted
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return Image.fromarray(_in_bytes(np.asarray(image))).convert("RGB")
    return image.convert("RGB")


def _in_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey values of more than 8 bits: Pillow would cut them off at 255.

    The range is told from the values, as no file says it: up to 1, 255, 65,535 or their largest.
    """
    grey = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    is_fraction = values.dtype.kind == "f" and grey.max(initial=0) <= 1
    if values.dtype.itemsize == 2:
        white = 65535.0
    elif is_fraction:
        white = 1.0
    else:
        white = next((w for w in (255.0, 65535.0) if grey.max(initial=0) <= w), grey.max(initial=1))
    return np.clip(np.rint(grey * (255 / white)), 0, 255).astype(np.uint8)
