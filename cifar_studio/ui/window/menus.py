"""The menu bar: every command of the window, with its shortcut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from cifar_studio.ui.widgets import shortcut_keys

if TYPE_CHECKING:
    from cifar_studio.ui.window.main_window import MainWindow


def build_menus(window: MainWindow) -> None:
    """Fill the window's menu bar."""
    bar = window.menuBar()
    file = bar.addMenu("&File")
    _add(file, "Open a run folder…", "Ctrl+O", window.taking_in.ask_run_folder)
    _add(file, "Open runs from files…", "", window.taking_in.ask_bundles)
    _add(file, "Open pictures…", shortcut_keys.OPEN_PICTURES, window.taking_in.ask_pictures)
    _add(file, "Use my copy of CIFAR-100…", "", window.taking_in.ask_data)
    file.addSeparator()
    _add(file, "Export…", shortcut_keys.EXPORT, window.export_runs)
    file.addSeparator()
    _add(file, "Quit", shortcut_keys.QUIT, window.close)
    run = bar.addMenu("&Run")
    _add(run, "Start", shortcut_keys.START, window.request_start)
    _add(run, "Pause or resume", shortcut_keys.PAUSE, window.controls.toggle_pause)
    _add(run, "Stop…", shortcut_keys.STOP, window.controls.open_stop_menu)
    run.addSeparator()
    _add(run, "Repeat the report…", "", window.repeat_report)
    _add(run, "Show the run that trains", shortcut_keys.LIVE, window.show_live)
    view = bar.addMenu("&View")
    for position, title in enumerate(window.tab_titles):
        _add(view, title, shortcut_keys.TABS[position], partial(window.show_tab, position))
    view.addSeparator()
    _add(view, "Set up", shortcut_keys.SET_UP, window.show_setup)
    _add(view, "Runs", shortcut_keys.RUNS, window.show_runs)
    _add(view, "Search the runs", shortcut_keys.SEARCH, window.search_runs)
    _add(view, "Look at the runs again", "F5", window.refresh_library)
    _add(view, "Fold the left side", shortcut_keys.FOLD, window.toggle_panel)
    view.addSeparator()
    _add_themes(view.addMenu("Colours"), window)
    _add(view, "Larger", shortcut_keys.LARGER, partial(window.scale_type, 1.1))
    _add(view, "Smaller", shortcut_keys.SMALLER, partial(window.scale_type, 1 / 1.1))
    _add(view, "Normal size", shortcut_keys.NORMAL, partial(window.scale_type, 0))
    help_menu = bar.addMenu("&Help")
    _add(help_menu, "Shortcuts", shortcut_keys.SHEET, window.show_shortcuts).setShortcuts(
        [QKeySequence(shortcut_keys.SHEET), QKeySequence("?")]
    )
    _add(help_menu, "Where things are kept", "", window.show_places)
    _add(help_menu, "About CIFAR Studio", "", window.show_about)


def _add(menu: QMenu, text: str, keys: str, slot: Callable[[], object]) -> QAction:
    action = menu.addAction(text)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: slot())
    return action


def _add_themes(menu: QMenu, window: MainWindow) -> None:
    group = QActionGroup(menu)
    for name, title in (("system", "As the system"), ("light", "Light"), ("dark", "Dark")):
        action = _add(menu, title, "", partial(window.choose_theme, name))
        action.setCheckable(True)
        action.setChecked(window.settings.theme == name)
        group.addAction(action)
