"""What stands beside kept arrays: what they are, and which sources were verified to hold them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cifar_studio.data.cache.stamps import Stamp
from cifar_studio.data.dataset import Dataset

MANIFEST = "manifest.json"
_FORMAT = 1
_MAX_BYTES = 2**20
_SPLITS = ("train", "test")


@dataclass(frozen=True)
class Manifest:
    """The manifest of a kept set; see `Dataset` for what the names mean.

    Attributes
    ----------
    shapes, sizes_bytes : dict
        Shape of each array, and size of its file, by the file's name without ".npy".
    sources : tuple of Stamp
        Sources that held these very pictures when they were read.
    """

    name: str
    digest: str
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: tuple[int, ...]
    shapes: dict[str, tuple[int, ...]]
    sizes_bytes: dict[str, int]
    sources: tuple[Stamp, ...]

    @staticmethod
    def of(dataset: Dataset, sizes_bytes: dict[str, int], sources: tuple[Stamp, ...]) -> Manifest:
        shapes = {}
        for split, part in zip(_SPLITS, (dataset.train, dataset.test), strict=True):
            shapes[f"{split}_images"] = part.images_NCHW.shape
            shapes[f"{split}_labels"] = part.labels_N.shape
        return Manifest(
            name=dataset.name,
            digest=dataset.digest,
            class_names=dataset.class_names,
            superclass_names=dataset.superclass_names,
            superclass_of=tuple(int(number) for number in dataset.superclass_of),
            shapes=shapes,
            sizes_bytes=sizes_bytes,
            sources=sources,
        )

    def with_sources(self, sources: tuple[Stamp, ...]) -> Manifest:
        return dataclasses.replace(self, sources=sources)

    def to_json(self) -> bytes:
        return json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=1).encode()


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
            manifest = _from_json(json.loads(file.read(_MAX_BYTES)))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return manifest if _fits(manifest) else None


def _from_json(read: dict[str, Any]) -> Manifest:
    if read["format"] != _FORMAT:
        raise ValueError("a format of another version")
    return Manifest(
        name=str(read["name"]),
        digest=str(read["digest"]),
        class_names=tuple(map(str, read["class_names"])),
        superclass_names=tuple(map(str, read["superclass_names"])),
        superclass_of=tuple(map(int, read["superclass_of"])),
        shapes={name: tuple(map(int, shape)) for name, shape in read["shapes"].items()},
        sizes_bytes={name: int(size) for name, size in read["sizes_bytes"].items()},
        sources=tuple(
            Stamp(source["path"], tuple((str(n), int(s), int(t)) for n, s, t in source["files"]))
            for source in read["sources"]
        ),
    )


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
