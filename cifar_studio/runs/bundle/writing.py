"""Writes a run as one file."""

from __future__ import annotations

import filecmp
import hashlib
import zipfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from cifar_studio import __version__, atomic, sealed
from cifar_studio.disk_space import unwritable_file
from cifar_studio.errors import BadInputError, RunFolderError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.bundle.contents import contents_of
from cifar_studio.runs.bundle.manifest import (
    BLOCK,
    FORMAT,
    LARGEST,
    MANIFEST,
    NEEDED,
    PACKED,
    SUFFIX,
    BundledFile,
    Manifest,
)
from cifar_studio.runs.folder.json_file import NotAsExpectedError
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same run gives the same file


def write_bundle(path: Path, run: Path) -> None:
    """Write a run folder as a bundle, atomically; the same run gives the same bytes.

    The path ends in .cifarrun, and the run's training has ended or waits.

    Raises
    ------
    StudioError
        Another suffix; the run is in use, lacks its settings or figures, or a file of it is
        damaged; or something cannot be read or written.
    """
    if path.suffix.lower() != SUFFIX:
        raise BadInputError(f"{path.name} is no name for a bundle", f"End it in {SUFFIX}")
    damage = load(run).damage
    missing = [name for name in NEEDED if not (run / name).is_file()]
    if missing:
        raise RunFolderError(
            f"{run.name} has no {' and no '.join(missing)}", "Resume the run, which writes them"
        )
    if damage:
        raise _damaged(run, "; ".join(damage))
    if RunFolder(run).is_held():
        raise RunFolderError(f"{run.name} is being trained", "Stop it, or wait until it ends")
    try:
        atomic.write_file(path, lambda file: _write(file, run))
    except OSError as error:
        raise unwritable_file(path, error) from error


def _write(file: BinaryIO, run: Path) -> None:
    files: list[BundledFile] = []
    before = _state_of(run)
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
            files.append(_store_file(archive, source))
        manifest = Manifest(format=FORMAT, studio=__version__, run=plain(run.name), files=files)
        archive.writestr(_entry(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)))
    if _state_of(run) != before:
        raise RunFolderError(
            f"{run.name} was changed while it was written", "Export it again once nothing uses it"
        )


def _state_of(run: Path) -> list[tuple[str, int, int]]:
    """What tells that a file was replaced or written to: name, bytes and time of each."""
    found = [(name, run / name) for name in LARGEST if (run / name).is_file()]
    return [(name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in found]


def _twin(source: Path, others: list[Path]) -> Path | None:
    """An earlier file of the same contents: the best checkpoint is often the last one."""
    alike = [other for other in others if other.suffix == source.suffix]
    return next((other for other in alike if filecmp.cmp(source, other, shallow=False)), None)


def _store_file(archive: zipfile.ZipFile, source: Path) -> BundledFile:
    if source.stat().st_size > LARGEST[source.name]:
        raise _damaged(source.parent, f"{source.name} is longer than any of its kind")
    try:
        with contents_of(source) as contents:
            if source.suffix not in PACKED:
                sealed.verify(contents)
            return _store(archive, source.name, contents)
    except (NotAsExpectedError, sealed.BrokenSealError) as error:
        raise _damaged(source.parent, f"{source.name}: {error}") from error


def _damaged(run: Path, what: str) -> RunFolderError:
    return RunFolderError(
        f"{run.name} is damaged ({printable(what)[:200]})",
        "Resume or evaluate the run, which mends it, or take away the file",
    )


def _store(archive: zipfile.ZipFile, name: str, contents: BinaryIO) -> BundledFile:
    digest, size = hashlib.sha256(), 0
    with archive.open(_entry(name), "w", force_zip64=True) as target:
        while block := contents.read(BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return BundledFile(name=name, size=size, sha256=digest.hexdigest())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.create_system = 3  # as on Linux, wherever it is written
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(PACKED) else zipfile.ZIP_STORED
    return entry
