"""Texts that are filled in: `resources/templates`."""

from __future__ import annotations

from typing import Any

import jinja2
from markupsafe import Markup

from cifar_studio.export.tables.sheet import letters
from cifar_studio.paths import resources_folder
from cifar_studio.plain_text import printable

_OPTIONS: dict[str, Any] = {
    "undefined": jinja2.StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}


def page(name: str, **values: Any) -> str:
    """An HTML page. Names and notes of runs may come from strangers: all text is escaped."""
    environment = jinja2.Environment(
        loader=_loader(), autoescape=True, finalize=_printable, **_OPTIONS
    )
    environment.filters["letters"] = letters
    return environment.get_template(name).render(**values)


def code(name: str, **values: Any) -> str:
    """A Python file. Nothing is escaped: only checked values and names may come in."""
    return jinja2.Environment(loader=_loader(), **_OPTIONS).get_template(name).render(**values)


def verbatim(name: str) -> Markup:
    """A file of the project's own, to be put into a page as it is."""
    return Markup((resources_folder() / "templates" / name).read_text(encoding="utf-8"))


def _loader() -> jinja2.BaseLoader:
    return jinja2.FileSystemLoader(resources_folder() / "templates")


def _printable(value: Any) -> Any:
    return printable(value) if type(value) is str else value
