"""The short form of the kill harness; `python tests/kill_runs.py` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kill_runs import kill_and_compare

KILLS = 5


@pytest.mark.usefixtures("shared_cache")
@pytest.mark.long
def test_that_a_run_that_is_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    findings = kill_and_compare(tmp_path, kills=KILLS, seed=0)
    assert findings.kills == KILLS
