"""How much each setting of a search decides, as `importance.json` of an experiment keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from cifar_studio.config.settings import SETTINGS
from cifar_studio.runs.folder import json_file


class Importance(msgspec.Struct, frozen=True, kw_only=True):
    """What was reckoned last.

    Attributes
    ----------
    trials : int
        From how many finished trials; 0 where it never was.
    importance : dict of key to float
        Shares, 0 to 1.
    """

    trials: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    importance: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]] = {}

    def ranked(self) -> list[tuple[str, float]]:
        """Keys and shares, the largest first."""
        return sorted(self.importance.items(), key=lambda pair: (-pair[1], pair[0]))


def write_importance(path: Path, trials: int, importance: Mapping[str, float]) -> None:
    """Keep what was reckoned. Raises OSError."""
    shares = {
        key: min(max(share, 0.0), 1.0) for key, share in importance.items()
    }  # but for rounding
    json_file.write(path, Importance(trials=trials, importance=shares))


def read_importance(path: Path) -> Importance:
    """What was kept; empty where there is nothing, or nothing that can be used."""
    try:
        found = json_file.read(path, Importance)
    except (OSError, json_file.NotAsExpectedError):
        return Importance()
    known = {key: share for key, share in found.importance.items() if key in SETTINGS}
    return replace(found, importance=known)
