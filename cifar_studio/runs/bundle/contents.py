"""A run's files as a bundle holds them: nothing tells where things lie on this computer.

The log stays at home. Of `environment.json` the machine and the versions travel, the places in its
command and the folder of the data do not; a message that names a place is left out; the home folder
is "~" wherever it is named.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cifar_studio.reading import open_file
from cifar_studio.runs.bundle.manifest import BLOCK
from cifar_studio.runs.folder import json_file

ELSEWHERE = "a place on another computer"
_NAME_STARTS, _NAME_ENDS = r"(?<![\w.-])", r"(?![\w.-])"  # /home/ann is not in /home/anna
_SEPARATORS = re.compile(r"[/\\]")


@contextlib.contextmanager
def contents_of(source: Path) -> Iterator[BinaryIO]:
    """A file of a run as a bundle holds it.

    Raises
    ------
    OSError
    NotAsExpectedError
        It should be JSON, and is not.
    """
    if source.suffix != ".json":
        with open_file(source) as file:
            yield file
        return
    values = _without_places(source.name, json_file.read_plain(source))
    with tempfile.TemporaryFile() as file:
        file.write(json_file.encoded(_without_home(values, str(Path.home()))))
        file.seek(0)
        yield file


def digest_of(source: Path) -> str:
    """sha256 of what a bundle of it would hold; empty where it cannot be read."""
    try:
        with contents_of(source) as contents:
            digest = hashlib.sha256()
            while block := contents.read(BLOCK):
                digest.update(block)
            return digest.hexdigest()
    except (OSError, json_file.NotAsExpectedError):
        return ""


def _without_places(name: str, values: Any) -> Any:
    """What the studio itself wrote, without its places; a person's own words stay as they are."""
    if not isinstance(values, dict):
        return values
    if name == "status.json" and _names_place(values.get("message")):
        return {**values, "message": "", "remedy": ""}
    if name == "environment.json":
        command, data = values.get("command"), values.get("data")
        if isinstance(command, list):
            words = [ELSEWHERE if _names_place(word) else word for word in command]
            values = {**values, "command": words}
        if isinstance(data, dict) and _names_place(data.get("source")):
            values = {**values, "data": {**data, "source": ELSEWHERE}}
    return values


def _names_place(value: Any) -> bool:
    return isinstance(value, str) and _SEPARATORS.search(value) is not None


def _without_home(value: Any, home: str) -> Any:
    """JSON with the home folder as "~": where it lies is its owner's name, mostly."""
    if isinstance(value, str):
        pattern = _NAME_STARTS + re.escape(home) + _NAME_ENDS
        return re.sub(pattern, "~", value) if len(home) > 1 else value
    if isinstance(value, list):
        return [_without_home(one, home) for one in value]
    if isinstance(value, dict):
        return {key: _without_home(one, home) for key, one in value.items()}
    return value
