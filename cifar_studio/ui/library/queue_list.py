"""The runs that wait, above the library: reorder them or take them out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cifar_studio.config.study import shortened_by
from cifar_studio.runs import wording
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.training.run_queue import RunQueue
from cifar_studio.ui.widgets import basics, theme

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
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4 * theme.GRID, 2 * theme.GRID, 3 * theme.GRID, 0)
        self._layout.setSpacing(theme.GRID)
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
        shown = enumerate(runs[:MOST_ROWS])
        self._rows = [self._row(position, planned) for position, planned in shown]
        for row in self._rows:
            self._layout.addWidget(row)
        if len(runs) > MOST_ROWS:
            # Hundreds of rows would be taller than the window, and made anew at each start.
            self._layout.addWidget(basics.label(f"and {len(runs) - MOST_ROWS:,} more", "muted"))
        self._layout.addSpacing(2 * theme.GRID)

    def _head(self, count: int) -> QWidget:
        head = QWidget()
        layout = QHBoxLayout(head)
        layout.setContentsMargins(0, 0, 0, 0)
        is_held = self._queue.is_held
        held = " · held" if is_held else ""
        layout.addWidget(basics.label(f"Waiting · {count}{held}", "heading"), 1)
        if is_held:
            link = basics.link("Go on", self.go_on_requested.emit)
            link.setToolTip(
                "Several runs in a row have failed; start the next one"
                if self._queue.is_held_by_failures
                else "Start the next one"
            )
        else:
            link = basics.link("Hold", self._queue.pause)
            link.setToolTip("Start no other run after the one that goes on")
        layout.addWidget(link)
        return head

    def _row(self, position: int, planned: PlannedRun) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        config = planned.config
        texts = QVBoxLayout()
        texts.setSpacing(0)
        name = basics.ElidedLabel(f"{position + 1}. {wording.network(config)}")
        about = basics.ElidedLabel(_about(planned))
        about.setProperty("role", "small")
        for text in (name, about):
            text.setToolTip(f"{planned.title}, seed {config.seed}, {planned.data_title}")
            texts.addWidget(text)
        layout.addLayout(texts, 1)
        earlier = self._mover("up", "Run it earlier", position, position - 1)
        later = self._mover("down", "Run it later", position, position + 1)
        remove = basics.GlyphButton("close", "Take it out of the queue")
        remove.clicked.connect(lambda: self._queue.remove(position))
        for button in (earlier, later, remove):
            layout.addWidget(button)
        return row

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
            wanted = buttons[("up", "down").index(glyph)]
            (wanted if wanted.isEnabled() else buttons[-1]).setFocus()


def _about(planned: PlannedRun) -> str:
    config = planned.config
    words = ["short"] if shortened_by(config) else []
    words += [f"{config.epochs} epochs", f"seed {config.seed}"]
    words += [] if planned.data == "auto" else [planned.data_title]
    return " · ".join(words)
