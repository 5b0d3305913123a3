"""`bench`: how fast the studio trains here, against a plain PyTorch loop."""

from __future__ import annotations

import sys
from typing import Annotated, cast

import typer

from cifar_studio.cli.options import DataOption, JsonOption
from cifar_studio.cli.usage import NAME
from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ArchitectureName
from cifar_studio.config.serialization import from_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError


def bench(
    architectures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ARCHITECTURE",
            help=f"Of {', '.join(ARCHITECTURE_NAMES)}; all by default.",
            show_default=False,
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="The median goes over these.")] = 5,
    seconds: Annotated[
        float, typer.Option(min=0.0, help="Of each contender in a round; slow steps take longer.")
    ] = 4.0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change one setting; repeatable. The command settings lists them.",
        ),
    ] = None,
    data: DataOption = "auto",
    json: JsonOption = False,
) -> None:
    """Measure training against a plain PyTorch loop, in rounds that alternate; some minutes each.

    Prints a Markdown table. Without CIFAR-100 on this computer it takes the demo set.
    """
    configs = _configs(architectures or ARCHITECTURE_NAMES, settings or [])
    from cifar_studio.cli.output.bench_console import bench_in_console

    bench_in_console(
        configs,
        data=data,
        rounds=rounds,
        seconds=seconds,
        command=[NAME, *sys.argv[1:]],
        json=json,
    )


def _configs(names: list[str] | tuple[str, ...], words: list[str]) -> list[TrainConfig]:
    """A config for each network, each once."""
    for name in names:
        if name not in ARCHITECTURE_NAMES:
            raise BadInputError(
                f"there is no network {name}", f"Give one of {', '.join(ARCHITECTURE_NAMES)}"
            )
    if any(word.partition("=")[0].strip() == "architecture" for word in words):
        raise BadInputError(
            "--set architecture would give every network the same name",
            f"Name the networks by themselves, as in `{NAME} bench resnet18 vgg11`",
        )
    return [
        from_words(words, TrainConfig(architecture=cast(ArchitectureName, name)))
        for name in dict.fromkeys(names)
    ]
