"""The icons: every size is there, has that size, and the drawings are well-formed."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

ICONS = Path(__file__).resolve().parents[2] / "resources" / "icons"


def png_size(content: bytes) -> tuple[int, int]:
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize("size_px", [16, 24, 32, 48, 64, 128, 256, 512])
def test_that_each_picture_has_its_size(size_px: int) -> None:
    content = (ICONS / f"cifar-studio-{size_px}.png").read_bytes()
    assert png_size(content) == (size_px, size_px)


def test_that_the_windows_icon_holds_the_same_pictures() -> None:
    content = (ICONS / "cifar-studio.ico").read_bytes()
    reserved, kind, count = struct.unpack("<HHH", content[:6])
    assert (reserved, kind) == (0, 1)
    sizes = []
    for index in range(count):
        entry = content[6 + 16 * index : 22 + 16 * index]
        size_px = entry[0] or 256
        length, offset = struct.unpack("<II", entry[8:])
        picture = content[offset : offset + length]
        assert picture == (ICONS / f"cifar-studio-{size_px}.png").read_bytes()
        sizes.append(size_px)
    assert sizes == [16, 24, 32, 48, 64, 128, 256]


@pytest.mark.parametrize("path", sorted(ICONS.glob("*.svg")), ids=lambda path: path.name)
def test_that_each_drawing_is_a_square_svg(path: Path) -> None:
    left, top, width, height = map(
        float, ElementTree.parse(path).getroot().attrib["viewBox"].split()
    )
    assert (left, top) == (0, 0)
    assert width == height
