"""The head of the centre: which run every tab shows, how it stands, and the way to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from cifar_studio.config.study import shortened_by
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import STRETCH, row

RUNS_IN_MENU = 15


class RunHeader(QWidget):
    """Names the selected run.

    Signals
    -------
    run_chosen(Path)
    live_requested()
        Show the run that is training.
    resume_requested(Run)
        Go on with the run that is shown.
    """

    run_chosen = Signal(object)
    live_requested = Signal()
    resume_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        # Whatever a run is called, the window must not become wider by it.
        self._name = basics.ElidedLabel("", "heading")
        self._facts = basics.ElidedLabel("", "muted")
        self._state = basics.label("", "muted")
        self._live = basics.link("", self.live_requested.emit)
        self._live.hide()
        self._run: Run | None = None
        self._resume = basics.button("Resume", lambda: self.resume_requested.emit(self._run))
        self._resume.setToolTip("Go on with this run where its last state was kept")
        self._resume.hide()
        self._switch = basics.menu_button("Other run")
        self._switch.setAccessibleName("Show another run")
        self._menu = QMenu(self)
        self._switch.setMenu(self._menu)
        self._actions = basics.GlyphButton("more", "What can be done with this run")
        self._actions.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row(
            *(self._name, self._facts, self._state),
            STRETCH,
            *(self._live, self._resume, self._switch, self._actions),
            parent=self,
            margins=(4, 2, 3, 2),
            spacing=2,
        )

    def show_nothing(self) -> None:
        """No run is selected."""
        self._name.setText("No run yet")
        self._facts.setText("")
        self._state.setText("")
        self._actions.hide()
        self._switch.hide()

    def show_run(
        self, run: Run, menu: QMenu | None, *, state: str, can_resume: bool = False
    ) -> None:
        """Name a run; `menu` is what can be done with it, `state` how it stands, in a word."""
        self._run = run
        self._resume.setVisible(can_resume)
        self._name.setText(wording.run_title(run))
        data = run.environment.data if run.environment else None
        facts = [run.data_name]
        short = shortened_by(run.config)
        if short:
            facts.append(f"short: {short}")
        elif data is not None and not data.complete:
            judged_on = wording.judged_on(run.config, data)
            facts.append(f"{data.train_pictures:,} training and {judged_on} pictures")
        facts.append(f"seed {run.config.seed}")
        self._facts.setText(" · ".join(facts))
        for label in (self._name, self._facts):
            label.setToolTip(label.text())
        damaged = " · partly damaged" if run.damage else ""
        self._state.setText(f"{wording.progress(run)} epochs · {state}{damaged}")
        early = run.early_stop.words().capitalize() if run.early_stop is not None else ""
        words = (early or run.status.message, *run.damage)
        self._state.setToolTip("\n".join(filter(None, words)))
        if menu is not None:
            self._actions.setMenu(menu)
        self._actions.show()

    def show_live(self, text: str) -> None:
        """Point at the run that trains while another one is shown; empty text hides it."""
        self._live.setText(text)
        self._live.setVisible(bool(text))

    def offer_runs(self, runs: Sequence[Run], selected: Path | None) -> None:
        """Fill the switcher, newest first."""
        self._menu.clear()
        for run in runs[:RUNS_IN_MENU]:
            figure = f" · {wording.best_top1(run.best)}" if run.best is not None else ""
            when = f" · {wording.day(run.started)}" if run.started else ""
            data = wording.data_of(run.config, run.data_name)
            text = f"{wording.run_title(run)} · {data}{figure}{when}"
            action = self._menu.addAction(text.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(run.path == selected)
            action.triggered.connect(lambda _=False, path=run.path: self.run_chosen.emit(path))
        self._switch.setVisible(len(runs) > 1)
