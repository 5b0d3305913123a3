"""What is wrong with a typed command, told in one line like every other fault."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

import typer

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError

NAME = "cifar-studio"
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""Base of what typer raises; the package that it lives in differs between versions of typer."""


def explain(error: Exception) -> BadInputError:
    """Typer's usage error as fault and remedy, with a close match where there is one."""
    option = getattr(error, "option_name", "")
    if type(error).__name__ == "NoSuchOption":
        known = getattr(error, "possibilities", None) or ()
        return BadInputError(f"there is no option {option}", _meant(error, option, known))
    message = str(getattr(error, "format_message", error.__str__)())
    message, _, guess = message.partition(" Did you mean ")
    fault = message.strip().rstrip(".")
    remedy = _help(error)
    if fault == "Missing command":
        remedy = f"Give one of {', '.join(_commands(error))}, and see {remedy[4:]}"
    elif words := re.findall(r"'([^']+)'", guess):
        remedy = f"Perhaps {' or '.join(words)} is meant; s{remedy[1:]}"
    return BadInputError(fault[:1].lower() + fault[1:], remedy)


def _meant(error: Exception, option: str, known: Sequence[str]) -> str:
    """What to write in place of an option that does not exist."""
    key = option.lstrip("-").replace("-", "_")
    if key in TrainConfig.__struct_fields__:
        return f"Settings are given as --set {key}=VALUE"
    close = difflib.get_close_matches(option, known, n=1)
    return f"Perhaps {close[0]} is meant; s{_help(error)[1:]}" if close else _help(error)


def _help(error: Exception) -> str:
    context: Any = getattr(error, "ctx", None)
    return f"See `{context.command_path if context is not None else NAME} --help`"


def _commands(error: Exception) -> list[str]:
    context: Any = getattr(error, "ctx", None)
    return context.command.list_commands(context) if context is not None else []
