"""Text that came from files and names, made fit for a terminal, a label or JSON."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text as one line without anything that a terminal obeys.

    Control characters, line ends, marks that turn the direction of writing and bytes that are no
    text come out as `\x1b`, `\n`, `\u202e` and `\xff`.
    """
    return text if text.isprintable() else "".join(map(_printable_character, text))


def plain(text: str) -> str:
    """The text as JSON can hold it: bytes that are no text become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":  # how Python carries a byte that is no text
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
