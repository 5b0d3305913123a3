"""What a `.cifarrun` file holds, a whole run in a plain zip with a manifest; and its inspection.

It holds what is needed to look at a run, to compare, to go on with it and to train it again. The
zip's list and the manifest are looked over before anything is unpacked. Both may have been made to
do harm: names that lead elsewhere, sizes that lie, files that unpack to more than any disk holds.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from cifar_studio.errors import BadInputError, NewerVersionError
from cifar_studio.plain_text import printable

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
_ENCRYPTED = 1
# Tables of figures deflate to a fifth or so; what deflates much better was made to fill a disk.
_DEFLATED, _DEFLATED_IN_ANY_CASE = 50, 16 * 2**20


class BundledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the run.

    `same_as` names the file before it in the manifest whose contents it has; those are stored once.
    """

    name: str
    size: int  # bytes
    sha256: str
    same_as: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifest.json`."""

    format: int  # version of all this
    studio: str  # version that wrote it
    run: str  # name of the run folder
    files: list[BundledFile]


class _Version(msgspec.Struct):
    format: int


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest, once it and the zip's own list agree on every point."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise BadInputError(
            f"{path.name} is no run of CIFAR Studio (it has no {MANIFEST})",
            f"Choose a file that was exported as {SUFFIX}",
        )
    if len(set(names)) < len(names):
        raise damaged(path, "a name occurs twice")
    # First of all, since a later version may hold other files.
    manifest = _decoded(_read_all(archive, MANIFEST, LARGEST_JSON, path), path)
    _check_entries(entries, path)
    stored = {one.name: one.size for one in manifest.files if not one.same_as}
    sizes = {entry.filename: entry.file_size for entry in entries if entry.filename != MANIFEST}
    if stored != sizes:
        raise damaged(path, "the manifest names other files, or other sizes, than are in it")
    _check_files(manifest, path)
    return manifest


def _check_entries(entries: list[zipfile.ZipInfo], path: Path) -> None:
    """What the zip says of its files, before anything of them is unpacked."""
    for entry in entries:
        name = printable(entry.filename[:60])
        if entry.filename != MANIFEST and entry.filename not in LARGEST:
            raise damaged(path, f"it holds {name}, which belongs to no run")
        if entry.flag_bits & _ENCRYPTED:
            raise damaged(path, f"{name} is encrypted")
        is_stored = entry.compress_type == zipfile.ZIP_STORED
        may_be_packed = entry.filename.endswith(PACKED)
        if not is_stored and not (may_be_packed and entry.compress_type == zipfile.ZIP_DEFLATED):
            raise damaged(path, f"{name} is packed in a way that is not used here")
        if is_stored and entry.compress_size != entry.file_size:
            raise damaged(path, f"{name} is longer or shorter than it says")
    packed = [entry for entry in entries if entry.compress_type == zipfile.ZIP_DEFLATED]
    unpacked = sum(entry.file_size for entry in packed)
    if unpacked > max(
        _DEFLATED_IN_ANY_CASE, _DEFLATED * sum(entry.compress_size for entry in packed)
    ):
        raise damaged(path, f"it would unpack to {unpacked:,} bytes")


def _decoded(text: bytes, path: Path) -> Manifest:
    try:
        version = msgspec.json.decode(text, type=_Version).format
        if version > FORMAT:
            raise NewerVersionError(
                f"{path.name} was written by a later version of CIFAR Studio", "Update the studio"
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise damaged(path, f"its manifest cannot be read: {printable(str(error))[:200]}") from None


def _check_files(manifest: Manifest, path: Path) -> None:
    names = [one.name for one in manifest.files]
    if len(set(names)) < len(names) or not set(names) <= LARGEST.keys():
        raise damaged(path, "its manifest names a file that belongs to no run, or one twice")
    if not set(NEEDED) <= set(names):
        raise damaged(path, f"it lacks one of {', '.join(NEEDED)}")
    earlier: dict[str, BundledFile] = {}
    for one in manifest.files:
        if not 0 <= one.size <= LARGEST[one.name]:
            raise damaged(path, f"{one.name} would have {one.size:,} bytes")
        if one.same_as:
            known = earlier.get(one.same_as)
            if known is None or (known.size, known.sha256) != (one.size, one.sha256):
                raise damaged(path, f"{one.name} is said to be a file that is not in it")
        else:
            earlier[one.name] = one


def _read_all(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> bytes:
    with archive.open(name) as file:
        contents = file.read(limit + 1)
    if len(contents) > limit:
        raise damaged(path, f"{name} is far too long")
    return contents


def damaged(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{path.name} is damaged or no run of CIFAR Studio: {why}", "Ask for the file again"
    )
