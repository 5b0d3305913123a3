"""The window on a real X screen: driven from outside by mouse and keyboard, nothing cut off."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from cifar_studio.runs.folder.events import BatchesEnded, RunEnded
from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.window.main_window import MainWindow

pytestmark = [pytest.mark.screen, pytest.mark.real_worker]
RUN_MS = 110_000


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, timeout=20)


def press(qtbot: QtBot, window: MainWindow, *keys: str) -> None:
    """Give the window the keyboard and press keys, as a person does."""
    xdotool("windowfocus", str(int(window.winId())))
    qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
    xdotool("key", *keys)


def click(window: MainWindow, widget: QWidget) -> None:
    ratio = window.devicePixelRatio()
    middle = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2)) * ratio
    xdotool("mousemove", str(middle.x()), str(middle.y()), "click", "1")


def editor(window: MainWindow, name: str) -> QLineEdit:
    return next(e for e in window.findChildren(QLineEdit) if e.accessibleName() == name)


def button(window: MainWindow, text: str) -> QAbstractButton:
    return next(
        b for b in window.findChildren(QAbstractButton) if b.text() == text and b.isVisible()
    )


needs_xdotool = pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool is missing")


@needs_xdotool
def test_that_a_person_with_mouse_and_keyboard_trains_and_stops(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.parts.setup.show_values({"train_per_class": 2, "test_per_class": 1}, "quick-look")
    epochs = editor(window, "Epochs")
    press(qtbot, window, "Escape")
    click(window, epochs)
    qtbot.waitUntil(epochs.hasFocus, timeout=10_000)
    xdotool("key", "ctrl+a", "5", "0")
    qtbot.waitUntil(lambda: epochs.text() == "50", timeout=10_000)
    with qtbot.waitSignal(
        window.parts.controller.event_received,
        timeout=RUN_MS,
        check_params_cb=lambda event: isinstance(event, BatchesEnded),
    ):
        click(window, button(window, "Start"))
    press(qtbot, window, "ctrl+p")
    qtbot.waitUntil(lambda: window.parts.controller.activity is Activity.PAUSED, timeout=RUN_MS)
    with qtbot.waitSignal(
        window.parts.controller.event_received,
        timeout=RUN_MS,
        check_params_cb=lambda event: isinstance(event, RunEnded),
    ):
        window.parts.controller.stop_now()


@needs_xdotool
def test_that_shortcuts_reach_every_page_and_tab(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "ctrl+l")
    qtbot.waitUntil(lambda: editor(window, "Search runs").isVisible(), timeout=10_000)
    press(qtbot, window, "ctrl+n")
    qtbot.waitUntil(lambda: editor(window, "Epochs").isVisible(), timeout=10_000)
    press(qtbot, window, "ctrl+b")
    qtbot.waitUntil(lambda: not editor(window, "Epochs").isVisible(), timeout=10_000)
    press(qtbot, window, "ctrl+b")
    qtbot.waitUntil(lambda: editor(window, "Epochs").isVisible(), timeout=10_000)
    press(qtbot, window, "ctrl+3")
    qtbot.waitUntil(lambda: not window.parts.curves.isVisible(), timeout=10_000)
    press(qtbot, window, "ctrl+1")
    qtbot.waitUntil(window.parts.curves.isVisible, timeout=10_000)


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 760), (1920, 1040)])
def test_that_no_text_is_cut_off(
    qtbot: QtBot, window: MainWindow, choice: str, size: tuple[int, int]
) -> None:
    window.commands.choose_theme(choice)
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size, timeout=10_000)
    assert theme.current().name == choice
    cut = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton):
            continue
        text = widget.text()
        if not text or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if QFontMetrics(widget.font()).horizontalAdvance(text.replace("&", "")) > widget.width():
            cut.append(f"{type(widget).__name__} {text!r} {widget.width()}")
    assert cut == []


def test_that_larger_type_still_fits(qtbot: QtBot, window: MainWindow) -> None:
    before = editor(window, "Epochs").height()
    for _ in range(3):
        window.commands.scale_type(1.1)
    qtbot.waitUntil(lambda: editor(window, "Epochs").height() > before, timeout=10_000)
    window.commands.scale_type(0)
    qtbot.waitUntil(lambda: editor(window, "Epochs").height() == before, timeout=10_000)
