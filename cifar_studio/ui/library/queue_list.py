"""The runs that wait, above the library: reorder them or take them out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cifar_studio.config.study import shortened_by
from cifar_studio.runs import wording
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.training.run_queue import RunQueue
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row

MOST_ROWS = 8


class QueueList(QWidget):
    """One row a waiting run, the first `MOST_ROWS` of them; hidden where none waits.

    Signals
    -------
    go_on_requested()
        Hand out runs again, though several have failed.
    """

    go_on_requested = Signal()

    def __init__(self, queue: RunQueue) -> None:
        super().__init__()
        self._queue = queue
        self._rows: list[QWidget] = []
        self._layout = column(parent=self, margins=(4, 2, 3, 0), spacing=1)
        queue.changed.connect(self._on_queue_changed)
        self._on_queue_changed()

    def _on_queue_changed(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        runs = self._queue.runs
        self.setVisible(bool(runs))
        if not runs:
            return
        self._layout.addWidget(self._head(len(runs)))
        self._rows = [self._row(*numbered) for numbered in enumerate(runs[:MOST_ROWS])]
        for shown in self._rows:
            self._layout.addWidget(shown)
        if len(runs) > MOST_ROWS:
            # Hundreds of rows would be taller than the window, and made anew at each start.
            self._layout.addWidget(basics.label(f"and {len(runs) - MOST_ROWS:,} more", "muted"))
        self._layout.addSpacing(2 * theme.GRID)

    def _head(self, count: int) -> QWidget:
        if self._queue.is_held:
            link = basics.link("Go on", self.go_on_requested.emit)
            link.setToolTip(
                "Several runs in a row have failed; start the next one"
                if self._queue.is_held_by_failures
                else "Start the next one"
            )
        else:
            link = basics.link("Hold", self._queue.pause)
            link.setToolTip("Start no other run after the one that goes on")
        held = " · held" if self._queue.is_held else ""
        title = basics.label(f"Waiting · {count}{held}", "heading")
        head = QWidget()
        row(grow(title), link, parent=head, margins=NO_MARGINS)
        return head

    def _row(self, position: int, planned: PlannedRun) -> QWidget:
        config = planned.config
        name = basics.ElidedLabel(f"{position + 1}. {wording.network(config)}")
        about = basics.ElidedLabel(_about(planned))
        about.setProperty("role", "small")
        for text in (name, about):
            text.setToolTip(f"{planned.title}, seed {config.seed}, {planned.data_title}")
        earlier = self._mover("up", "Run it earlier", position, position - 1)
        later = self._mover("down", "Run it later", position, position + 1)
        remove = basics.GlyphButton("close", "Take it out of the queue")
        remove.clicked.connect(lambda: self._queue.remove(position))
        whole = QWidget()
        parts = (grow(column(name, about, spacing=0)), earlier, later, remove)
        row(*parts, parent=whole, margins=NO_MARGINS, spacing=0)
        return whole

    def _mover(self, glyph: str, tip: str, position: int, to: int) -> basics.GlyphButton:
        button = basics.GlyphButton(glyph, tip)
        button.setEnabled(0 <= to < len(self._queue.runs))
        button.clicked.connect(lambda: self._move(position, to, glyph))
        return button

    def _move(self, position: int, to: int, glyph: str) -> None:
        """Move a run, and keep the keyboard on it: the rows are made anew."""
        self._queue.move(position, to)
        if to < MOST_ROWS:
            buttons = self._rows[to].findChildren(basics.GlyphButton)
            same = buttons[("up", "down").index(glyph)]
            (same if same.isEnabled() else buttons[-1]).setFocus()


def _about(planned: PlannedRun) -> str:
    config = planned.config
    words = ["short"] if shortened_by(config) else []
    words += [f"{config.epochs} epochs", f"seed {config.seed}"]
    words += [] if planned.data == "auto" else [planned.data_title]
    return " · ".join(words)
