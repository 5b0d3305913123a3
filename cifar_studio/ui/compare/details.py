"""What is to be known about the selected rows: settings apart, tests, notes and oddities."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.settings_difference import (
    SettingApart,
    changes_from_preset,
    settings_apart,
)
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.compare.lines import Line, footnotes
from cifar_studio.ui.compare.verdict import (
    verdict_on_groups,
    verdict_on_repetition,
    verdict_on_runs,
)
from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row

MOST_RUNS = 8
EMPTY = "Select rows to see in which settings they differ"


class CompareDetails(QWidget):
    """Two columns: in which settings the rows differ, and words about their figures."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = basics.label("", "heading")
        self.settings = FigureTable("Settings that differ", EMPTY)
        self.words = basics.text()
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.words.setAccessibleName("About these figures")
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self.words)
        left = column(self.heading, grow(self.settings))
        right = column(basics.label("About these figures", "heading"), grow(area))
        self._columns = (left, right)
        self._row = row(grow(left), grow(right), parent=self, margins=NO_MARGINS)
        self.restyle()

    def show_lines(self, lines: Sequence[Line], rule: ConvergenceRule) -> None:
        """Show what is to be known about these rows."""
        self._show_settings(_subjects(lines))
        self.words.setText("\n\n".join(_words(lines, rule)))

    def restyle(self) -> None:
        self._row.setSpacing(theme.px(16))
        for side in self._columns:
            side.setSpacing(theme.px(8))
        self.settings.restyle()

    def _show_settings(self, runs: Sequence[Run]) -> None:
        if not runs:
            self.heading.setText("Settings that differ")
            self.settings.set_empty_text(EMPTY)
            self.settings.set_rows((), ())
            return
        self.settings.set_empty_text("None: the preset as it is" if len(runs) == 1 else "None")
        if len(runs) == 1:
            preset, changed = changes_from_preset(runs[0])
            self.heading.setText("Changed from a preset")
            self._fill((preset, "This run"), changed)
            return
        shown = runs[:MOST_RUNS]
        more = f", of the first {MOST_RUNS} rows" if len(runs) > MOST_RUNS else ""
        self.heading.setText(f"Settings that differ{more}")
        letters = [chr(ord("A") + place) for place in range(len(shown))]
        self._fill(letters, settings_apart(shown))

    def _fill(self, titles: Sequence[str], settings: Sequence[SettingApart]) -> None:
        columns = [Column("Setting", "setting"), *(Column(title, "setting") for title in titles)]
        rows = [Row((one.name.replace("_", " "), *one.values), ()) for one in settings]
        self.settings.set_rows(columns, rows)


def _subjects(lines: Sequence[Line]) -> list[Run]:
    """One run a row: all runs of a group have the same settings."""
    found = []
    for line in lines:
        runs = line.runs or (line.group.left_out if line.group is not None else ())
        found += list(runs[:1])
    return found


def _words(lines: Sequence[Line], rule: ConvergenceRule) -> list[str]:
    if not lines:
        return ["Select a row to see its notes, two to test their difference, more to compare."]
    words: list[str] = []
    if len(lines) > 1:
        names = (f"{chr(ord('A') + place)}: {line.title}" for place, line in enumerate(lines))
        words.append("\n".join(list(names)[:MOST_RUNS]))
    if len(lines) == 2:
        a, b = lines
        if a.group is not None and b.group is not None:
            words += verdict_on_groups(a.group, b.group)
        else:
            words += verdict_on_repetition(a.runs[0], b.runs[0])
            words += verdict_on_runs(a.runs[0], b.runs[0])
    if len({run.data_name for run in _subjects(lines)}) > 1:
        words.append("They are of different data: their figures do not compare with each other.")
    for line in lines[:MOST_RUNS]:
        words += [note for note in footnotes(line, rule) if note not in words]
    return words
