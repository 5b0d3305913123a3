"""Renders the icon's drawings to PNG and ICO: `.venv/bin/python packaging/render_icons.py`.

Needed only after a drawing in `resources/icons` has changed; the results are kept with it.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
SIZES_PX = (16, 24, 32, 48, 64, 128, 256, 512)
WINDOWS_SIZES_PX = (16, 24, 32, 48, 64, 128, 256)
# Few and large cells on whole pixels are clearer where there is little room.
SMALL_DRAWINGS = {16: "cifar-studio-16.svg", 24: "cifar-studio-24.svg", 32: "cifar-studio-16.svg"}


def render(size_px: int) -> bytes:
    """The icon as a PNG file's content."""
    name = SMALL_DRAWINGS.get(size_px, "cifar-studio.svg")
    image = QImage(size_px, size_px, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(ICONS / name)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def windows_icon(pictures: dict[int, bytes]) -> bytes:
    """An .ico file that holds the PNG pictures, by size in pixels (256 is written as 0)."""
    header = struct.pack("<HHH", 0, 1, len(pictures))
    offset = len(header) + 16 * len(pictures)
    entries = b""
    for size_px, picture in pictures.items():
        side = size_px % 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return header + entries + b"".join(pictures.values())


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication([])
    pictures = {size_px: render(size_px) for size_px in SIZES_PX}
    del application
    for size_px, picture in pictures.items():
        (ICONS / f"cifar-studio-{size_px}.png").write_bytes(picture)
    windows = {size_px: pictures[size_px] for size_px in WINDOWS_SIZES_PX}
    (ICONS / "cifar-studio.ico").write_bytes(windows_icon(windows))


if __name__ == "__main__":
    main()
