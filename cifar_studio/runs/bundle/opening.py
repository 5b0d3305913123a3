"""Puts the run of a bundle into a folder of runs.

A bundle comes from anybody. Opening one writes only files of the names that a run has, each as long
as the manifest says and with its sha256, into a new folder that appears whole or not at all.
Nothing in it is unpickled or run; a checkpoint meets torch's `weights_only` reader later, like any
other.
"""

from __future__ import annotations

import contextlib
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

from cifar_studio import atomic
from cifar_studio.disk_space import check_free, is_full
from cifar_studio.errors import BadInputError, RunFolderError, StudioError
from cifar_studio.plain_text import printable
from cifar_studio.reading import open_file, open_zip
from cifar_studio.runs.bundle.contents import digest_of
from cifar_studio.runs.bundle.manifest import (
    BLOCK,
    BundledFile,
    Manifest,
    damaged,
    read_manifest,
)
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder

_OPENING = ".opening-"
_STALE_S = 24 * 3600
_NAME = re.compile(r"\d{8}_\d{6}_[a-z0-9_]{1,40}")
_NAMELESS = "20000101_000000_opened"
_OF_ITS_OWN = ("notes.json", "status.json")  # what may change in a run that stays the same
_TORN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Opened:
    """A bundle that was opened."""

    path: Path  # the run folder
    was_there: bool  # whether the same run stood there before; nothing was written then


def open_bundle(path: Path, runs: Path) -> Opened:
    """Put a bundle's run into a folder of runs, which is made where it is not there.

    Raises
    ------
    StudioError
        It is no bundle, damaged, of a later version or not what it says; or there is no room. No
        file is left then.
    """
    try:
        with open_file(path) as file, open_zip(file) as archive:
            manifest = read_manifest(archive, path)
            present = _same_run(manifest, runs)
            if present is not None:
                return Opened(present, was_there=True)
            return Opened(_extract(archive, manifest, runs, path), was_there=False)
    except _TORN as error:
        raise damaged(path, str(error) or "it is torn") from error
    except OSError as error:
        if is_full(error):
            raise RunFolderError(f"there is no room in {runs} for the run", "Free space") from error
        raise BadInputError(
            f"{path} cannot be opened ({error.strerror or error})",
            "Choose a bundle that can be read, and a folder that can be written",
        ) from error


def _extract(archive: zipfile.ZipFile, manifest: Manifest, runs: Path, path: Path) -> Path:
    runs.mkdir(parents=True, exist_ok=True)
    _remove_stale(runs)
    needed = sum(one.size for one in manifest.files)
    check_free(runs, needed, "the run takes")
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
                raise damaged(path, f"{one.name} is longer than it says")
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if size != one.size or digest.hexdigest() != one.sha256:
        raise damaged(path, f"{one.name} is not what was put in")


def _check_run(folder: Path, path: Path) -> None:
    """The run has to be one that the library reads."""
    try:
        RunFolder(folder).read_environment()
        load(folder)
    except StudioError as error:
        where = printable(str(folder))
        raise damaged(
            path, error.fault.replace(f"{where}{os.sep}", "").replace(where, "it")
        ) from None


def _put(folder: Path, preferred: Path) -> Path:
    """Give the folder its name, or the next one that is free."""
    for number in range(1, 1000):
        target = preferred if number == 1 else preferred.with_name(f"{preferred.name}_{number}")
        # A rename takes the place of an empty folder, and of nothing else.
        if os.path.lexists(target):
            continue
        folder.rename(target)
        try:
            atomic.sync_folder(target.parent)
        except OSError:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return target
    raise RunFolderError(f"{preferred.parent} has this run a thousand times", "Remove some of them")


def _same_run(manifest: Manifest, runs: Path) -> Path | None:
    """A folder of that name, or a numbered one, that has all that the bundle has."""
    if not _NAME.fullmatch(manifest.run):
        return None
    facts = [one for one in manifest.files if one.name not in _OF_ITS_OWN]
    facts.sort(key=lambda one: one.size)  # the small ones tell runs apart soonest
    for found in sorted(runs.glob(f"{manifest.run}*")):
        if all(digest_of(found / one.name) == one.sha256 for one in facts):
            return found
    return None


def _remove_stale(runs: Path) -> None:
    """What a crash left of an opening, once nobody can be at it any more."""
    for left in runs.glob(f"{_OPENING}*"):
        with contextlib.suppress(OSError):
            is_old = time.time() - left.lstat().st_mtime > _STALE_S
            if is_old and left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
