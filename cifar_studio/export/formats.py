"""What can leave the studio: the choices of the command `export` and of the window's dialog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cifar_studio.errors import BadInputError


@dataclass(frozen=True)
class Format:
    """One choice.

    Attributes
    ----------
    key : str
        What the command line takes.
    group : str
        "Tables", "Figures", "Reports", "Networks" or "Whole runs".
    title, about : str
        For a person: a few words, and a sentence.
    """

    key: str
    group: str
    title: str
    about: str


FORMATS: dict[str, Format] = {
    one.key: one
    for one in (
        Format(
            "csv",
            "Tables",
            "CSV",
            "Epochs, Table 2, classes, confusion and every answer, for spreadsheets.",
        ),
        Format("md", "Tables", "Markdown", "The same tables for a text in Markdown."),
        Format("tex", "Tables", "LaTeX", "The same tables for LaTeX, ruled by booktabs."),
        Format("png", "Figures", "PNG", "Curves, confusion and calibration as pictures."),
        Format("svg", "Figures", "SVG", "The same figures as vector graphics."),
        Format("pdf", "Figures", "PDF", "The same figures as PDF."),
        Format(
            "html",
            "Reports",
            "HTML report",
            "report.html: all chosen runs with figures, tables, pictures and method, in one file.",
        ),
        Format(
            "weights",
            "Networks",
            "Weights",
            "weights.safetensors, which stock torchvision networks load strictly, and network.py.",
        ),
        Format(
            "program", "Networks", "torch.export", "network.pt2, a program that needs torch only."
        ),
        Format(
            "onnx", "Networks", "ONNX", "network.onnx, for other runtimes; needs the extra onnx."
        ),
        Format(
            "script",
            "Whole runs",
            "Script",
            "train.py: the same training in plain PyTorch and torchvision, without the studio.",
        ),
        Format(
            "bundle",
            "Whole runs",
            "Run as one file",
            "A .cifarrun file that others open, look through, go on with and reproduce.",
        ),
    )
}
EVERYDAY = ("csv", "png", "svg")
EXPERIMENT_FORMATS: dict[str, Format] = {
    one.key: one
    for one in (
        Format("csv", "Tables", "CSV", "A trial a row, for spreadsheets."),
        Format("tsv", "Tables", "TSV", "The same, with tabs between the cells."),
        Format("md", "Tables", "Markdown", "The same table for a text in Markdown."),
        Format("tex", "Tables", "LaTeX", "The same table for LaTeX, ruled by booktabs."),
        Format("json", "Tables", "JSON", "All that `experiment show --json` prints."),
        Format("png", "Figures", "PNG", "History, curves and settings as pictures."),
        Format("svg", "Figures", "SVG", "The same figures as vector graphics."),
        Format("pdf", "Figures", "PDF", "The same figures as PDF."),
        Format("html", "Reports", "HTML report", "report.html: all of it in one file."),
    )
}
"""The choices for an experiment as a whole."""


def checked_formats(keys: Iterable[str], known: Mapping[str, Format] = FORMATS) -> tuple[str, ...]:
    """The formats of these keys, each once, in the order of the known ones.

    Raises
    ------
    BadInputError
        None is given, or one is unknown.
    """
    wanted = {key.strip().lower().removeprefix(".") for key in keys} - {""}
    unknown = sorted(wanted - known.keys())
    if unknown or not wanted:
        what = f"there is no format {', '.join(unknown)}" if unknown else "no format is given"
        raise BadInputError(what, f"Choose from {', '.join(known)}")
    return tuple(key for key in known if key in wanted)


def inches_of(words: str) -> tuple[float, float]:
    """Width and height of "6x4"; raises BadInputError for anything else."""
    try:
        width, height = (float(part) for part in words.lower().split("x"))
    except ValueError:
        raise BadInputError(
            f"the size {words} is not width and height", "Write it as inches, such as 6x4"
        ) from None
    return width, height
