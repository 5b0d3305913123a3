"""Tells which runs of a folder are new, changed or gone, with as few looks at the disk as it can.

No Qt here.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.runs.folder.run_folder import is_run_folder

WATCHED = ("config.json", "status.json", "epochs.csv", "notes.json", "environment.json")
TURNS = 20
MOST_NEW = 256
MOST_FOLDERS = 2000
SETTLED_NS = 10 * 10**9


@dataclass(frozen=True)
class Changes:
    """What a look found; paths newest name first."""

    changed: tuple[Path, ...]
    gone: tuple[Path, ...]


@dataclass(frozen=True)
class _Seen:
    """Times and sizes; `files` is None where the folder is no run."""

    folder: int
    files: tuple[int, ...] | None


class FolderWatch:
    """Remembers how the run folders below a folder looked last.

    Files that are replaced by rename change the time of their folder, so one question a run tells
    of most changes. The files themselves are looked at where lines are appended to them (in a run
    that goes on), where the folder changed a moment ago (clocks of file systems are coarse), and
    in one look of `TURNS` for all others, for file systems that tell no such times.

    The folder need not exist. Each look takes the `MOST_NEW` newest of the folders that are new;
    `has_more` says whether the last one left some to the next.

    Of many thousands of folders each look asks about the newest `MOST_FOLDERS` and as many of the
    others in turn: to ask about all of them takes longer than a window may stand still. Until a
    long list of new ones is through it asks about those that are known not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Seen] = {}
        self._looks = 0
        self.looks_at_files = 0  # how often the files of a run were looked at
        self.has_more = False

    def poll(self, live: Collection[Path]) -> Changes:
        """What is new, changed or gone since the last look.

        `live` are the runs that go on. They count as changed at each look, since a process that
        is killed writes nothing: only its lock tells.
        """
        before, self._seen = self._seen, {}
        names_of_live = {path.name for path in live}
        self._looks += 1
        settled = time.time_ns() - SETTLED_NS
        is_behind, self.has_more = self.has_more, False
        changed, new = [], 0
        names = _names(self._folder)
        parts = max(1, math.ceil(len(names) / MOST_FOLDERS) - 1)  # of those that are not newest
        for place, name in enumerate(names):
            known, is_live = before.get(name), name in names_of_live
            if known is None and new == MOST_NEW:
                self.has_more = True
                continue
            rounds, part = divmod(self._looks, 1 if place < MOST_FOLDERS else parts)
            is_anothers_turn = place >= MOST_FOLDERS and place % parts != part
            if known is not None and not is_live and (is_behind or is_anothers_turn):
                self._seen[name] = known
                continue
            path = f"{self._folder}{os.sep}{name}"
            try:
                folder = os.stat(path).st_mtime_ns  # noqa: PTH116 - a thousand Paths take long
            except OSError:
                continue
            new += known is None
            is_due = is_live or folder > settled or place % TURNS == rounds % TURNS
            if known is not None and known.folder == folder and not is_due:
                self._seen[name] = known
                continue
            seen = self._seen[name] = _Seen(folder, self._look_at_files(path))
            is_new = known is None or known.files != seen.files
            if seen.files is not None and (is_new or is_live):
                changed.append(self._folder / name)
        return Changes(tuple(changed), tuple(self._gone(before)))

    def _gone(self, before: dict[str, _Seen]) -> list[Path]:
        nothing = _Seen(0, None)
        return [
            self._folder / name
            for name, seen in before.items()
            if seen.files is not None and self._seen.get(name, nothing).files is None
        ]

    def _look_at_files(self, path: str) -> tuple[int, ...] | None:
        self.looks_at_files += 1
        if not is_run_folder(Path(path)):
            return None
        stamps = []
        for name in WATCHED:
            try:
                facts = os.stat(f"{path}{os.sep}{name}")  # noqa: PTH116
                stamps += [facts.st_mtime_ns, facts.st_size]
            except OSError:
                stamps += [0, 0]
        return tuple(stamps)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    except OSError:
        return []
