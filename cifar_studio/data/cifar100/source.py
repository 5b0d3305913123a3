"""Which copy of the data set is taken, and reading it: from the cache if that is possible.

The order is `CIFAR100_ROOT`, the cache folder, torchvision's usual folders, Keras's. A copy is
read once; its arrays are then kept in the cache folder and mapped at every later start.
"""

from __future__ import annotations

import logging
from pathlib import Path

from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cache.manifest import Stamp, stamp_of
from cifar_studio.data.cifar100.decode import dataset_of, decode
from cifar_studio.data.cifar100.edition import PUBLISHED, Edition
from cifar_studio.data.cifar100.places import (
    NOWHERE,
    Location,
    cache_of,
    cifar100_cache,
    find_named,
    locate,
    usual_locations,
)
from cifar_studio.data.cifar100.published_files import layouts, read_contents
from cifar_studio.data.dataset import DEMO, Dataset
from cifar_studio.data.demo import demo_set
from cifar_studio.errors import DataError

_log = logging.getLogger("cifar_studio")


def load_dataset(asked: str | None, edition: Edition = PUBLISHED) -> Dataset:
    """The data set that `asked` names: "auto" or None, "demo", or a path.

    A path may be the folder cifar-100-python or cifar-100-binary, a folder that holds one, or an
    archive. With "auto", a set `CIFAR100_ROOT` is binding: where it is wrong nothing else is taken
    in its place. Copies found in usual folders are passed over with a warning where they are
    damaged, for all that pass hold the same pictures.

    Raises
    ------
    DataError
        It is missing, damaged, or not what it claims to be.
    """
    if asked == DEMO:
        return _load_demo()
    location = find_named(asked, edition)
    return _load_first(edition) if location is None else _load(location, edition)


def load_kept(asked: str, edition: Edition = PUBLISHED) -> Dataset | None:
    """What `load_dataset` would give, where it is in the cache already; None where it is not.

    It takes milliseconds, so that a window can ask; whatever has to be read or drawn first is
    `load_dataset`'s business, in another process.
    """
    if asked == DEMO:
        return _open_demo()
    try:
        location = locate(asked, edition)
        return None if location is None else _open_copy(location, edition)
    except DataError:
        return None


def _load_first(edition: Edition) -> Dataset:
    first_error: DataError | None = None
    for location in usual_locations(edition):
        try:
            return _load(location, edition)
        except DataError as error:
            _log.warning("%s", error)
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    if cifar100_cache().exists():
        raise _cache_damaged()
    raise DataError(*NOWHERE)


def _load(location: Location, edition: Edition) -> Dataset:
    dataset = _open_copy(location, edition)
    if dataset is not None:
        return dataset
    if location.kind == "cache":
        raise _cache_damaged()
    stamp = _stamp(location, edition)
    dataset = decode(read_contents(location.path, edition), edition, location.path)
    return _kept(cifar100_cache(), dataset, stamp)


def _open_copy(location: Location, edition: Edition) -> Dataset | None:
    """A copy as the cache holds it; None where it is not read yet, or what is kept is damaged."""
    kept = cifar100_cache()
    if location.kind == "cache":
        return _open_kept(kept, edition, kept)
    if picture_cache.is_kept(kept, _stamp(location, edition)):
        return _open_kept(kept, edition, location.path)
    return None


def _stamp(location: Location, edition: Edition) -> Stamp:
    try:
        return stamp_of(location.path, _file_names(location, edition))
    except OSError as error:
        raise DataError(f"{location.path} cannot be read ({error.strerror})") from None


def _open_kept(folder: Path, edition: Edition, source: Path) -> Dataset | None:
    """The kept arrays under the names of `edition`; None where they are damaged or others."""
    kept = picture_cache.open_kept(folder, str(source))
    if kept is None or kept.digest != edition.digest:
        return None
    if (len(kept.train), len(kept.test)) != (edition.train_count, edition.test_count):
        return None
    return dataset_of(kept.train, kept.test, edition, source)


def _file_names(location: Location, edition: Edition) -> tuple[str, ...]:
    python, binary = layouts(edition)
    folders = {"python folder": python, "binary folder": binary}
    return tuple(folders[location.kind].limits) if location.kind in folders else ()


def _kept(folder: Path, dataset: Dataset, stamp: Stamp) -> Dataset:
    """`dataset` as the cache holds it from now on; as it is where the cache cannot be written."""
    try:
        picture_cache.keep(folder, dataset, stamp)
    except OSError as error:
        _log.warning(
            "%s cannot be written (%s); the data set is read anew at each start",
            folder,
            error.strerror or error,
        )
        return dataset
    return picture_cache.open_kept(folder, dataset.source) or dataset


def _load_demo() -> Dataset:
    """The drawn set: from the cache unless the drawing has changed since it was made."""
    dataset = _open_demo()
    if dataset is not None:
        return dataset
    stamp = _demo_stamp()
    if not stamp.files:  # a bundle without source files: nothing tells an old drawing from a new
        return demo_set.make_demo()
    return _kept(cache_of(DEMO), demo_set.make_demo(), stamp)


def _open_demo() -> Dataset | None:
    if not picture_cache.is_kept(cache_of(DEMO), _demo_stamp()):
        return None
    return picture_cache.open_kept(cache_of(DEMO), "built in")


def _demo_stamp() -> Stamp:
    return stamp_of(Path(demo_set.__file__).parent, ("demo_set.py", "grid.py", "shapes.py"))


def _cache_damaged() -> DataError:
    return DataError(
        f"The decoded pictures in {cifar100_cache()} are damaged",
        "Make them again with `cifar-studio data fetch`, or from a copy with `--data FOLDER`",
    )
