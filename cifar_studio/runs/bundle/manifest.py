"""What a `.cifarrun` file holds: a whole run in a plain zip, with a manifest.

It holds what is needed to look at a run, to compare, to go on with it and to train it again.
"""

from __future__ import annotations

import msgspec

SUFFIX = ".cifarrun"
FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_JSON = 2**20
_TABLE, _ARRAYS, _CHECKPOINT = 64 * 2**20, 64 * 2**20, 2 * 2**30
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
PACKED = (".json", ".csv")
"""What is deflated; arrays and checkpoints are stored as they are, and nothing inflates them."""
BLOCK = 2**20


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
