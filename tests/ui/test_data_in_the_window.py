"""CIFAR-100 by way of the window: download, cancel, resume, a copy of one's own, a drop."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QProgressBar
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.ui.frame.data_bar import DataBar
from cifar_studio.ui.window.main_window import MainWindow
from cifar_studio.ui.workers.helper_worker import HelperWorker
from ui_support import close

WAIT_MS = 60_000
ARCHIVE_BYTES = 169_001_437
BLOCK = b"\0" * 65536


class _Handler(http.server.BaseHTTPRequestHandler):
    """Sends an archive's length and some of its bytes, then holds the line until released."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, SlowServer)
        asked = self.headers.get("Range", "")
        server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(ARCHIVE_BYTES - start))
        self.send_header("ETag", '"one"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{ARCHIVE_BYTES - 1}/{ARCHIVE_BYTES}")
        self.end_headers()
        for _ in range(32):
            self.wfile.write(BLOCK)
        server.release.wait(60)

    def log_message(self, *_: object) -> None:
        pass


class SlowServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ranges: list[str] = []
        self.release = threading.Event()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowServer]:
    server = SlowServer()
    monkeypatch.setenv("CIFAR_STUDIO_MIRROR", f"http://127.0.0.1:{server.server_port}/c.tar.gz")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def bar(qtbot: QtBot, home: Path) -> Iterator[DataBar]:
    helper = HelperWorker()
    bar = DataBar(helper)
    qtbot.addWidget(bar)
    bar.show()
    yield bar
    helper.kill()
    qtbot.waitUntil(lambda: helper.is_settled, timeout=WAIT_MS)


def text(bar: DataBar) -> str:
    return " ".join(label.text() for label in bar.findChildren(QLabel) if label.isVisible())


def click(bar: DataBar, name: str) -> None:
    next(b for b in bar.findChildren(QAbstractButton) if b.text().startswith(name)).click()


def test_that_a_download_is_cancelled_and_resumed_where_it_stood(
    qtbot: QtBot, bar: DataBar, server: SlowServer
) -> None:
    click(bar, "Download (169 MB)")
    qtbot.waitUntil(lambda: "of 169 MB" in text(bar), timeout=WAIT_MS)
    assert "MB/s" in text(bar)
    assert bar.findChild(QProgressBar).value() > 0
    click(bar, "Cancel")
    qtbot.waitUntil(lambda: "what was fetched is kept" in text(bar), timeout=WAIT_MS)
    (part,) = paths.data_cache_folder().glob("*.part")
    kept = part.stat().st_size
    assert 0 < kept < ARCHIVE_BYTES
    click(bar, "Resume the download")
    qtbot.waitUntil(lambda: len(server.ranges) == 2, timeout=WAIT_MS)
    assert server.ranges == ["", f"bytes={kept}-"]
    click(bar, "Cancel")
    qtbot.waitUntil(lambda: not bar.is_busy, timeout=WAIT_MS)


def test_that_a_wrong_copy_is_refused_in_words_and_can_be_tried_again(
    qtbot: QtBot, bar: DataBar, tmp_path: Path
) -> None:
    (tmp_path / "cifar-100-python").mkdir()
    for name in ("train", "test", "meta"):
        (tmp_path / "cifar-100-python" / name).write_bytes(b"no pictures")
    bar.take(tmp_path)
    assert bar.is_busy
    qtbot.waitUntil(lambda: not bar.is_busy, timeout=WAIT_MS)
    assert "cifar-100-python" in text(bar)
    assert not (paths.data_cache_folder() / "cifar-100").exists()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


@pytest.mark.real_data
def test_that_a_dropped_folder_becomes_the_data_of_the_next_run(
    qtbot: QtBot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(os.environ["CIFAR100_ROOT"])
    monkeypatch.delenv("CIFAR100_ROOT")
    window = MainWindow()
    window.show()
    assert window.parts.setup.data() == "demo"
    drop(window, root)
    qtbot.waitUntil(lambda: window.parts.setup.data() == "auto", timeout=WAIT_MS)
    assert (paths.data_cache_folder() / "cifar-100").is_dir()
    window.leave()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT_MS)
    window.deleteLater()


def test_that_a_copy_that_turns_up_later_is_used_unless_the_demo_set_was_chosen(
    qtbot: QtBot, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At first the demo set stands in; then CIFAR-100 is here; then the demo set is chosen."""
    found: list[bool] = []
    monkeypatch.setattr(
        "cifar_studio.ui.controllers.setup_form.locate", lambda _: Path("/x") if found else None
    )
    for expected in ("demo", "auto", "demo"):
        window = MainWindow()
        window.show()
        assert window.parts.setup.data() == expected
        told = [label.text() for label in window.parts.controls.findChildren(QLabel)]
        assert f"Trains on: {'CIFAR-100' if expected == 'auto' else 'demo set'}" in told
        if found:
            window.parts.setup.choose_data("demo")
        found.append(True)
        close(qtbot, window)
        window.deleteLater()
