"""What a person's own folders keep: presets, speeds, settings. Damage costs a word, no start."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cifar_studio.config.own_presets import delete_preset, own_presets, save_preset
from cifar_studio.config.serialization import read_config, to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, NewerVersionError
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.ui.window import window_state

CONFIG = TrainConfig(epochs=3)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


def brackets(path: Path) -> None:
    path.write_bytes(b"[" * 1_000_000)


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


ODD = pytest.mark.parametrize("make", [pipe, device, loop, folder, sparse, brackets, no_text])
pytestmark = pytest.mark.timeout(20)


@ODD
def test_that_an_odd_config_is_refused_in_one_line(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "config.json")
    with pytest.raises(BadInputError) as caught:
        read_config(tmp_path / "config.json")
    assert caught.value.remedy
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
    assert "None" not in str(caught.value)


def test_that_a_config_of_a_later_version_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"format": 2, "later": []}')
    with pytest.raises(NewerVersionError, match="has format 2, this version reads up to 1"):
        read_config(tmp_path / "config.json")


@ODD
def test_that_an_odd_preset_does_not_hide_the_others(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "odd.json")
    save_preset(tmp_path, "mine", CONFIG)
    assert [preset.name for preset in own_presets(tmp_path)] == ["mine"]


@pytest.mark.parametrize("name", ["Übung 1", "x" * 60, "🙂" * 60, "a.b", "%s {}"])
def test_that_a_preset_of_any_sensible_name_comes_and_goes(name: str, tmp_path: Path) -> None:
    save_preset(tmp_path, f" {name} ", CONFIG)
    assert [(p.name, p.config) for p in own_presets(tmp_path)] == [(name, CONFIG)]
    delete_preset(tmp_path, name)
    delete_preset(tmp_path, name)
    assert own_presets(tmp_path) == ()


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 61, "../a", "a/b", "a\\b", ".a", "..", "a\nb", "\x7f", "\ud800"],
)
def test_that_a_name_that_is_not_fit_for_a_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot name a preset"):
        save_preset(tmp_path, name, CONFIG)


def test_that_no_file_stands_in_for_a_built_in_preset(tmp_path: Path) -> None:
    (tmp_path / "quick-look.json").write_bytes(to_json(CONFIG))
    assert own_presets(tmp_path) == ()


def test_that_presets_that_cannot_be_kept_or_removed_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be kept"):
        save_preset(tmp_path / "file", "mine", CONFIG)
    (tmp_path / "mine.json").mkdir()
    with pytest.raises(BadInputError, match="cannot be removed"):
        delete_preset(tmp_path, "mine")
    assert own_presets(tmp_path / "file") == ()


@ODD
def test_that_an_odd_book_of_speeds_is_begun_anew(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "speeds.json")
    book = SpeedBook(tmp_path / "speeds.json")
    assert book.lookup(CONFIG) is None
    book.remember(CONFIG, Speed(100.0, 200.0, 300.0))
    assert book.lookup(CONFIG) == Speed(100.0, 200.0, 300.0)


@ODD
def test_that_odd_settings_are_set_aside(make: Callable[[Path], None], tmp_path: Path) -> None:
    path, aside = tmp_path / "settings.json", tmp_path / "settings.damaged.json"
    make(path)
    loaded, word = window_state.load(path)
    assert loaded == window_state.Settings()
    assert word.startswith("The window's settings ")
    assert word.endswith(f"; they are kept as {aside}.")
    assert os.path.lexists(aside)
    assert not os.path.lexists(path)
    window_state.save(path, loaded)
    assert window_state.load(path) == (loaded, "")


def test_that_settings_that_cannot_be_set_aside_are_not_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"{")
    (tmp_path / "settings.damaged.json").mkdir()
    assert window_state.load(path) == (
        window_state.Settings(),
        "The window's settings were damaged.",
    )


def test_that_no_flip_in_the_settings_makes_more_than_a_word(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window_state.save(
        path, window_state.Settings(geometry="AdnQ", run_colours={"a": 1}, chosen_data="/x ü")
    )
    whole = path.read_bytes()
    generator = random.Random(0)
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[generator.randrange(len(whole))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged[: generator.choice([None, generator.randrange(len(whole))])])
        loaded, _ = window_state.load(path)
        loaded.geometry.encode("ascii")
        window_state.save(path, loaded)
        assert window_state.load(path) == (loaded, "")


@pytest.mark.parametrize(
    "changes",
    [{"geometry": "\udcff"}, {"curves_layout": "ü"}, {"page": "x"}, {"run_colours": {"a": "b"}}],
    ids=lambda changes: " ".join(changes),
)
def test_that_settings_of_another_kind_are_damaged(changes: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window_state.save(path, msgspec.structs.replace(window_state.Settings(), **changes))
    assert "were damaged" in window_state.load(path)[1]


def test_that_settings_keep_places_whose_names_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    kept = window_state.Settings(
        chosen_data="/disk/L\udce4ufe", selected_run="/disk/\udcff", run_colours={"\udcff": 3}
    )
    window_state.save(path, kept)
    assert window_state.load(path) == (kept, "")
