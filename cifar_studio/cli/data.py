"""`data`: where the pictures are, whether they are whole, and fetching them."""

from __future__ import annotations

from typing import Annotated

import typer

from cifar_studio import terminal
from cifar_studio.cli.options import DataOption, JsonOption

data = typer.Typer(help="Where the pictures are, whether they are whole, and fetching them.")


@data.command()
def where(json: JsonOption = False) -> None:
    """Say which places are looked at for CIFAR-100, and which one is taken."""
    from cifar_studio.cli.output.data_report import places_as_json, places_as_text

    terminal.print_result(places_as_json() if json else places_as_text())


@data.command()
def check(
    place: Annotated[
        str | None, typer.Argument(metavar="[FOLDER or ARCHIVE]", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the sums of CIFAR-100's files; exit code 2 where they are not the published ones."""
    from cifar_studio.cli.output.data_report import check_place

    text, whole = check_place(place, json=json)
    terminal.print_result(text)
    if not whole:
        raise typer.Exit(2)


@data.command()
def fetch() -> None:
    """Download CIFAR-100 (169 MB), check it, and keep it. Called again, it resumes."""
    from cifar_studio.cli.output.training_console import fetch_in_console

    fetch_in_console()


@data.command()
def repeats(data: DataOption = "auto", json: JsonOption = False) -> None:
    """List pictures that occur more than once, exactly, mirrored or nearly; takes a minute."""
    from cifar_studio.cli.output.repeats_report import list_repeats

    list_repeats(data, json=json)
