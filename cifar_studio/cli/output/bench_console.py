"""`bench` in a terminal: how far it is on standard error, the table or JSON on standard output."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import psutil
from msgspec.structs import replace

from cifar_studio.cli.output.signals import ended_by_signals
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.places import NOWHERE
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import DEMO, Dataset
from cifar_studio.engine.speed.bench.results import Figures, NetworkResult, Spread, Variant
from cifar_studio.engine.speed.bench.rounds import ResolvedConfig, Rounds, bench
from cifar_studio.errors import DataError
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.sheet import Entry, Sheet
from cifar_studio.plain_text import plain
from cifar_studio.runner.training.fastest_choices import resolved_settings
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.terminal import as_json, print_result, tell

NOTES = (
    "Medians of the rounds; ratios are taken inside each round, with the least and the greatest in "
    "brackets. An epoch is 50,000 pictures; testing is also given in percent of it.",
    "A loop as most scripts have it: stock torchvision network in float32, PIL pictures, "
    "DataLoader, loss.item() at each step; with the number of loader processes that was best.",
    "The step alone, on one batch that lies on the device.",
    "Studio / plain: weights, gradients and momentum; the most memory of the device in the first "
    "batches of a training that is alone on it.",
)
# Which of the notes stands with a column's title.
_MARKS = {
    "Studio, pictures/s": (0,),
    "Plain, pictures/s": (1,),
    "Studio/limit": (2,),
    "State, MiB": (3,),
}


def bench_in_console(
    configs: Sequence[TrainConfig],
    *,
    data: str,
    rounds: int,
    seconds: float,
    command: Sequence[str],
    json: bool,
) -> None:
    """Measure every config and print the results.

    Raises
    ------
    StudioError
        No such pictures or device, not enough memory.
    SystemExit
        A signal stopped it; no process and no file is left.
    """
    dataset = _pictures(data)
    words = [plain(word) for word in command]
    plan = Rounds(rounds, seconds)
    results = []
    with ended_by_signals("Stopped; nothing is kept."):
        for config in configs:
            result = bench(_resolved_configs(config), dataset, plan, words, tell)
            for variant in result.variants:
                tell(_sum(result, variant))
            results.append(result)
    if json:
        print_result(as_json(to_object(results, plan)))
    else:
        print_result(to_table(results, plan).rstrip("\n"))


def to_object(results: Sequence[NetworkResult], plan: Rounds) -> dict[str, Any]:
    """Everything that was measured, with each row's figures, for JSON."""
    environment = results[0].variants[0].environment
    return {
        "machine": {
            "device": environment.resolved.device,
            "device_name": environment.device_name,
            "processor": environment.processor,
            "cores": psutil.cpu_count(logical=False),
            "logical_processors": os.cpu_count(),
            "operating_system": environment.operating_system,
            "studio": environment.studio,
            "python": environment.python,
            "torch": environment.torch,
            "torchvision": environment.torchvision,
            "cuda": environment.cuda,
        },
        "date": environment.started,
        "rounds": plan.count,
        "seconds_per_slice": plan.slice_s,
        "networks": [_network_object(result) for result in results],
    }


def to_table(results: Sequence[NetworkResult], plan: Rounds) -> str:
    """The table as Markdown; its title tells machine, versions and n."""
    rows = [_cells(result, variant) for result in results for variant in result.variants]
    sheet = Sheet(
        title=_title(results[0].variants[0].environment, plan),
        header=tuple(Entry(title, _MARKS.get(title, ())) for title in rows[0]),
        rows=tuple(tuple(map(Entry, row.values())) for row in rows),
        notes=NOTES,
    )
    return to_markdown(sheet)


def _pictures(requested: str) -> Dataset:
    try:
        return load_dataset(requested)
    except DataError as error:
        if requested != "auto" or error.fault != NOWHERE[0]:
            raise
    tell("CIFAR-100 was found nowhere on this computer: the demo set is taken.")
    return load_dataset(DEMO)


def _resolved_configs(config: TrainConfig) -> list[ResolvedConfig]:
    """The config as `train` would take it, and in float32 where that is another precision."""
    one = ResolvedConfig(config, resolved_settings(config))
    if one.resolved.precision == "float32":
        return [one]
    exact = replace(config, precision="float32")
    return [one, ResolvedConfig(exact, resolved_settings(exact))]


def _network_object(result: NetworkResult) -> dict[str, Any]:
    return {
        "architecture": result.config.architecture,
        "config": result.config,
        "plain": {
            "loaders": result.loaders,
            "best": result.best_plain(),
            "step": result.plain_step,
            "state_mib": result.plain_state_mib,
            "peak_mib": result.plain_peak_mib,
        },
        "variants": [
            {"measured": variant, "figures": result.figures(variant)} for variant in result.variants
        ],
    }


def _title(environment: Environment, plan: Rounds) -> str:
    resolved, facts = environment.resolved, environment.data
    cores = psutil.cpu_count(logical=False) or os.cpu_count()
    on_gpu = f"{environment.device_name}, " if resolved.device != "cpu" else ""
    return (
        f"{environment.started[:10]}, {on_gpu}{environment.processor} ({cores} cores, "
        f"{resolved.threads} threads), Python {environment.python}, torch {environment.torch}, "
        f"torchvision {environment.torchvision}, CIFAR Studio {environment.studio}, "
        f"{facts.name} with {facts.train_pictures:,} training pictures, n = {plan.count}"
    )


def _cells(result: NetworkResult, variant: Variant) -> dict[str, str]:
    """A row of the table by the titles of its columns."""
    figures = result.figures(variant)
    plain_speed = _number(figures.plain_pictures_per_second.median)
    return {
        "Network": result.config.architecture,
        "Precision, format": _settings(variant),
        "Studio, pictures/s": _number(figures.studio_pictures_per_second.median),
        "s/epoch": _number(figures.epoch_s),
        "Plain, pictures/s": f"{plain_speed} ({figures.plain_workers} processes)",
        "Studio/plain": _spread(figures.studio_to_plain),
        "Studio/limit": _spread(figures.studio_to_limit),
        "Step/plain step": _spread(figures.step_to_plain_step),
        "Testing 10,000, s": (
            f"{_number(figures.test_s)} ({_number(figures.test_percent_of_epoch)} %)"
        ),
        "State, MiB": f"{variant.state_mib:,.0f} / {result.plain_state_mib:,.0f}",
        "Peak, MiB": _peaks(variant.peak_mib, result.plain_peak_mib),
        "Data, MiB": f"{variant.data_mib:,.0f}",
        "First step, s": _number(variant.first_step_s),
    }


def _settings(variant: Variant) -> str:
    """What the studio took: "auto = float32, channels last, specialised"."""
    resolved = variant.environment.resolved
    requested = "" if variant.asked == resolved.precision else f"{variant.asked} = "
    special = ", specialised" if resolved.specialized else ""
    return f"{requested}{resolved.precision}, {resolved.memory_format.replace('_', ' ')}{special}"


def _sum(result: NetworkResult, variant: Variant) -> str:
    figures: Figures = result.figures(variant)
    return (
        f"{result.config.architecture}, {_settings(variant)}: "
        f"{_number(figures.studio_pictures_per_second.median)} pictures/s, "
        f"{_spread(figures.studio_to_plain)} times plain"
    )


def _peaks(studio_mib: float | None, plain_mib: float | None) -> str:
    if studio_mib is None or plain_mib is None:
        return "—"
    return f"{studio_mib:,.0f} / {plain_mib:,.0f}"


def _number(value: float) -> str:
    """Three digits that count: 1,234; 12.3; 1.23; 0.0123."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _spread(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f}–{spread.high:.2f})"
