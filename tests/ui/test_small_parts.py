"""Settings, wording, the queue, the library's model, and the shell around the views."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QModelIndex
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.cli.app import app
from cifar_studio.config.presets import preset
from cifar_studio.config.serialization import from_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.runs.wording import config_words, train_command
from cifar_studio.ui.library.run_filter import RunFilter
from cifar_studio.ui.library.run_model import RUN_ROLE, RunModel
from cifar_studio.ui.window import window_state
from scripted_worker import queue_without_slots
from support import make_row


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (59.6, "60 s"),
        (99.6, "2 min"),
        (3600, "60 min"),
        (17_300, "4 h 48 min"),
        (7200, "2 h"),
        (400_000, "5 days"),
        (float("inf"), "unknown time"),
    ],
)
def test_that_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_that_counts_have_three_figures() -> None:
    texts = [wording.count(n) for n in (11_227_812, 2_467_749_504, 950, 6_240_128)]
    assert texts == ["11.2 M", "2.47 G", "950", "6.24 M"]


def test_that_settings_survive(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    kept = window_state.Settings(theme="dark", form={"epochs": "x"}, scale=1.25)
    window_state.save(path, kept)
    assert window_state.load(path) == (kept, "")


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'{"scale": "big"}', b"\xff", b"[" * 99999])
def test_that_damaged_settings_are_set_aside_with_a_word(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text)
    loaded, word = window_state.load(path)
    assert loaded == window_state.Settings()
    assert "were damaged" in word
    assert (tmp_path / "settings.damaged.json").read_bytes() == text


def test_that_a_home_that_cannot_be_written_disturbs_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    window_state.save(blocked / "settings.json", window_state.Settings())
    assert window_state.load(blocked / "settings.json")[0] == window_state.Settings()


def test_that_the_queue_keeps_its_order(qtbot: QtBot, tmp_path: Path) -> None:
    queue = queue_without_slots(tmp_path)
    runs = [PlannedRun(TrainConfig(seed=seed), "demo") for seed in range(3)]
    for run in runs:
        queue.add(run)
    queue.move(2, 0)
    assert queue.runs == (runs[2], runs[0], runs[1])
    queue.move(0, -1)
    assert queue.runs == (runs[2], runs[0], runs[1])
    queue.move(0, 9)
    assert queue.runs == (runs[0], runs[1], runs[2])
    queue.remove(1)
    assert queue.runs == (runs[0], runs[2])
    queue.pause()
    assert queue.is_held
    queue.release()
    assert not queue.is_held


def test_that_the_library_follows_the_disk(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    old = make_run("20260401_120000_resnet18")
    model = RunModel(paths.runs_folder())
    model.refresh()
    new = make_run("20260402_120000_vgg11", config=TrainConfig(architecture="vgg11"))
    model.refresh()
    assert [run.path for run in model.runs] == [new.path, old.path]
    with qtbot.waitSignal(model.run_changed) as changed:
        old.append_epoch(make_row(4, 44.0))
        model.refresh()
    assert changed.args == [old.path]
    found = model.find(old.path)
    assert found is not None
    assert found.best is not None
    assert found.best.test_top1 == 44.0
    new.config_file.unlink()
    model.refresh()
    assert [run.path for run in model.runs] == [old.path]


def test_that_an_unchanged_library_is_not_read_again(
    qtbot: QtBot, make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run()
    model = RunModel(paths.runs_folder())
    model.refresh()
    reads: list[Path] = []
    monkeypatch.setattr("cifar_studio.ui.library.run_model.load_with", reads.append)
    model.refresh()
    assert reads == []


def test_that_search_finds_runs_by_any_of_their_words(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    make_run("20260401_120000_resnet18", config=TrainConfig(epochs=3, dropout=0.5, seed=4))
    starred = make_run("20260402_120000_vgg11", config=TrainConfig(architecture="vgg11"))
    starred.write_notes(Notes(name="für die Vorlesung", star=True))
    model = RunModel(paths.runs_folder())
    model.refresh()
    search = RunFilter(model)

    def found(text: str) -> list[str]:
        search.search(text)
        rows = range(search.rowCount(QModelIndex()))
        return [search.index(row, 0).data(RUN_ROLE).path.name for row in rows]

    assert len(found("")) == 2
    assert found("DROPOUT 0.5") == ["20260401_120000_resnet18"]
    assert found("seed 4 demo") == ["20260401_120000_resnet18"]
    assert found("vorlesung") == ["20260402_120000_vgg11"]
    assert found("star") == ["20260402_120000_vgg11"]
    assert found("densenet") == []


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        preset("report-densenet161-dropout").config,
        TrainConfig(architecture="vgg11", dropout=0.3, learning_rate=1e-5, nesterov=True),
        TrainConfig(dropout_sites="blocks", dropout=0.25, device="cuda:1", seed=2**62),
    ],
)
def test_that_a_copied_command_gives_the_same_config(config: TrainConfig) -> None:
    words = config_words(config)
    base = preset(words[1]).config
    assert from_words(words[3::2], base) == config


def test_that_a_copied_command_is_one_that_the_command_line_knows(
    make_run: Callable[..., RunFolder],
) -> None:
    words = shlex.split(train_command(load(make_run().path)))
    assert words[:2] == ["cifar-studio", "train"]
    assert words[-2:] == ["--data", "demo"]
    assert words[1] in {command.callback.__name__ for command in app.registered_commands}  # type: ignore[union-attr]


def test_that_notes_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Notes().star = True  # type: ignore[misc]
    assert msgspec.structs.replace(Notes(), star=True).star
