"""`cifar-studio runs`: the library as lines and as JSON, whatever stands in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cli_support import assert_one_line, studio
from support import make_environment, make_row

EVIL = "a\nb\x1b[31mred\x1b]0;title\x07\u202e日本"


def make_run(path: Path, name: str = "") -> RunFolder:
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.write_config(TrainConfig(epochs=1))
    folder.write_environment(make_environment(name or "demo"))
    folder.write_status(Status(state="finished", epoch=1, epochs=1))
    folder.append_epoch(make_row(1))
    folder.write_notes(Notes(name=name, notes=name, star=True))
    return folder


def test_that_a_run_is_a_line_and_an_object(tmp_path: Path) -> None:
    make_run(tmp_path / "20260101_000000_resnet18")
    make_run(tmp_path / "20260102_000000_resnet18", "größer")
    result = studio("runs", "--runs", tmp_path)
    assert result.returncode == 0
    assert not result.stderr
    newer, older = result.stdout.splitlines()
    assert newer.split()[:3] == ["*", "20260102_000000_resnet18", "größer"]
    assert older.endswith("1/1  finished  top-1 10.00 % at epoch 1, best on test (selected)")
    entries = json.loads(studio("runs", "--json", "--runs", tmp_path).stdout)
    assert [entry["name"] for entry in entries] == ["größer", ""]
    assert entries[0]["config"]["architecture"] == "resnet18"


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
def test_that_names_cannot_command_the_terminal_or_break_the_json(tmp_path: Path) -> None:
    runs = tmp_path / os.fsdecode(b"runs \xff")
    make_run(runs / EVIL, EVIL)
    make_run(runs / os.fsdecode(b"caf\xe9"))
    result = studio("runs", "--runs", runs)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert any(r"a\nb\x1b[31mred" in line for line in lines)
    assert any(r"caf\xe9" in line for line in lines)
    told = studio("runs", "--json", "--runs", runs)
    assert told.returncode == 0
    # A strict reader, which takes no halves of characters.
    entries = msgspec.json.decode(told.stdout.encode())
    assert [entry["name"] for entry in entries] == ["", EVIL]
    assert entries[0]["folder"].endswith("caf\ufffd")


def test_that_damaged_runs_are_named_beside_the_others(tmp_path: Path) -> None:
    make_run(tmp_path / "20260101_000000_resnet18")
    no_settings = make_run(tmp_path / "20260102_000000_damaged")
    no_settings.config_file.write_bytes(b"\0")
    no_place = make_run(tmp_path / "20260103_000000_resnet18")
    no_place.environment_file.write_bytes(b"\0")
    result = studio("runs", "--runs", tmp_path)
    assert result.returncode == 0
    assert [line.split()[1][:8] for line in result.stdout.splitlines()] == ["20260103", "20260101"]
    about_settings, about_place = result.stderr.splitlines()
    assert str(no_settings.config_file) in about_settings
    assert "environment.json cannot be read" in about_place
    told = studio("runs", "--runs", tmp_path, "--json")
    assert len(json.loads(told.stdout)) == 2
    assert told.stderr == result.stderr


def test_that_the_output_fits_a_code_page_of_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path / "20260101_000000_resnet18", "größer 🙂")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert r"gr\xf6\xdfer \U0001f642" in studio("runs", "--runs", tmp_path).stdout
    (entry,) = json.loads(studio("runs", "--json", "--runs", tmp_path).stdout)
    assert entry["name"] == "größer 🙂"


def test_that_a_library_that_is_not_there_yet_is_empty() -> None:
    result = studio("runs")
    assert result.returncode == 0
    assert not result.stdout
    assert_one_line(result, "there are no runs yet")
    told = studio("runs", "--json")
    assert (told.returncode, json.loads(told.stdout)) == (0, [])
    assert_one_line(told, "there are no runs yet")


def test_that_an_empty_library_is_said_to_be_empty(tmp_path: Path) -> None:
    result = studio("runs", "--runs", tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
    assert_one_line(result, "there are no runs in")
    told = studio("runs", "--json", "--runs", tmp_path)
    assert (told.returncode, told.stdout, told.stderr) == (0, "[]\n", "")


@pytest.mark.parametrize("kind", ["missing", "a file", "locked"])
def test_that_a_named_folder_must_be_there_and_readable(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "named\n"
    if kind == "a file":
        folder.touch()
    elif kind == "locked":
        if os.name == "nt" or os.geteuid() == 0:
            pytest.skip("nothing is locked for this user")
        folder.mkdir(mode=0)
    result = studio("runs", "--runs", folder)
    assert result.returncode == 2
    assert not result.stdout
    assert_one_line(result, r"named\n", "--runs")
