"""`settings`: every key that `--set` takes."""

from __future__ import annotations

import textwrap
from typing import Any

from cifar_studio.cli.options import JsonOption
from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import GROUPS, SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.terminal import as_json, print_result

WIDTH = 80


def settings(json: JsonOption = False) -> None:
    """List every key that --set takes, with its range, default and meaning."""
    if json:
        print_result(as_json([describe(key) for key in TrainConfig.__struct_fields__]))
        return
    for number, group in enumerate(GROUPS):
        print_result(f"\n{group}" if number else group)
        for setting in SETTINGS.values():
            if setting.group == group:
                print_result(_lines(setting))


def describe(key: str) -> dict[str, Any]:
    """A setting as plain JSON types; later versions may add to it."""
    setting = SETTINGS[key]
    bounds = setting.bounds
    return {
        "key": key,
        "group": setting.group,
        "title": setting.title or setting.caption,
        "sentence": setting.sentence,
        "kind": setting.kind,
        "default": getattr(TrainConfig(), key),
        "range": setting.range_text,
        "low": bounds.low if bounds else None,
        "low_open": bounds.low_open if bounds else None,
        "high": bounds.high if bounds else None,
        "high_open": bounds.high_open if bounds else None,
        "unit": setting.unit,
        "scale": setting.scale if bounds else None,
        "choices": list(setting.choices),
    }


def _lines(setting: Setting) -> str:
    default = as_json(getattr(TrainConfig(), setting.key)).strip('"')
    head = f"  {setting.key} = {default}    {setting.range_text}"
    sentence = textwrap.fill(
        setting.sentence, WIDTH, initial_indent=6 * " ", subsequent_indent=6 * " "
    )
    return f"{head}\n{sentence}"
