"""Which cases of a test run each time, and which only with `test --all`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def daily(some: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """All cases, for `parametrize`; those that are not among some are marked `long`."""
    return [case if case in some else pytest.param(case, marks=pytest.mark.long) for case in cases]
