"""What the window remembers from one start to the next. A damaged file is set aside."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from cifar_studio.runs.folder import json_file

_Base64 = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9+/=]*$")]


class Settings(msgspec.Struct, kw_only=True):
    """The window as its person left it.

    Attributes
    ----------
    geometry, curves_layout, confusion_layout, compare_layout : str
        Qt's own state, base64.
    confusion_switches : list of str
        The keys that are chosen above the matrix: level, figures, colours.
    hidden_columns : list of str or None
        Of Compare; None is what is hidden at first.
    convergence : tuple or None
        Per cent, epochs and loss of the rule in Compare; None is the studio's own.
    thumbnail_px : int
        Side of a thumbnail.
    picture_split : str
        "training", "test" or "both".
    run_colours : dict of run folder name to place in the theme's colours
    panel_folded : bool
    page : int
        0 Set up, 1 Runs.
    tab : int
    theme : str
        "system", "light" or "dark".
    scale : float
        Of the type; 0.75 to 2.
    form : dict
        The last form's values, by config key.
    preset : str
    data : str
        "auto", "demo" or a path.
    open_groups : list of str
    selected_run : str
    """

    geometry: _Base64 = ""
    curves_layout: _Base64 = ""
    confusion_layout: _Base64 = ""
    compare_layout: _Base64 = ""
    hidden_columns: list[str] | None = None
    convergence: tuple[float, int, str] | None = None
    confusion_switches: list[str] = []
    thumbnail_px: int = 64
    picture_split: str = "test"
    run_colours: dict[str, int] = {}
    panel_folded: bool = False
    page: int = 0
    tab: int = 0
    theme: str = "system"
    scale: float = 1.0
    form: dict[str, Any] = {}
    preset: str = "quick-look"
    data: str = "auto"
    open_groups: list[str] = msgspec.field(default_factory=lambda: ["Network", "Training", "SGD"])
    selected_run: str = ""


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
