"""Which cases of a test run each time, and which only with `test --all`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def daily(some: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """All cases, for `parametrize`; those that are not among some are marked `long`.

    A tuple is a case of several parameters.
    """
    return [case if case in some else _long(case) for case in cases]


def _long(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
