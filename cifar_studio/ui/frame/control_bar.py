"""Start, Pause and Stop: the buttons that a run is driven with."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import column, grow, row


class ControlBar(QWidget):
    """The one primary button, and what a running training answers to.

    Signals
    -------
    start_requested()
        Start, or add to the queue while a run goes on, or start an experiment.
    pause_requested(), continue_requested()
    stop_after_epoch_requested(), stop_now_requested()
    """

    start_requested = Signal()
    pause_requested = Signal()
    continue_requested = Signal()
    stop_after_epoch_requested = Signal()
    stop_now_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._activity = Activity.IDLE
        self._is_experiment = False
        self._start = basics.button("Start", self.start_requested.emit, primary=True)
        self._pause = QPushButton("Pause")
        self._pause.clicked.connect(self._on_pause_clicked)
        self._stop = basics.menu_button("Stop")
        self._stop.setToolTip("Stop the run (Ctrl+.)")
        menu = QMenu(self)
        self._after_epoch = menu.addAction("After this epoch", self.stop_after_epoch_requested.emit)
        self._now = menu.addAction("Now", self.stop_now_requested.emit)
        self._stop.setMenu(menu)
        self._why = basics.text("", "fault")
        self._why.hide()
        self._data = basics.label("", "small")
        self._stop.setSizePolicy(self._pause.sizePolicy())
        buttons = row(grow(self._pause), grow(self._stop), spacing=2)
        parts = (self._data, self._why, self._start, buttons)
        column(*parts, parent=self, margins=(4, 2, 4, 4), spacing=2)
        self.show_activity(Activity.IDLE)

    def show_activity(self, activity: Activity) -> None:
        """Offer what can be done now, and say what is waited for."""
        self._activity = activity
        busy = activity is not Activity.IDLE
        if not busy and (self._pause.hasFocus() or self._stop.hasFocus()):
            # They are greyed now, and Qt would hand the keyboard to whatever comes next.
            self._start.setFocus()
        self._show_start()
        self._pause.setEnabled(
            activity in (Activity.RUNNING, Activity.PAUSED, Activity.PAUSING)
            or activity is Activity.STOPPING_AFTER_EPOCH
        )
        self._pause.setText(
            {
                Activity.PAUSING: "Pausing…",
                Activity.PAUSED: "Resume",
                Activity.STOPPING_AFTER_EPOCH: "Do not stop",
            }.get(activity, "Pause")
        )
        self._stop.setEnabled(busy and activity is not Activity.STOPPING)
        self._stop.setText(
            {
                Activity.STOPPING: "Stopping…",
                Activity.STOPPING_AFTER_EPOCH: "Stops after epoch",
            }.get(activity, "Stop")
        )
        self._after_epoch.setEnabled(
            activity in (Activity.RUNNING, Activity.PAUSED, Activity.PAUSING)
        )

    def show_mode(self, is_experiment: bool) -> None:
        """Say whether it is one run or an experiment that is started."""
        self._is_experiment = is_experiment
        self._show_start()

    def show_price(self, epoch_left: str, batch: int, *, is_refused: bool = False) -> None:
        """Say what each way of stopping costs: time for one, where the other stands.

        `is_refused` while the disk does not take the state.
        """
        self._after_epoch.setText(
            f"After this epoch ({epoch_left})" if epoch_left else "After this epoch"
        )
        kept = f"keeps batch {batch:,}" if batch else "the state is kept"
        self._now.setText(f"Now ({'loses what cannot be written' if is_refused else kept})")

    def set_startable(self, why_not: str) -> None:
        """Allow Start, or say why it is grey."""
        self._start.setEnabled(not why_not)
        self._why.setText(why_not)
        self._why.setVisible(bool(why_not))

    def show_data(self, name: str) -> None:
        """Say which pictures the next run trains on."""
        self._data.setText(f"Trains on: {name}")

    def open_stop_menu(self) -> None:
        """Show the ways to stop, as a click on Stop does."""
        if self._stop.isEnabled():
            self._stop.showMenu()

    def toggle_pause(self) -> None:
        """Pause, or go on, whichever makes sense now."""
        if self._pause.isEnabled():
            self._on_pause_clicked()

    def _show_start(self) -> None:
        text, tip = "Start", "Train now (Ctrl+R)"
        if self._is_experiment:
            text, tip = "Start experiment", "Begin its trainings (Ctrl+R)"
        elif self._activity is not Activity.IDLE:
            text, tip = "Add to queue", "Train this after the runs before it (Ctrl+R)"
        self._start.setText(text)
        self._start.setToolTip(tip)

    def _on_pause_clicked(self) -> None:
        if self._activity is Activity.RUNNING:
            self.pause_requested.emit()
        else:
            self.continue_requested.emit()
