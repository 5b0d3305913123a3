"""Pictures of a person's own: every kind that Pillow writes, and files that are none."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cifar_studio.data.picture_file import read_picture, read_picture_from
from cifar_studio.errors import BadInputError

ORIENTATION = 0x0112


def quarters(size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Red, green over blue, white: turned or mirrored it is another picture."""
    image = Image.new("RGB", size, "white")
    width, height = size[0] // 2, size[1] // 2
    image.paste("red", (0, 0, width, height))
    image.paste("lime", (width, 0, size[0], height))
    image.paste("blue", (0, height, width, size[1]))
    return image


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Colours in the middle of each quarter, in reading order."""
    return [tuple(pixels[y, x].tolist()) for y in (8, 23) for x in (8, 23)]


RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GREY = [(76,) * 3, (149, 149, 149), (29,) * 3, (255,) * 3]


def test_that_a_picture_of_the_right_size_stays_as_it_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (31, 33), (64, 64), (640, 640), (3000, 2000)])
def test_that_any_size_is_read(size: tuple[int, int], tmp_path: Path) -> None:
    quarters(size).save(tmp_path / "a.png")
    read = read_picture(tmp_path / "a.png")
    assert (read.shape, read.dtype) == ((32, 32, 3), np.uint8)
    if min(size) >= 31:
        assert corners(read) == [RED, LIME, BLUE, WHITE]


def test_that_the_middle_of_a_wide_picture_counts(tmp_path: Path) -> None:
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste(quarters((100, 100)), (100, 0))
    wide.save(tmp_path / "a.png")
    assert corners(read_picture(tmp_path / "a.png")) == [RED, LIME, BLUE, WHITE]


@pytest.mark.parametrize(
    ("orientation", "back"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_that_the_rotation_flag_is_followed(
    orientation: int, back: Image.Transpose | None, suffix: str, tmp_path: Path
) -> None:
    stored = quarters() if back is None else quarters().transpose(back)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif, quality=100)
    read = np.array(corners(read_picture(tmp_path / f"a.{suffix}"))).astype(int)
    assert np.abs(read - [RED, LIME, BLUE, WHITE]).max() < 12


@pytest.mark.parametrize(
    ("mode", "suffix", "wanted"),
    [
        ("RGB", "png", [RED, LIME, BLUE, WHITE]),
        ("RGBA", "png", [RED, LIME, BLUE, WHITE]),
        ("P", "png", [RED, LIME, BLUE, WHITE]),
        ("P", "gif", [RED, LIME, BLUE, WHITE]),
        ("L", "png", GREY),
        ("LA", "png", GREY),
        ("I;16", "png", GREY),
        ("I;16", "tif", GREY),
        ("I", "tif", GREY),
        ("F", "tif", GREY),
        ("CMYK", "tif", [RED, LIME, BLUE, WHITE]),
        ("YCbCr", "tif", [RED, LIME, BLUE, WHITE]),
        ("LAB", "tif", [RED, LIME, BLUE, WHITE]),
        ("1", "png", None),
        ("RGB", "bmp", [RED, LIME, BLUE, WHITE]),
        ("RGB", "ppm", [RED, LIME, BLUE, WHITE]),
        ("RGB", "ico", [RED, LIME, BLUE, WHITE]),
        ("RGB", "tga", [RED, LIME, BLUE, WHITE]),
    ],
)
def test_that_every_mode_is_read(
    mode: str, suffix: str, wanted: list[tuple[int, ...]] | None, tmp_path: Path
) -> None:
    image = quarters()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    elif mode == "F":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)
    else:
        image = image.convert(mode)
    assert image.mode == mode
    image.save(tmp_path / f"a.{suffix}")
    read = corners(read_picture(tmp_path / f"a.{suffix}"))
    if wanted is not None:
        off = np.abs(np.array(read).astype(int) - wanted).max()
        assert off <= (24 if mode == "LAB" else 4)  # its 8 bits are coarse


def test_that_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert set(corners(read_picture(tmp_path / "a.png"))) == {WHITE}
    palette = Image.new("P", (40, 40), 0)
    palette.save(tmp_path / "b.gif", transparency=0)
    assert set(corners(read_picture(tmp_path / "b.gif"))) == {WHITE}


def test_that_the_first_of_several_frames_counts(tmp_path: Path) -> None:
    quarters().save(
        tmp_path / "a.webp",
        save_all=True,
        append_images=[Image.new("RGB", (64, 64))],
        lossless=True,
    )
    assert corners(read_picture(tmp_path / "a.webp")) == [RED, LIME, BLUE, WHITE]


def png_of_declared_size(width: int, height: int) -> bytes:
    """A tiny file that says it is a huge picture."""
    contents = io.BytesIO()
    Image.new("L", (1, 1)).save(contents, "PNG")
    data = bytearray(contents.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"", "is no picture"),
        (b"GIF89a", "picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "is no picture"),
        (png_of_declared_size(60_000, 60_000), "more than 100 million pixels"),
        (png_of_declared_size(12_000, 12_000), "more than 100 million pixels"),
        (png_of_declared_size(9_000, 9_000), "damaged"),
        (png_of_declared_size(5_000, 1), "strip of 5000 x 1"),
    ],
)
def test_that_a_file_that_is_none_is_refused_in_a_line(contents: bytes, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read_picture_from(contents, "a.png")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.timeout(10)
def test_that_places_that_are_no_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadInputError, match="cannot be read"):
            read_picture(path)


SAMPLES: list[bytes] = []
for _format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
    _file = io.BytesIO()
    quarters().save(_file, _format)
    SAMPLES.append(_file.getvalue())


@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=8),
    st.integers(0, 20_000),
)
def test_that_damage_gives_a_picture_or_one_line(
    sample: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(sample)
    for place, value in changes:
        data[place % len(data)] = value
    try:
        read = read_picture_from(bytes(data[:length]), "a")
    except BadInputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is right
    else:
        assert read.shape == (32, 32, 3)
