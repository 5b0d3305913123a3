"""Whether the places that the window writes to can be written, asked without writing."""

from __future__ import annotations

import os
from pathlib import Path


def why_not_writable(folder: Path) -> str:
    """Why no file can be made in a folder that need not exist yet; empty where one can."""
    for place in (folder, *folder.parents):
        try:
            if not place.exists():
                continue
        except OSError as error:  # below something that may not be looked into
            return error.strerror or str(error)
        if not place.is_dir():
            return f"{place} is no folder"
        return "" if os.access(place, os.W_OK | os.X_OK) else f"{place} may not be written"
    return "its drive is missing"


def faults_of_places(runs: Path, settings: Path) -> str:
    """What cannot be kept, and why, as sentences for a person; empty where all can."""
    sentences = []
    if why := why_not_writable(runs):
        sentences.append(
            f"No run can be kept in {runs} ({why}): mend that, or start the studio with "
            "CIFAR_STUDIO_RUNS set to another folder."
        )
    if why := why_not_writable(settings.parent):
        sentences.append(f"The window's settings cannot be kept in {settings.parent} ({why}).")
    return " ".join(sentences)
