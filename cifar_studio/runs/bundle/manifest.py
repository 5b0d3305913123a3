"""What a `.cifarrun` file holds: a whole run in a plain zip, with a manifest.

It holds what is needed to look at a run, to compare, to go on with it and to train it again. Of
this computer it tells what `environment.json` records and no more: the log stays here, and the
home folder is written as "~".
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from cifar_studio.reading import open_file, read_bytes

SUFFIX = ".cifarrun"
FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_JSON = 2**20
_TABLE, _ARRAYS, _CHECKPOINT = 64 * 2**20, 64 * 2**20, 8 * 2**30
LARGEST: dict[str, int] = {
    "config.json": LARGEST_JSON,
    "environment.json": LARGEST_JSON,
    "status.json": LARGEST_JSON,
    "notes.json": LARGEST_JSON,
    "epochs.csv": _TABLE,
    "trace.csv": _TABLE,
    "evaluation.npz": _ARRAYS,
    "evaluation_last.npz": _ARRAYS,
    "evaluation_train.npz": _ARRAYS,
    "last.pt": _CHECKPOINT,
    "best.pt": _CHECKPOINT,
}
"""What a bundle may hold, and the bytes that each file has at most."""
NEEDED = ("config.json", "environment.json", "epochs.csv")
BLOCK = 2**20
_NAME_ENDS = r"(?![\w.-])"  # the name ends there: /home/ann is not in /home/anna


class BundledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the run.

    Attributes
    ----------
    name : str
    size : int
        Bytes.
    sha256 : str
    same_as : str
        The file before it in the manifest whose contents it has; those are stored once.
    """

    name: str
    size: int
    sha256: str
    same_as: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifest.json`.

    Attributes
    ----------
    format : int
        Version of all this.
    studio : str
        Version that wrote it.
    run : str
        Name of the run folder.
    files : list of BundledFile
    """

    format: int
    studio: str
    run: str
    files: list[BundledFile]


@contextlib.contextmanager
def contents_of(source: Path) -> Iterator[BinaryIO]:
    """A file of a run as a bundle holds it. Raises OSError, msgspec.MsgspecError."""
    if source.suffix != ".json":
        with open_file(source) as file:
            yield file
        return
    values = _without_home(msgspec.json.decode(read_bytes(source, LARGEST_JSON)), str(Path.home()))
    with tempfile.TemporaryFile() as file:
        file.write(msgspec.json.format(msgspec.json.encode(values)) + b"\n")
        file.seek(0)
        yield file


def _without_home(value: Any, home: str) -> Any:
    """JSON with the home folder as "~": where it lies is its owner's name, mostly."""
    if isinstance(value, str):
        return re.sub(re.escape(home) + _NAME_ENDS, "~", value) if len(home) > 1 else value
    if isinstance(value, list):
        return [_without_home(one, home) for one in value]
    if isinstance(value, dict):
        return {key: _without_home(one, home) for key, one in value.items()}
    return value


def digest_of(source: Path) -> str:
    """sha256 of what a bundle of it would hold; empty where it cannot be read."""
    try:
        with contents_of(source) as contents:
            digest = hashlib.sha256()
            while block := contents.read(BLOCK):
                digest.update(block)
            return digest.hexdigest()
    except (OSError, msgspec.MsgspecError):
        return ""
