"""Files that are written one after another; one that cannot be does not keep the others from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.runs.answers import AnyEvent, Exported, ExportProgressed


@dataclass(frozen=True)
class Job:
    """A file to be written; what `write` returns, if anything, is said of it."""

    path: Path
    write: Callable[[Path], str | None]


def write_jobs(jobs: Sequence[Job], to: Path) -> Iterator[AnyEvent]:
    """Write each file below `to`.

    Yields
    ------
    ExportProgressed before each file, and Exported last.
    """
    written: list[str] = []
    checks: list[str] = []
    faults: list[str] = []
    for done, job in enumerate(jobs):
        name = str(job.path.relative_to(to))
        yield ExportProgressed(done=done, total=len(jobs), name=name)
        try:
            _make_folder(job.path.parent)
            agreement = job.write(job.path)
        except StudioError as error:
            faults.append(f"{name}: {error}")
            continue
        written.append(name)
        if agreement:
            checks.append(f"{name}: {agreement}")
    yield Exported(folder=str(to), files=tuple(written), checks=tuple(checks), faults=tuple(faults))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(
            f"{folder} cannot be made ({error.strerror or error})", "Choose another place"
        ) from error
