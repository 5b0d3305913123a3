"""What stands beside kept arrays: what they are, and which sources were verified to hold them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from cifar_studio.data.dataset import Dataset

MANIFEST = "manifest.json"
_MAX_BYTES = 2**20
_SPLITS = ("train", "test")


@dataclass(frozen=True)
class Stamp:
    """How a source looked when it was read, so that unchanged data need no second reading.

    Attributes
    ----------
    path : str
        Absolute.
    files : tuple of (name, size in bytes, time of last change in ns)
    """

    path: str
    files: tuple[tuple[str, int, int], ...]


def stamp_of(path: Path, names: tuple[str, ...] = ()) -> Stamp:
    """The stamp of the archive at `path`, or of the files `names` in the folder at `path`.

    Files that are not there are left out. Raises OSError where one cannot be looked at.
    """
    files = []
    for file in [path / name for name in names] or [path]:
        if file.is_file():
            state = file.stat()
            files.append((file.name, state.st_size, state.st_mtime_ns))
    return Stamp(str(path), tuple(files))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The manifest of a kept set; see `Dataset` for what the names mean.

    Attributes
    ----------
    format : int
        Version of all this.
    shapes, sizes_bytes : dict
        Shape of each array, and size of its file, by the file's name without ".npy".
    sources : tuple of Stamp
        Sources that held these very pictures when they were read.
    """

    format: Literal[1]
    name: str
    digest: str
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: tuple[int, ...]
    shapes: dict[str, tuple[int, ...]]
    sizes_bytes: dict[str, int]
    sources: tuple[Stamp, ...]

    @staticmethod
    def of(
        dataset: Dataset,
        shapes: dict[str, tuple[int, ...]],
        sizes_bytes: dict[str, int],
        sources: tuple[Stamp, ...],
    ) -> Manifest:
        return Manifest(
            format=1,
            name=dataset.name,
            digest=dataset.digest,
            class_names=dataset.class_names,
            superclass_names=dataset.superclass_names,
            superclass_of=tuple(dataset.superclass_of.tolist()),
            shapes=shapes,
            sizes_bytes=sizes_bytes,
            sources=sources,
        )

    def to_json(self) -> bytes:
        return json.dumps(dataclasses.asdict(self), indent=1).encode()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, if it is whole and every array's file has the size it names."""
    manifest = read_claims(folder)
    if manifest is None:
        return None
    try:
        for name, size_bytes in manifest.sizes_bytes.items():
            if (folder / f"{name}.npy").stat().st_size != size_bytes:
                return None
    except OSError:
        return None
    return manifest


def read_claims(folder: Path) -> Manifest | None:
    """The manifest in `folder` if it can be read, whatever became of the arrays beside it."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            # Names of sources may hold bytes that are no text, which msgspec's reader refuses.
            manifest = msgspec.convert(json.loads(file.read(_MAX_BYTES)), Manifest)
    except (OSError, ValueError, OverflowError, RecursionError, msgspec.ValidationError):
        return None
    return manifest if _fits(manifest) else None


def _fits(manifest: Manifest) -> bool:
    """Whether the numbers agree with each other."""
    names = {f"{split}_{what}" for split in _SPLITS for what in ("images", "labels")}
    if manifest.shapes.keys() != names or manifest.sizes_bytes.keys() != names:
        return False
    return (
        all(
            manifest.shapes[f"{split}_images"] == (*manifest.shapes[f"{split}_labels"], 3, 32, 32)
            and len(manifest.shapes[f"{split}_labels"]) == 1
            for split in _SPLITS
        )
        and len(manifest.superclass_of) == len(manifest.class_names)
        and all(0 <= n < len(manifest.superclass_names) for n in manifest.superclass_of)
    )
