"""Puts the run of a bundle into a folder of runs.

A bundle comes from anybody. Opening one writes only files of the names that a run has, each as long
as the manifest says and with its sha256, into a new folder that appears whole or not at all.
Nothing in it is unpickled or run; a checkpoint meets torch's `weights_only` reader later, like any
other.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cifar_studio import atomic
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError, StudioError
from cifar_studio.plain_text import printable
from cifar_studio.reading import open_file
from cifar_studio.runs.bundle.manifest import (
    BLOCK,
    FORMAT,
    LARGEST,
    LARGEST_JSON,
    MANIFEST,
    NEEDED,
    SUFFIX,
    BundledFile,
    Manifest,
    digest_of,
)
from cifar_studio.runs.folder import RunFolder
from cifar_studio.runs.library import load

_OPENING = ".opening-"
_STALE_S = 24 * 3600
_ENCRYPTED = 1
_NAME = re.compile(r"\d{8}_\d{6}_[a-z0-9_]{1,40}")
_NAMELESS = "20000101_000000_opened"


_TORN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class _Version(msgspec.Struct):
    format: int


@dataclass(frozen=True)
class Opened:
    """A bundle that was opened.

    Attributes
    ----------
    path : Path
        The run folder.
    was_there : bool
        Whether the same run stood there before; nothing was written then.
    """

    path: Path
    was_there: bool


def open_bundle(path: Path, runs: Path) -> Opened:
    """Put a bundle's run into a folder of runs.

    Parameters
    ----------
    path : Path
    runs : Path
        Made where it is not there.

    Raises
    ------
    StudioError
        It is no bundle, damaged, of a later version or not what it says; or there is no room. No
        file is left then.
    """
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive, path)
            present = _same_run(manifest, runs)
            if present is not None:
                return Opened(present, was_there=True)
            return Opened(_extract(archive, manifest, runs, path), was_there=False)
    except _TORN as error:
        raise _damaged(path, str(error) or "it is torn") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunFolderError(f"there is no room in {runs} for the run", "Free space") from error
        raise BadInputError(
            f"{path} cannot be opened ({error.strerror or error})",
            "Choose a bundle that can be read, and a folder that can be written",
        ) from error


def _read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest, once it and the zip's own list agree on every point."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise BadInputError(
            f"{path.name} is no run of CIFAR Studio (it has no {MANIFEST})",
            f"Choose a file that was exported as {SUFFIX}",
        )
    if len(set(names)) < len(names):
        raise _damaged(path, "a name occurs twice")
    for entry in entries:
        name = printable(entry.filename[:60])
        if entry.filename != MANIFEST and entry.filename not in LARGEST:
            raise _damaged(path, f"it holds {name}, which belongs to no run")
        if entry.flag_bits & _ENCRYPTED:
            raise _damaged(path, f"{name} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged(path, f"{name} is packed in a way that is not used here")
    manifest = _decoded(_read_all(archive, MANIFEST, LARGEST_JSON, path), path)
    stored = {one.name: one.size for one in manifest.files if not one.same_as}
    sizes = {entry.filename: entry.file_size for entry in entries if entry.filename != MANIFEST}
    if stored != sizes:
        raise _damaged(path, "the manifest names other files, or other sizes, than are in it")
    _check_files(manifest, path)
    return manifest


def _decoded(text: bytes, path: Path) -> Manifest:
    try:
        version = msgspec.json.decode(text, type=_Version).format
        if version > FORMAT:
            raise NewerVersionError(
                f"{path.name} was written by a later version of CIFAR Studio", "Update the studio"
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(
            path, f"its manifest cannot be read: {printable(str(error))[:200]}"
        ) from None


def _check_files(manifest: Manifest, path: Path) -> None:
    names = [one.name for one in manifest.files]
    if len(set(names)) < len(names) or not set(names) <= LARGEST.keys():
        raise _damaged(path, "its manifest names a file that belongs to no run, or one twice")
    if not set(NEEDED) <= set(names):
        raise _damaged(path, f"it lacks one of {', '.join(NEEDED)}")
    earlier: dict[str, BundledFile] = {}
    for one in manifest.files:
        if not 0 <= one.size <= LARGEST[one.name]:
            raise _damaged(path, f"{one.name} would have {one.size:,} bytes")
        if one.same_as:
            known = earlier.get(one.same_as)
            if known is None or (known.size, known.sha256) != (one.size, one.sha256):
                raise _damaged(path, f"{one.name} is said to be a file that is not in it")
        else:
            earlier[one.name] = one


def _extract(archive: zipfile.ZipFile, manifest: Manifest, runs: Path, path: Path) -> Path:
    runs.mkdir(parents=True, exist_ok=True)
    _remove_stale(runs)
    needed = sum(one.size for one in manifest.files)
    free = shutil.disk_usage(runs).free
    if needed > free:
        raise RunFolderError(
            f"the run takes {needed / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free in "
            f"{runs}",
            "Free space there, or choose another place with --runs",
        )
    name = manifest.run if _NAME.fullmatch(manifest.run) else _NAMELESS
    outer = Path(tempfile.mkdtemp(prefix=_OPENING, dir=runs))
    try:
        folder = outer / name
        folder.mkdir()
        for one in manifest.files:
            if one.same_as:
                atomic.link_or_copy(folder / one.same_as, folder / one.name)
            else:
                _extract_file(archive, one, folder / one.name, path)
        atomic.sync_folder(folder)
        _check_run(folder, path)
        return _put(folder, runs / name)
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def _extract_file(archive: zipfile.ZipFile, one: BundledFile, target: Path, path: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(one.name) as source, target.open("xb") as file:
        # The zip's own sizes may lie: never more is unpacked than was promised.
        while block := source.read(BLOCK):
            size += len(block)
            if size > one.size:
                raise _damaged(path, f"{one.name} is longer than it says")
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if size != one.size or digest.hexdigest() != one.sha256:
        raise _damaged(path, f"{one.name} is not what was put in")


def _check_run(folder: Path, path: Path) -> None:
    """The run has to be one that the library reads."""
    try:
        RunFolder(folder).read_environment()
        load(folder)
    except StudioError as error:
        where = printable(str(folder))
        raise _damaged(
            path, error.fault.replace(f"{where}{os.sep}", "").replace(where, "it")
        ) from None


def _put(folder: Path, wanted: Path) -> Path:
    """Give the folder its name, or the next one that is free."""
    for number in range(1, 1000):
        target = wanted if number == 1 else wanted.with_name(f"{wanted.name}_{number}")
        # A rename takes the place of an empty folder, and of nothing else.
        if os.path.lexists(target):
            continue
        folder.rename(target)
        atomic.sync_folder(target.parent)
        return target
    raise RunFolderError(f"{wanted.parent} has this run a thousand times", "Remove some of them")


def _same_run(manifest: Manifest, runs: Path) -> Path | None:
    """A folder of that name, or a numbered one, with the same settings and figures."""
    facts = {one.name: one.sha256 for one in manifest.files}
    if not _NAME.fullmatch(manifest.run):
        return None
    for found in sorted(runs.glob(f"{manifest.run}*")):
        if all(digest_of(found / name) == facts[name] for name in NEEDED):
            return found
    return None


def _read_all(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> bytes:
    with archive.open(name) as file:
        contents = file.read(limit + 1)
    if len(contents) > limit:
        raise _damaged(path, f"{name} is far too long")
    return contents


def _remove_stale(runs: Path) -> None:
    """What a crash left of an opening, once nobody can be at it any more."""
    for left in runs.glob(f"{_OPENING}*"):
        with contextlib.suppress(OSError):
            is_old = time.time() - left.lstat().st_mtime > _STALE_S
            if is_old and left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)


def _damaged(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{path.name} is damaged or no run of CIFAR Studio: {why}", "Ask for the file again"
    )
