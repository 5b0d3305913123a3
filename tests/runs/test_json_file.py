"""Small JSON files: what is written is what is read, and nothing else is taken."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.runs.folder import json_file


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    count: int = 0
    share: float = 0.0
    words: list[str] = []


# With what Python makes of bytes that are no text.
any_text = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff"))


@given(
    name=any_text,
    count=st.integers(),
    share=st.floats(allow_nan=False, allow_infinity=False),
    words=st.lists(any_text),
)
def test_that_every_value_survives(
    tmp_path_factory: pytest.TempPathFactory, name: str, count: int, share: float, words: list[str]
) -> None:
    path = tmp_path_factory.mktemp("json") / "thing.json"
    thing = Thing(name=name, count=count, share=share, words=words)
    json_file.write(path, thing)
    assert json_file.read(path, Thing) == thing


def test_that_a_name_whose_bytes_are_no_text_survives_beside_legible_letters(
    tmp_path: Path,
) -> None:
    path = tmp_path / "thing.json"
    thing = Thing(name="Prüfung \udcff\ud83d", words=["\\udcff"])
    json_file.write(path, thing)
    assert "Prüfung \\udcff\\ud83d".encode() in path.read_bytes()
    assert json_file.read(path, Thing) == thing


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"", "Expecting value"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "can't decode"),
        ("{}".encode("utf-16"), "can't decode"),
        (b'{"share": NaN}', "NaN is no number"),
        (b'{"share": -Infinity}', "-Infinity is no number"),
        (b'{"share": 1e999}', "1e999 is no number"),
        (b'{"share": 1' + b"0" * 400 + b"}", ""),
        (b'{"count": 1' + b"0" * 5000 + b"}", "Exceeds the limit"),
        (b'{"count": 1.5}', "Expected `int`"),
        (b'{"name": 3}', "Expected `str`"),
        (b'{"name": "a', "Unterminated string"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b'{"unknown":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"unknown":' * 90_000, "nested too deeply"),
    ],
)
def test_that_other_contents_are_refused_in_a_few_words(
    contents: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "thing.json"
    path.write_bytes(contents)
    with pytest.raises(json_file.NotAsExpectedError) as caught:
        json_file.read(path, Thing)
    assert why in str(caught.value)
    assert len(str(caught.value)) <= 100
    assert "\n" not in str(caught.value)


def test_that_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "thing.json"
    path.write_bytes(b"{}" + b" " * json_file.MAX_BYTES)
    with pytest.raises(OSError, match="longer than"):
        json_file.read(path, Thing)
