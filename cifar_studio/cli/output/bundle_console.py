"""Bundles opened from a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cifar_studio.cli.output.signals import ended_by_signals
from cifar_studio.errors import StudioError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.bundle.opening import open_bundle
from cifar_studio.terminal import as_json, print_result, tell


def open_in_console(bundles: Sequence[Path], runs: Path, *, json: bool) -> int:
    """Open each bundle, and print where its run stands; the exit code, 2 where one is none."""
    opened: list[dict[str, object]] = []
    refused = False
    for bundle in bundles:
        try:
            with ended_by_signals():
                found = open_bundle(bundle, runs)
        except StudioError as error:
            refused = True
            tell(f"cifar-studio: {printable(str(error))}")
            continue
        opened.append(
            {
                "bundle": plain(str(bundle)),
                "run": plain(str(found.path)),
                "was_there": found.was_there,
            }
        )
        if found.was_there:
            tell(f"{printable(bundle.name)}: the same run was there already.")
        if not json:
            print_result(f"run: {printable(str(found.path))}")
    if json:
        print_result(as_json(opened))
    return 2 if refused else 0
