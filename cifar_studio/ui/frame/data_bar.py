"""The bar that says that CIFAR-100 is not here yet, and brings it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QMenu, QProgressBar

from cifar_studio.runner.protocol import FetchDataRequest, PrepareDataRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import Cancelled, DataProgressed, DataReady, RequestFailed
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import grow, row
from cifar_studio.ui.workers.helper_worker import HelperWorker

BAR_PX = 160
DOWNLOAD_MB = 169


class DataBar(QFrame):
    """Offers a download or a copy of the person's own, and shows how it goes.

    Signals
    -------
    data_ready(DataReady)
        CIFAR-100 can be trained on now.
    """

    data_ready = Signal(object)

    def __init__(self, helper: HelperWorker) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._helper = helper
        self._request = 0
        self._text = basics.text()
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(theme.px(BAR_PX))
        self._progress.setAccessibleName("Progress of the download")
        self._download = basics.button(f"Download ({DOWNLOAD_MB} MB)", self._on_download)
        self._own = basics.menu_button("I have it…")
        menu = QMenu(self)
        menu.addAction("Choose its folder…", self._on_choose_folder)
        menu.addAction("Choose its archive…", self._on_choose_archive)
        self._own.setMenu(menu)
        self._cancel = basics.button("Cancel", self._on_cancel)
        self._close = basics.GlyphButton("close", "Hide this bar; it comes back at the next start")
        self._close.clicked.connect(self.hide)
        row(
            grow(self._text),
            *(self._progress, self._download, self._own, self._cancel, self._close),
            parent=self,
            margins=(4, 2, 2, 2),
            spacing=2,
        )
        self._offer(
            "CIFAR-100 is not here yet. Until it is, training uses the built-in demo set, "
            "drawn by code."
        )

    @property
    def is_busy(self) -> bool:
        """Whether pictures are being fetched or read."""
        return self._request != 0

    def take(self, path: Path) -> None:
        """Read a folder or archive that the person has."""
        self._begin(PrepareDataRequest(id=new_id(), data=str(path)), f"Reading {path.name}…")

    def _begin(self, request: PrepareDataRequest | FetchDataRequest, text: str) -> None:
        if self.is_busy:
            return
        self._request = request.id
        self._text.setText(text)
        self._show_buttons(busy=True)
        self._progress.setRange(0, 0)
        self.show()
        self._helper.ask(request, self._on_event)

    def _offer(self, text: str, download: str = "") -> None:
        self._request = 0
        self._text.setText(text)
        self._download.setText(download or f"Download ({DOWNLOAD_MB} MB)")
        self._show_buttons(busy=False)

    def _show_buttons(self, *, busy: bool) -> None:
        self._progress.setVisible(busy)
        self._cancel.setVisible(busy)
        self._cancel.setEnabled(True)
        for part in (self._download, self._own, self._close):
            part.setHidden(busy)

    def _on_download(self) -> None:
        self._begin(FetchDataRequest(id=new_id()), "Connecting…")

    def _on_choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "The folder cifar-100-python")
        if chosen:
            self.take(Path(chosen))

    def _on_choose_archive(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "The archive", filter="CIFAR-100 (*.tar.gz *.tgz *.tar *.tar.xz *.zip);;All (*)"
        )
        if chosen:
            self.take(Path(chosen))

    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._text.setText("Cancelling…")
        self._helper.cancel(self._request)

    def _on_event(self, event: object) -> None:
        if isinstance(event, DataProgressed):
            self._show_progress(event)
        elif isinstance(event, DataReady):
            self._request = 0
            self.hide()
            self.data_ready.emit(event)
        elif isinstance(event, Cancelled):
            self._offer("Cancelled; what was fetched is kept.", "Resume the download")
        elif isinstance(event, RequestFailed):
            self._offer(wording.failure(event), "Try again")

    def _show_progress(self, event: DataProgressed) -> None:
        text = event.phase[:1].upper() + event.phase[1:]
        if event.total:
            self._progress.setRange(0, 1000)
            self._progress.setValue(round(1000 * event.done / event.total))
        else:
            self._progress.setRange(0, 0)
        if event.bytes_per_second and event.total:
            left = (event.total - event.done) / event.bytes_per_second
            text += (
                f" · {event.done / 1e6:.0f} of {event.total / 1e6:.0f} MB"
                f" · {event.bytes_per_second / 1e6:.1f} MB/s · {wording.duration(left)} left"
            )
        self._text.setText(text)
