"""Writes a run as one file."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from cifar_studio import __version__, atomic
from cifar_studio.errors import BadInputError, RunFolderError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.bundle.manifest import (
    BLOCK,
    FORMAT,
    LARGEST,
    MANIFEST,
    NEEDED,
    SUFFIX,
    BundledFile,
    Manifest,
    contents_of,
)
from cifar_studio.runs.folder import RunFolder
from cifar_studio.runs.library import load

_PACKED = (".json", ".csv")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same run gives the same file


def write_bundle(path: Path, run: Path) -> None:
    """Write a run as a bundle, atomically; the same run gives the same bytes.

    Parameters
    ----------
    path : Path
        Ends in .cifarrun.
    run : Path
        The run folder; its training has ended or waits.

    Raises
    ------
    StudioError
        Another suffix, the run is in use or lacks its settings or figures, or something cannot be
        read or written.
    """
    if path.suffix.lower() != SUFFIX:
        raise BadInputError(f"{path.name} is no name for a bundle", f"End it in {SUFFIX}")
    load(run)
    missing = [name for name in NEEDED if not (run / name).is_file()]
    if missing:
        raise RunFolderError(
            f"{run.name} has no {' and no '.join(missing)}", "Resume the run, which writes them"
        )
    if RunFolder(run).is_held():
        raise RunFolderError(f"{run.name} is being trained", "Stop it, or wait until it ends")
    try:
        atomic.write_file(path, lambda file: _write(file, run))
    except msgspec.MsgspecError as error:
        raise RunFolderError(
            f"a file of {run.name} is damaged ({printable(str(error))[:200]})",
            "Mend the run from its checkpoint",
        ) from error
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be written ({error.strerror or error})",
            "Choose another place, or free space",
        ) from error


def _write(file: BinaryIO, run: Path) -> None:
    files: list[BundledFile] = []
    with zipfile.ZipFile(file, "w") as archive:
        for name in LARGEST:
            source = run / name
            if not source.is_file():
                continue
            twin = _twin(source, [run / one.name for one in files if not one.same_as])
            if twin is not None:
                known = next(one for one in files if one.name == twin.name)
                files.append(msgspec.structs.replace(known, name=name, same_as=twin.name))
                continue
            with contents_of(source) as contents:
                files.append(_store(archive, name, contents))
        manifest = Manifest(format=FORMAT, studio=__version__, run=plain(run.name), files=files)
        _store_bytes(archive, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


def _twin(source: Path, others: list[Path]) -> Path | None:
    """Another name of the very same file: the best checkpoint is often the last one."""
    return next((other for other in others if source.samefile(other)), None)


def _store(archive: zipfile.ZipFile, name: str, contents: BinaryIO) -> BundledFile:
    digest, size = hashlib.sha256(), 0
    with archive.open(_entry(name), "w", force_zip64=True) as target:
        while block := contents.read(BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return BundledFile(name=name, size=size, sha256=digest.hexdigest())


def _store_bytes(archive: zipfile.ZipFile, name: str, contents: bytes) -> None:
    archive.writestr(_entry(name), contents)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.create_system = 3  # as on Linux, wherever it is written
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
    return entry
