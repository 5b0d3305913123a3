"""Numbers and states in words, the same everywhere in the window."""

from __future__ import annotations

import datetime
import math

from cifar_studio.runs.answers import RequestFailed
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.titles import chosen_by as chosen_by
from cifar_studio.runs.folder.titles import data_of as data_of
from cifar_studio.runs.folder.titles import dated_title as dated_title
from cifar_studio.runs.folder.titles import network as network
from cifar_studio.runs.folder.titles import run_title as run_title

STATES = {
    "running": "running",
    "paused": "paused",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
    "crashed": "crashed",
}


def duration(seconds: float) -> str:
    """A length of time with one or two parts: "38 s", "12 min", "4 h 50 min"."""
    if not math.isfinite(seconds):
        return "unknown time"
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def about(seconds: float, spread: float = 0.0) -> str:
    """A length of time that is not known exactly: "about 12 min", "about 10 to 14 min".

    Parameters
    ----------
    spread : float
        How much longer or shorter it may well be, as a share; below a tenth it is not said.
    """
    if spread < 0.1:
        return f"about {duration(seconds)}"
    low, high = duration(seconds * (1 - spread)), duration(seconds * (1 + spread))
    if low == high:
        return f"about {low}"
    number, _, unit = low.partition(" ")
    return f"about {number if high.partition(' ')[2] == unit else low} to {high}"


def count(number: float) -> str:
    """A large count with three figures: "11.2 M", "37.1 M", "2.47 G"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def memory(mebibytes: float) -> str:
    """Memory in MB or GB, as people say it."""
    return f"{mebibytes / 1024:.1f} GB" if mebibytes >= 1000 else f"{mebibytes:.0f} MB"


def clock(moment: datetime.datetime) -> str:
    """Hour and minute, with the day where it is not today."""
    today = datetime.datetime.now().date()
    return moment.strftime("%H:%M" if moment.date() == today else "%a %H:%M")


def progress(run: Run) -> str:
    """Epochs done of epochs planned."""
    return f"{len(run.rows)}/{run.config.epochs}"


def state(run: Run) -> str:
    """The state of a run in a word."""
    return STATES[run.status.state]


def day(moment: datetime.datetime) -> str:
    """When something was: "14:05" today, else "22 Nov 14:05", with the year where it is past."""
    now = datetime.datetime.now()
    if moment.date() == now.date():
        return f"today {moment:%H:%M}"
    return f"{moment:%d %b %H:%M}" if moment.year == now.year else f"{moment:%d %b %Y}"


def failure(failed: RequestFailed) -> str:
    """Why a short request failed and what to do, as sentences."""
    return f"{failed.message}. {failed.remedy}." if failed.remedy else f"{failed.message}."
