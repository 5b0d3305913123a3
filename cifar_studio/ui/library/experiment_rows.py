"""Experiments in the order of the list, each followed by its runs. No Qt here."""

from __future__ import annotations

from bisect import bisect_right

from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.library.experiment_entry import ExperimentEntry
from cifar_studio.ui.library.run_model import occurs


class ExperimentRows:
    """Which row is whose. After a change of an entry's runs `count_again` is to be called.

    Attributes
    ----------
    entries : list of ExperimentEntry
        Newest first.
    count : int
        How many rows there are.
    """

    def __init__(self) -> None:
        self.entries: list[ExperimentEntry] = []
        self.count = 0
        self._starts: list[int] = []
        self._words: list[str] = []
        self._found: dict[ExperimentEntry, frozenset[str] | None] = {}

    def __contains__(self, entry: ExperimentEntry) -> bool:
        return entry in self.entries

    def at(self, row: int) -> tuple[ExperimentEntry, Run | None]:
        """The experiment of a row, and its run there; None in the experiment's own row."""
        place = bisect_right(self._starts, row) - 1
        entry, below = self.entries[place], row - self._starts[place]
        return entry, entry.runs[below - 1] if below else None

    def start(self, entry: ExperimentEntry) -> int:
        """Its own row; those of its runs come after it."""
        return self._starts[self.entries.index(entry)]

    def start_for(self, entry: ExperimentEntry) -> int:
        """The row that it will get."""
        place = self._place_for(entry)
        return self._starts[place] if place < len(self._starts) else self.count

    def insert(self, entry: ExperimentEntry) -> None:
        self.entries.insert(self._place_for(entry), entry)
        self.count_again(entry)

    def remove(self, entry: ExperimentEntry) -> None:
        self.entries.remove(entry)
        self.count_again(entry)

    def count_again(self, entry: ExperimentEntry) -> None:
        """Something of this experiment, or its runs, has changed."""
        self._found.pop(entry, None)
        self._starts, self.count = [], 0
        for one in self.entries:
            self._starts.append(self.count)
            self.count += 1 + len(one.runs)

    def _place_for(self, entry: ExperimentEntry) -> int:
        older = (place for place, one in enumerate(self.entries) if one.age < entry.age)
        return next(older, len(self.entries))

    # Searching

    def search(self, words: list[str]) -> None:
        """From now on find what all these words occur in."""
        self._words = words
        self._found = {}

    def found_in(self, entry: ExperimentEntry) -> frozenset[str] | None:
        """The names of its runs that are found; None where the experiment itself is."""
        if not self._words:
            return None
        if entry not in self._found:
            self._found[entry] = self._find_in(entry)
        return self._found[entry]

    def _find_in(self, entry: ExperimentEntry) -> frozenset[str] | None:
        text = entry.words()
        left = [word for word in self._words if not occurs(word, text)]
        if not left:
            return None
        names = (
            run.path.name
            for run in entry.runs
            if all(occurs(word, entry.words_of(run)) for word in left)
        )
        return frozenset(names)
