"""`TrainConfig` as JSON and as KEY=VALUE words; every fault is found, not only the first."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cifar_studio.config.check import Fault, check
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, ConfigError, NewerVersionError
from cifar_studio.reading import read_bytes

Judge = Callable[[TrainConfig], tuple[Fault, ...]]
FORMAT_VERSION = 1
MAX_CONFIG_BYTES = 64 * 1024
_DIGITS = re.compile(r"\d{1,9}")
_NO_DECAY = "is missing; until version 0.1 that meant 0.005, now it would mean 0.0005: write it out"


def to_mapping(config: TrainConfig) -> dict[str, Any]:
    """The keys and values as plain JSON types."""
    return msgspec.structs.asdict(config)


def to_json(config: TrainConfig) -> bytes:
    """The config with its format version, indented, for `config.json`."""
    return (
        json.dumps({"format": FORMAT_VERSION, **to_mapping(config)}, indent=2, allow_nan=False)
        + "\n"
    ).encode()


def from_json(text: bytes, source: str = "the settings") -> TrainConfig:
    """Read what `to_json` wrote, or any JSON object of config keys.

    Raises
    ------
    ConfigError
        Names every unknown key, wrong type, value out of range and bad combination; or the weight
        decay is missing, whose default has changed.
    BadInputError
        The text is no JSON object, is too long, or comes from a newer version.
    """
    if len(text) > MAX_CONFIG_BYTES:
        raise BadInputError(
            f"{source} is {len(text):,} bytes long, which no config is", "Give a config.json"
        )
    try:
        mapping = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(
            f"{source} is not JSON ({_short(error)})", "Give a JSON object of config keys"
        ) from error
    if not isinstance(mapping, dict):
        raise BadInputError(f"{source} is not a JSON object", "Give one object of config keys")
    version = mapping.pop("format", FORMAT_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInputError(
            f"{source} has the format {repr(version)[:40]}", "It must be a whole number"
        )
    if version > FORMAT_VERSION:
        raise NewerVersionError(
            f"{source} has format {version}, this version reads up to {FORMAT_VERSION}",
            "Update CIFAR Studio",
        )
    # Every file of the studio's names its weight decay. In one that somebody wrote by hand the
    # lack of it meant another value once, and nothing may change its meaning in silence.
    missing = () if "weight_decay" in mapping else (Fault("weight_decay", _NO_DECAY),)
    return _on_top(mapping, TrainConfig(), missing)


def from_mapping(
    mapping: Mapping[str, Any], base: TrainConfig | None = None, judge: Judge = check
) -> TrainConfig:
    """A checked config from plain values, on top of `base` (default: the defaults).

    `judge` finds what is wrong with it: `check`, or `value_faults` for settings of which some are
    still to be filled in.

    Raises
    ------
    ConfigError
        Names all faults at once.
    """
    return _on_top(mapping, base or TrainConfig(), judge=judge)


def _on_top(
    mapping: Mapping[str, Any],
    base: TrainConfig,
    already: Iterable[Fault] = (),
    judge: Judge = check,
) -> TrainConfig:
    faults = list(already)
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        if key not in base.__struct_fields__:
            faults.append(Fault(key, _unknown(key, base.__struct_fields__)))
        elif isinstance(value, dict | list) and SETTINGS[key].kind not in ("choice", "epochs"):
            faults.append(Fault(key, "must be a single value"))
        else:
            values[key] = as_setting(key, value)
    config = msgspec.structs.replace(base, **values)
    return checked(config, faults, judge)


def from_words(
    words: Iterable[str], base: TrainConfig | None = None, judge: Judge = check
) -> TrainConfig:
    """A checked config from `KEY=VALUE` words as `--set` takes them.

    VALUE is read as JSON where it is JSON (0.5, true, null), else as text. `judge` as
    `from_mapping` means it.
    """
    mapping: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise BadInputError(
                f"--set {word} has no '='", "Write it as KEY=VALUE, such as epochs=3"
            )
        try:
            mapping[key.strip()] = json.loads(text)
        except (ValueError, RecursionError):
            mapping[key.strip()] = text.strip()
    return from_mapping(mapping, base, judge)


def checked(
    config: TrainConfig, already: Iterable[Fault] = (), judge: Judge = check
) -> TrainConfig:
    """`config` itself where it has no fault; raises ConfigError with all of them otherwise."""
    faults = (*already, *judge(config))
    if faults:
        raise ConfigError(tuple((fault.key, fault.message) for fault in faults))
    return config


def read_config(path: Path) -> TrainConfig:
    """Read a config file; raises BadInputError or ConfigError with one clear line."""
    try:
        text = read_bytes(path, MAX_CONFIG_BYTES)
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be read ({error.strerror or error})", "Give an existing JSON file"
        ) from error
    return from_json(text, str(path))


def differences(config: TrainConfig, base: TrainConfig) -> dict[str, tuple[Any, Any]]:
    """The keys in which two configs differ, each with (base's value, config's value).

    A key that means nothing in either of them, such as the size of a square that neither blanks
    out, makes no difference.
    """
    keys = (
        key
        for key in config.__struct_fields__
        if SETTINGS[key].counts(config) or SETTINGS[key].counts(base)
    )
    pairs = ((key, getattr(base, key), getattr(config, key)) for key in keys)
    return {key: (before, after) for key, before, after in pairs if before != after}


def as_setting(key: str, value: Any) -> Any:
    """A plain value as the key's field has it: 1 as 1.0, a list of epochs as a tuple."""
    if SETTINGS[key].kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**63 else value
    if SETTINGS[key].kind == "epochs":
        return as_epochs(value)
    return value


def as_epochs(value: Any) -> Any:
    """A list, one number, or text such as "60, 120", as a tuple; anything else as it is."""
    if isinstance(value, str):
        words = value.replace(",", " ").split()
        return tuple(map(int, words)) if all(map(_DIGITS.fullmatch, words)) else value
    if isinstance(value, list):
        return tuple(value)
    return (value,) if type(value) is int else value


def _unknown(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key, did you mean {close[0]}?" if close else "unknown key"


def _short(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
