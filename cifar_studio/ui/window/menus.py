"""The menu bar: every command of the window, with its shortcut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cifar_studio.ui.frame.central_tabs import TITLES
from cifar_studio.ui.widgets import shortcut_keys
from cifar_studio.ui.window.commands import Commands


def build_menus(bar: QMenuBar, commands: Commands) -> None:
    """Fill the window's menu bar."""
    parts, files = commands.parts, commands.files
    file = bar.addMenu("&File")
    _add(file, "Open a run folder…", "Ctrl+O", files.ask_run_folder)
    _add(file, "Open runs from files…", "", files.ask_bundles)
    _add(file, "Open pictures…", shortcut_keys.OPEN_PICTURES, files.ask_pictures)
    _add(file, "Use my copy of CIFAR-100…", "", files.ask_data)
    file.addSeparator()
    _add(file, "Export…", shortcut_keys.EXPORT, commands.export_runs)
    file.addSeparator()
    _add(file, "Quit", shortcut_keys.QUIT, parts.window.close)
    run = bar.addMenu("&Run")
    _add(run, "Start", shortcut_keys.START, commands.start)
    _add(run, "Pause or resume", shortcut_keys.PAUSE, parts.controls.toggle_pause)
    _add(run, "Stop…", shortcut_keys.STOP, parts.controls.open_stop_menu)
    run.addSeparator()
    _add(run, "Repeat the report…", "", commands.repeat_report)
    _add(run, "Show the run that trains", shortcut_keys.LIVE, parts.selection.select_live)
    view = bar.addMenu("&View")
    for position, title in enumerate(TITLES):
        _add(view, title, shortcut_keys.TABS[position], partial(commands.show_tab, position))
    view.addSeparator()
    _add(view, "Set up", shortcut_keys.SET_UP, commands.show_setup)
    _add(view, "Runs", shortcut_keys.RUNS, commands.show_runs)
    _add(view, "Search the runs", shortcut_keys.SEARCH, commands.search_runs)
    _add(view, "Look at the runs again", "F5", parts.model.refresh)
    _add(view, "Fold the left side", shortcut_keys.FOLD, commands.fold_panel)
    view.addSeparator()
    _add_themes(view.addMenu("Colours"), commands)
    _add(view, "Larger", shortcut_keys.LARGER, partial(commands.scale_type, 1.1))
    _add(view, "Smaller", shortcut_keys.SMALLER, partial(commands.scale_type, 1 / 1.1))
    _add(view, "Normal size", shortcut_keys.NORMAL, partial(commands.scale_type, 0))
    help_menu = bar.addMenu("&Help")
    _add(help_menu, "Shortcuts", shortcut_keys.SHEET, commands.show_shortcuts).setShortcuts(
        [QKeySequence(shortcut_keys.SHEET), QKeySequence("?")]
    )
    _add(help_menu, "Where things are kept", "", commands.show_places)
    _add(help_menu, "About CIFAR Studio", "", commands.show_about)


def _add(menu: QMenu, text: str, keys: str, slot: Callable[[], object]) -> QAction:
    action = menu.addAction(text)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: slot())
    return action


def _add_themes(menu: QMenu, commands: Commands) -> None:
    group = QActionGroup(menu)
    for name, title in (("system", "As the system"), ("light", "Light"), ("dark", "Dark")):
        action = _add(menu, title, "", partial(commands.choose_theme, name))
        action.setCheckable(True)
        action.setChecked(commands.settings.theme == name)
        group.addAction(action)
