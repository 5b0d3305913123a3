"""Choices of memory format and precision: measured once, remembered, and never in the way."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.speed.fastest_format import choice_key
from cifar_studio.errors import TrainingError
from cifar_studio.runner.training import fastest_choices
from cifar_studio.runner.training.fastest_choices import choice_for
from cifar_studio.runs.folder.environment import Choice

TINY = TrainConfig(architecture="mobilenet_v2", batch_size=2, device="cpu")
SHORT = replace(TINY, epochs=1, train_per_class=1)


def test_that_a_choice_is_measured_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first = choice_for(TINY)
    assert first is not None
    monkeypatch.setattr(fastest_choices, "fastest", None)  # calling it again would fail
    assert choice_for(TINY) == first
    assert choice_for(replace(SHORT, seed=4)) == first
    kept = msgspec.json.decode(paths.choices_file().read_bytes(), type=dict[str, Choice])
    assert kept == {choice_key(TINY): first}


def test_that_short_and_deterministic_runs_measure_nothing() -> None:
    assert choice_for(SHORT) is None
    assert choice_for(replace(TINY, deterministic=True)) is None
    assert not paths.choices_file().exists()


@pytest.mark.parametrize("contents", [b"", b"[]", b'{"a": 3}', b"\xff", b"[" * 100_000])
def test_that_a_damaged_file_is_begun_anew(
    contents: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.choices_file().parent.mkdir(parents=True)
    paths.choices_file().write_bytes(contents)
    found = Choice("contiguous", "float32")
    monkeypatch.setattr(fastest_choices, "fastest", lambda _: found)
    assert choice_for(TINY) == found
    assert msgspec.json.decode(paths.choices_file().read_bytes(), type=dict[str, Choice])


def test_that_a_kept_choice_that_this_machine_cannot_take_is_measured_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths.choices_file().parent.mkdir(parents=True)
    wrong = {choice_key(TINY): Choice("contiguous", "float16")}
    paths.choices_file().write_bytes(msgspec.json.encode(wrong))
    found = Choice("contiguous", "float32")
    monkeypatch.setattr(fastest_choices, "fastest", lambda _: found)
    assert choice_for(TINY) == found


def test_that_a_folder_that_cannot_be_written_costs_only_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths.cache_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.cache_folder().write_text("a file where a folder should be")
    found = Choice("contiguous", "float32")
    monkeypatch.setattr(fastest_choices, "fastest", lambda _: found)
    assert choice_for(TINY) == found


def test_that_a_measurement_that_fails_leaves_the_choice_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: TrainConfig) -> Choice:
        raise TrainingError("there is not enough memory", "Take less")

    monkeypatch.setattr(fastest_choices, "fastest", fail)
    assert choice_for(TINY) is None
