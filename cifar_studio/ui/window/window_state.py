"""Sets the window up as it was left, and writes down how it is left."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt

from cifar_studio import paths
from cifar_studio.ui.frame.side_panel import RUNS_PAGE, SETUP_PAGE
from cifar_studio.ui.system.writable import faults_of_places
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.type_size import FRAME_PX, apply_fitting
from cifar_studio.ui.window import window_settings

if TYPE_CHECKING:
    from cifar_studio.ui.window.main_window import MainWindow

SIZE = (1280, 800)


def restore(window: MainWindow) -> None:
    """Apply the settings that the window has read."""
    kept = window.settings
    room = window.screen().availableSize()
    if room.width() <= SIZE[0] or room.height() <= SIZE[1] + FRAME_PX:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    if kept.scale > 1:  # perhaps chosen on a larger screen
        apply_fitting(window, kept.theme, kept.scale)
    window.resize(QSize(*SIZE).boundedTo(room))
    if kept.geometry:
        window.restoreGeometry(QByteArray(_bytes(kept.geometry)))
    if kept.curves_layout:
        window.curves.restore_layout(_bytes(kept.curves_layout))
    if kept.confusion_layout:
        window.looking.confusion.restore_layout(_bytes(kept.confusion_layout))
    if kept.compare_layout:
        window.compare.restore_layout(_bytes(kept.compare_layout))
    if kept.hidden_columns is not None:
        window.compare.choose_columns(kept.hidden_columns)
    if kept.convergence is not None:
        window.compare.choose_rule(kept.convergence)
    window.looking.confusion.choose(kept.confusion_switches)
    window.looking.pictures.choose(kept.thumbnail_px, kept.picture_split)
    window.setup.show_values(kept.form, kept.preset)
    window.setup.set_open_groups(kept.open_groups)
    window.panel.show_page(RUNS_PAGE if kept.page == RUNS_PAGE else SETUP_PAGE)
    window.panel.set_folded(kept.panel_folded)
    window.centre.show_tab(kept.tab)
    places = faults_of_places(paths.runs_folder(), paths.settings_file())
    if places or window.settings_fault:
        window.message.show_message(places or window.settings_fault)


def remember(window: MainWindow) -> None:
    """Take the window's state into the settings, and write them."""
    kept = window.settings
    confusion, pictures = window.looking.confusion, window.looking.pictures
    kept.geometry = _text(bytes(window.saveGeometry().data()))
    kept.curves_layout = _text(window.curves.save_layout())
    kept.confusion_layout = _text(confusion.save_layout())
    kept.confusion_switches = confusion.chosen
    kept.thumbnail_px, kept.picture_split = pictures.chosen
    kept.compare_layout = _text(window.compare.save_layout())
    kept.hidden_columns = sorted(window.compare.hidden_columns)
    rule = window.compare.rule
    kept.convergence = (rule.within_percent, rule.window, rule.measure)
    kept.run_colours = window.run_colours.assigned
    kept.panel_folded = window.panel.is_folded and not window.folding.is_mine
    kept.page = window.panel.page
    kept.tab, kept.scale = window.centre.tab, theme.manager().scale
    kept.form, kept.preset = window.setup.values(), window.setup.preset_name()
    kept.data, kept.open_groups = window.setup.data(), window.setup.open_groups()
    kept.selected_run = str(window.selection.selected or "")
    window_settings.save(paths.settings_file(), kept)


def _text(state: bytes) -> str:
    return base64.b64encode(state).decode()


def _bytes(text: str) -> bytes:
    return bytes(QByteArray.fromBase64(text.encode()).data())
