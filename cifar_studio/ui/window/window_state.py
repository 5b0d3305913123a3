"""How the window was left: kept from one start to the next, and put back.

A damaged file is set aside.
"""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from PySide6.QtCore import QByteArray, QSize, Qt

from cifar_studio import paths
from cifar_studio.runs.folder import json_file
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.frame.side_panel import RUNS_PAGE, SETUP_PAGE
from cifar_studio.ui.system.writable import faults_of_places
from cifar_studio.ui.widgets import theme

if TYPE_CHECKING:
    from cifar_studio.ui.compare.view import CompareView
    from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion
    from cifar_studio.ui.experiment.view import ExperimentView

SIZE = (1280, 800)
_Base64 = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9+/=]*$")]


class Settings(msgspec.Struct, kw_only=True):
    """The window as its person left it; geometry and layouts are Qt's own state, base64."""

    geometry: _Base64 = ""
    curves_layout: _Base64 = ""
    confusion_layout: _Base64 = ""
    compare_layout: _Base64 = ""
    experiment_layout: _Base64 = ""
    experiment_view: str = ""  # key of the view chosen last
    hidden_columns: list[str] | None = None  # of Compare; None is what is hidden at first
    convergence: tuple[float, int, str] | None = None  # %, epochs and loss of Compare's rule
    confusion_switches: list[str] = []  # keys chosen above the matrix: level, figures, colours
    thumbnail_px: int = 64
    picture_split: str = "test"  # or "training" or "both"
    run_colours: dict[str, int] = {}  # by run folder name: the place in the theme's colours
    panel_folded: bool = False
    page: int = 0  # 0 Set up, 1 Runs
    tab: int = 0
    theme: str = "system"  # or "light" or "dark"
    scale: float = 1.0  # of the type; 0.75 to 2
    form: dict[str, Any] = {}  # the last form's values, by config key
    experiment: dict[str, Any] = {}  # the form's mode, what it varies, and its group on top
    preset: str = "quick-look"
    chosen_data: str = "auto"  # or "demo": to train on, whether it is here or not
    open_groups: list[str] = msgspec.field(default_factory=lambda: ["Network", "Training", "SGD"])
    selected_run: str = ""
    references_open: bool = True  # whether the list shows the reference runs


def load(path: Path) -> tuple[Settings, str]:
    """The settings, and a word for the person where the file was damaged and set aside."""
    try:
        return json_file.read(path, Settings), ""
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        fault = f"The window's settings cannot be read ({error.strerror or error})"
    except json_file.NotAsExpectedError:
        fault = "The window's settings were damaged"
    # The next ones are written over whatever stays there.
    aside = path.with_name("settings.damaged.json")
    try:
        path.replace(aside)
    except OSError:
        return Settings(), f"{fault}."
    return Settings(), f"{fault}; they are kept as {aside}."


def save(path: Path, settings: Settings) -> None:
    """Write the settings; a home that cannot be written is no reason to disturb anybody."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        json_file.write(path, settings)


def restore(kept: Settings, parts: Parts, fault: str) -> None:
    """Set the window up as it was left; views that are built later have functions of their own.

    `fault` is what was wrong with the file of settings; it is said, if nothing worse is.
    """
    window = parts.window
    room = window.screen().availableSize()
    if room.width() <= SIZE[0] or room.height() <= SIZE[1] + theme.TITLE_BAR_PX:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    if kept.scale > 1:  # perhaps chosen on a larger screen
        theme.apply_fitting(window, kept.theme, kept.scale)
    window.resize(QSize(*SIZE).boundedTo(room))
    if kept.geometry:
        window.restoreGeometry(QByteArray(_bytes(kept.geometry)))
    if kept.curves_layout:
        layout = _bytes(kept.curves_layout)
        parts.curves_view.when_built(lambda curves: curves.restore_layout(layout))
    parts.setup.show_values(kept.form, kept.preset)
    parts.setup.show_experiment_values(kept.experiment)
    parts.setup.set_open_groups(kept.open_groups)
    parts.panel.show_page(RUNS_PAGE if kept.page == RUNS_PAGE else SETUP_PAGE)
    parts.panel.set_folded(kept.panel_folded)
    parts.runs.references.set_open(kept.references_open)
    parts.tabs.show_tab(kept.tab)
    places = faults_of_places(paths.runs_folder(), paths.settings_file())
    if places or fault:
        parts.message.show_message(places or fault)


def restore_pictures_and_confusion(
    kept: Settings, pictures_and_confusion: PicturesAndConfusion
) -> None:
    """Set these two tabs up as they were left."""
    if kept.confusion_layout:
        pictures_and_confusion.confusion.page.restore_layout(_bytes(kept.confusion_layout))
    pictures_and_confusion.confusion.toolbar.restore_keys(kept.confusion_switches)
    pictures_and_confusion.pictures.choose(kept.thumbnail_px, kept.picture_split)


def restore_compare(kept: Settings, view: CompareView) -> None:
    """Set this tab up as it was left."""
    if kept.compare_layout:
        view.restore_layout(_bytes(kept.compare_layout))
    if kept.hidden_columns is not None:
        view.choose_columns(kept.hidden_columns)
    if kept.convergence is not None:
        view.choose_rule(kept.convergence)


def restore_experiment(kept: Settings, view: ExperimentView) -> None:
    """Set this tab up as it was left."""
    if kept.experiment_layout:
        view.restore_layout(_bytes(kept.experiment_layout))
    view.choose_view(kept.experiment_view)


def remember(
    kept: Settings,
    parts: Parts,
    *,
    folded_by_person: bool,
    pictures_and_confusion: PicturesAndConfusion | None,
    compare: CompareView | None,
    experiment: ExperimentView | None,
) -> None:
    """Take the window's state into the settings, and write them.

    What was not built keeps the state that it was left in before.
    """
    kept.geometry = _text(bytes(parts.window.saveGeometry().data()))
    if parts.curves_view.built is not None:
        kept.curves_layout = _text(parts.curves.save_layout())
        kept.run_colours = parts.curves.run_colours.assigned
    kept.panel_folded = folded_by_person
    kept.page = parts.panel.page
    kept.tab, kept.scale = parts.tabs.tab, theme.manager().scale
    kept.form, kept.preset = parts.setup.values(), parts.setup.preset_name()
    kept.experiment = parts.setup.experiment_values()
    kept.chosen_data = parts.setup.chosen_data
    kept.open_groups = parts.setup.open_groups()
    kept.references_open = parts.runs.references.is_open
    kept.selected_run = str(parts.selection.selected or "")
    if pictures_and_confusion is not None:
        kept.confusion_layout = _text(pictures_and_confusion.confusion.page.save_layout())
        kept.confusion_switches = pictures_and_confusion.confusion.toolbar.kept_keys
        kept.thumbnail_px, kept.picture_split = pictures_and_confusion.pictures.chosen
    if compare is not None:
        kept.compare_layout = _text(compare.save_layout())
        kept.hidden_columns = sorted(compare.table.hidden)
        rule = compare.rule
        kept.convergence = (rule.within_percent, rule.window, rule.measure)
    if experiment is not None:
        kept.experiment_layout = _text(experiment.save_layout())
        kept.experiment_view = experiment.chosen_view
    save(paths.settings_file(), kept)


def _text(state: bytes) -> str:
    return base64.b64encode(state).decode()


def _bytes(text: str) -> bytes:
    return bytes(QByteArray.fromBase64(text.encode()).data())
