"""What a search can propose: its axes as one space, and parameters as places in it."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from cifar_studio.config.experiment.axis import Axis


def key_of(parameters: Mapping[str, Any]) -> str:
    """The same for the same parameters, whether they were read from a ledger or just made."""
    return json.dumps(parameters, sort_keys=True)


def combination_count(axes: Iterable[Axis]) -> int | None:
    """How many different trials there can be; None where a range has no steps."""
    values = [_values(axis) for axis in axes]
    if any(one is None for one in values):
        return None
    return math.prod(len(one) for one in values if one is not None)


def first_new(axes: Sequence[Axis], known: Container[str]) -> dict[str, Any] | None:
    """The first combination, the last axis first, whose key is not among the known ones.

    None where there is none, and where a range has no steps.
    """
    values = [one for axis in axes if (one := _values(axis)) is not None]
    if len(values) < len(axes):
        return None
    keys = [axis.key for axis in axes]
    combinations = (dict(zip(keys, one, strict=True)) for one in itertools.product(*values))
    return next((one for one in combinations if key_of(one) not in known), None)


def value_at(axis: Axis, share: float) -> Any:
    """What lies at a share, from 0 to below 1, of an axis; its values have equal shares."""
    if axis.is_range:
        return axis.at(share)
    return axis.values[min(int(share * len(axis.values)), len(axis.values) - 1)]


def to_places(parameters: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any] | None:
    """Of each axis the number in its range, or the index among its values.

    None where the parameters are not of these axes: of a search whose axes were changed.
    """
    if parameters.keys() != {axis.key for axis in axes}:
        return None
    places = {axis.key: _place(axis, parameters[axis.key]) for axis in axes}
    return None if None in places.values() else places


def from_places(places: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any]:
    """The parameters at the places."""
    return {
        axis.key: places[axis.key] if axis.is_range else axis.values[places[axis.key]]
        for axis in axes
    }


def _place(axis: Axis, value: Any) -> Any:
    if not axis.is_range:
        words = json.dumps(value)
        found = (index for index, one in enumerate(axis.values) if json.dumps(one) == words)
        return next(found, None)
    assert axis.low is not None
    assert axis.high is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_in = axis.low <= value <= axis.high and (not axis.is_whole or value == int(value))
    return value if is_in else None


def _values(axis: Axis) -> Sequence[Any] | None:
    if not axis.is_range:
        return axis.values
    assert axis.low is not None
    assert axis.high is not None
    return range(int(axis.low), int(axis.high) + 1) if axis.is_whole else None
