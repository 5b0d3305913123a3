"""Where CIFAR-100 may stand on this computer, and what stands there. Nothing is read here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cifar_studio import paths
from cifar_studio.data.cache.manifest import read_claims, read_manifest
from cifar_studio.data.cifar100.edition import BINARY_FOLDER, PUBLISHED, PYTHON_FOLDER, Edition
from cifar_studio.data.cifar100.published_files import layouts
from cifar_studio.errors import DataError

ROOT_VARIABLE = "CIFAR100_ROOT"
OPTION, CACHE, TORCHVISION = "--data", "cache folder", "torchvision's folder"
KERAS = "Keras's folder"
CACHE_SOURCE = "source of the cache"

Kind = Literal[
    "cache", "python folder", "python archive", "binary folder", "binary archive", "demo"
]
_ENDINGS = (".tar.gz", ".tgz", ".tar", ".tar.xz", ".tar.bz2", ".zip")
_WHAT_TO_GIVE = "Give the folder cifar-100-python, one that holds it, or its archive"
NOWHERE = (
    "CIFAR-100 was found nowhere on this computer",
    "Fetch it with `cifar-studio data fetch`, name a copy with `--data FOLDER`, or train on drawn "
    "shapes with `--data demo`",
)


@dataclass(frozen=True)
class Location:
    """A copy of the data set, as far as it is known without reading it."""

    path: Path  # the folder that holds the files directly, or the archive; absolute
    kind: Kind  # by the name alone, where it is an archive
    found_by: str  # `OPTION`, `ROOT_VARIABLE`, `CACHE`, `CACHE_SOURCE`, `TORCHVISION` or `KERAS`


@dataclass(frozen=True)
class Place:
    """A place that is looked at when no data set is named."""

    found_by: str  # see `Location`
    path: Path | None  # None where the variable is not set
    location: Location | None  # what stands there
    taken: bool  # whether this is the one that is used


def cache_of(name: str) -> Path:
    """Folder in which the decoded set `name` is kept: "cifar-100" or "demo"."""
    return paths.data_cache_folder() / name


def cifar100_cache() -> Path:
    """Folder in which CIFAR-100 is kept decoded."""
    return cache_of("cifar-100")


def named_by_variable() -> Path | None:
    """The folder or archive that `CIFAR100_ROOT` names; None where it is unset or empty."""
    value = os.environ.get(ROOT_VARIABLE, "")
    return _absolute(value) if value else None


def is_archive(path: Path) -> bool:
    """Whether a file's name is an archive's."""
    return path.name.lower().endswith(_ENDINGS)


def find_named(asked: str | None, edition: Edition = PUBLISHED) -> Location | None:
    """The copy that `asked` names, or else `CIFAR100_ROOT`; None where neither names any.

    Raises
    ------
    DataError
        Nothing stands there, or no CIFAR-100.
    """
    if asked not in (None, "auto"):
        if not asked:
            raise DataError("The data set is named by an empty path", _WHAT_TO_GIVE)
        path, found_by, says, remedy = _absolute(asked), OPTION, "", _WHAT_TO_GIVE
    else:
        named = named_by_variable()
        if named is None:
            return None
        path, found_by, says = named, ROOT_VARIABLE, f"{ROOT_VARIABLE} names "
        remedy = f"Correct {ROOT_VARIABLE} or unset it"
    location = look(path, found_by, edition)
    if location is None:
        what = "does not exist" if _mode(path) is None else "holds no CIFAR-100"
        raise DataError(f"{says}{path}{', which' if says else ''} {what}", remedy)
    return location


def look(path: Path, found_by: str, edition: Edition = PUBLISHED) -> Location | None:
    """What stands at `path`, which may be a folder, one that holds it, or an archive."""
    if _is_file(path):
        return Location(path, _archive_kind(path), found_by)
    kept = cifar100_cache()
    # only our own arrays are believed: others would have to be read to be verified
    if path in (kept, kept.parent) and _is_kept(kept, edition):
        return Location(kept, "cache", found_by)
    kinds: tuple[Kind, Kind] = ("python folder", "binary folder")
    begun = []
    for layout, kind in zip(layouts(edition), kinds, strict=True):
        for folder in (path, path / layout.folder):
            present = [_is_file(folder / name) for name in layout.limits]
            if all(present):
                return Location(folder, kind, found_by)
            if any(present) and folder.name == layout.folder:
                begun.append(Location(folder, kind, found_by))
    for name in (PYTHON_FOLDER, BINARY_FOLDER):
        for ending in _ENDINGS:
            archive = path / f"{name}{ending}"
            if _is_file(archive):
                return Location(archive, _archive_kind(archive), found_by)
    return begun[0] if begun else None  # so that it can be said what is missing


def usual_places() -> Iterator[tuple[str, Path]]:
    """The folders looked at after `CIFAR100_ROOT`, in order, with what they are called."""
    yield CACHE, paths.data_cache_folder()
    home = Path.home()
    torch_home = Path(os.environ.get("TORCH_HOME") or home / ".cache" / "torch")
    for folder in (
        Path("data"),
        Path("datasets"),
        home / "data",
        home / "datasets",
        torch_home / "datasets",
        home / ".torch" / "datasets",
    ):
        yield TORCHVISION, _absolute(folder)
    keras = _absolute(Path(os.environ.get("KERAS_HOME") or home / ".keras") / "datasets")
    yield KERAS, keras
    # Keras 3.3 and later unpack an archive into a folder of its own.
    for unpacked in ("cifar-100-python-target", "cifar-100-python_extracted"):
        yield KERAS, keras / unpacked


def usual_locations(edition: Edition = PUBLISHED) -> Iterator[Location]:
    """The copies that stand in `usual_places`, in order, found as they are asked for."""
    for found_by, path in usual_places():
        location = look(path, found_by, edition)
        if location is not None:
            yield location
        if found_by == CACHE:  # asked for further only where the arrays are not whole
            yield from _sources_of_cache(edition)


def locate(asked: str | None = "auto", edition: Edition = PUBLISHED) -> Location | None:
    """The copy that would be read, or None. It is not opened, so it may yet prove damaged.

    `asked` is "auto" or None, "demo", or a path. Where `CIFAR100_ROOT` is set but names nothing
    usable the answer is None and not the next place: `load_dataset` then says what is wrong.
    """
    if asked == "demo":
        return Location(cache_of("demo"), "demo", OPTION)
    try:
        return find_named(asked, edition) or next(usual_locations(edition), None)
    except DataError:
        return None


def places(edition: Edition = PUBLISHED) -> tuple[Place, ...]:
    """All places in the order in which they are looked at, each path once."""
    named = named_by_variable()
    candidates: dict[Path | None, str] = {named: ROOT_VARIABLE}
    for found_by, path in usual_places():
        candidates.setdefault(path, found_by)
    taken = locate("auto", edition)
    listed = []
    for candidate, found_by in candidates.items():
        location = look(candidate, found_by, edition) if candidate is not None else None
        is_taken = location is not None and location == taken
        listed.append(Place(found_by, candidate, location, is_taken))
    if taken is not None and not any(place.taken for place in listed):
        listed.insert(2, Place(taken.found_by, taken.path, taken, taken=True))
    return tuple(listed)


def _sources_of_cache(edition: Edition) -> Iterator[Location]:
    """What a damaged cache was once made from, so that it can be made again."""
    claims = read_claims(cifar100_cache())
    for stamp in reversed(claims.sources) if claims else ():
        location = look(Path(stamp.path), CACHE_SOURCE, edition)
        if location is not None and location.kind != "cache":
            yield location


def _is_kept(folder: Path, edition: Edition) -> bool:
    manifest = read_manifest(folder)
    return manifest is not None and manifest.digest == edition.digest


def _archive_kind(path: Path) -> Kind:
    return "binary archive" if "binary" in path.name.lower() else "python archive"


def _absolute(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:  # "~nobody"
        return Path(path).absolute()


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # not there, not ours to look at, or no path at all
        return None


def _is_file(path: Path) -> bool:
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)
