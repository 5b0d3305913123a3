"""Experiment folders that somebody else has made, with whatever may be in them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_studio.errors import StudioError
from cifar_studio.experiments.protocol import JobBegan, RequestRefused
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, experiment_paths
from experiments.scripted_pool import Play, grid, run, states
from experiments.scripted_pool import stage as stage


def changed(folder: ExperimentFolder, **changes: Any) -> None:
    value = json.loads(folder.experiment_file.read_text())
    folder.experiment_file.write_text(json.dumps({**value, **changes}))


def refused(folder: ExperimentFolder, place: Path) -> str:
    """Why a dispatcher does not take it; nothing is trained and nobody holds it afterwards."""
    play = Play(place)
    play.ask(run(folder))
    assert play.training == []
    assert not [event for _, event in play.told if isinstance(event, JobBegan)]
    assert not folder.is_held()
    return play.last(RequestRefused).message


DEEP: Any = json.loads("[" * 900 + "]" * 900)
HOSTILE = [
    {"kind": "explode"},
    {"kind": ["search"]},
    {"format": 10**9},
    {"format": "1"},
    {"format": None},
    {"config": None},
    {"config": []},
    {"config": {"epochs": 10**30}},
    {"config": {"no such key": 1}},
    {"config": DEEP},
    {"axes": None},
    {"axes": {}},
    {"axes": DEEP},
    {"axes": [{"key": "momentum", "values": DEEP}]},
    {"axes": [{"key": "momentum", "values": [10**400, 0.1]}]},
    {"axes": [{"key": "momentum", "values": [[[]], {}]}]},
    {"axes": [{"key": "device", "values": ["cpu", "cuda"]}]},
    {"axes": [{"key": "seed", "values": [1, 2]}]},
    {"axes": [{"key": "__class__", "values": [1, 2]}]},
    {"axes": [{"key": "momentum", "values": list(range(100_000))}]},
    {"axes": [{"key": "momentum", "low": 0.1, "high": 1e308}], "method": "random", "trials": 3},
    {"axes": [{"key": "epochs", "values": list(range(1, 1000))}] * 5},
    {"axes": []},
    {"trials": -1},
    {"trials": 10**12},
    {"trials": 1.5},
    {"hours": -1, "method": "random"},
    {"hours": 1e999, "method": "random"},
    {"folds": 10**6},
    {"runs": 7},
    {"runs": "/tmp/\udc80"},
    {"method": "by magic"},
    {"metric": "test_top1"},
    {"pruning": "all"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=lambda one: repr(one)[:40])
def test_that_a_question_that_is_none_is_refused_in_words(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    folder = grid(tmp_path)
    changed(folder, **changes)
    words = refused(folder, tmp_path)
    assert words
    assert len(words) < 1500
    with pytest.raises(StudioError):
        folder.read()


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 1000, b"[]", b"null", b"7", b'"' + b"x" * 2**21, b"[" * 100_000, b"{" * 100_000,
     b'{"a":' * 50_000, b"\xff\xfe", b'{"format":1e999}', b"9" * 10_000],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_that_a_file_that_is_no_question_is_refused(tmp_path: Path, data: bytes) -> None:
    folder = grid(tmp_path)
    folder.experiment_file.write_bytes(data)
    assert refused(folder, tmp_path)


def link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


def pipe(path: Path, elsewhere: Path) -> None:
    os.mkfifo(path)


def directory(path: Path, elsewhere: Path) -> None:
    path.mkdir()


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("put", [link, pipe, directory])
@pytest.mark.parametrize("name", ["experiment.json", "trials.jsonl", ".lock", "paused"])
@pytest.mark.timeout(60)
def test_that_what_is_no_ordinary_file_is_refused_and_nothing_is_written_through_it(
    tmp_path: Path, name: str, put: Callable[[Path, Path], None]
) -> None:
    folder = grid(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (folder.path / name).unlink(missing_ok=True)
    put(folder.path / name, elsewhere)
    assert "ordinary file" in refused(folder, tmp_path)
    assert elsewhere.read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("put", [link, pipe, directory])
@pytest.mark.parametrize("name", ["control.json", "importance.json"])
@pytest.mark.timeout(60)
def test_that_other_odd_files_do_not_disturb_it(
    tmp_path: Path, name: str, put: Callable[[Path, Path], None]
) -> None:
    folder = grid(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    put(folder.path / name, elsewhere)
    play = Play(tmp_path)
    play.ask(run(folder))
    play.tick()
    play.play_all()
    play.tick()
    assert states(folder) == ["finished"] * 6
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize("run_name", ["../elsewhere", "/elsewhere", "..", "a/../../elsewhere"])
def test_that_a_run_outside_the_folder_of_runs_is_neither_read_nor_gone_on_with(
    tmp_path: Path, run_name: str
) -> None:
    other = Play(tmp_path / "other")
    theirs = grid(tmp_path / "other")
    other.ask(run(theirs))
    other.only.finish()
    (finished,) = (tmp_path / "other" / "runs").iterdir()
    elsewhere = tmp_path / "elsewhere"
    finished.rename(elsewhere)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in elsewhere.iterdir())
    folder = grid(tmp_path)
    name = run_name.replace("/elsewhere", str(elsewhere)) if run_name[0] == "/" else run_name
    with folder.ledger_file.open("a") as file:
        file.write(json.dumps({"line": "begun", "trial": 1, "run": name}) + "\n")
    play = Play(tmp_path)
    play.ask(run(folder))
    assert play.last(JobBegan).folder == ""  # a run of its own
    play.play_all()
    assert states(folder) == ["finished"] * 6
    assert sorted((path.name, path.stat().st_mtime_ns) for path in elsewhere.iterdir()) == before


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["search", "momentum", "grid", "../x", "9" * 50]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ["format", "kind", "config", "data", "preset", "seeds", "folds", "axes", "method", "pruning",
        "metric", "trials", "hours", "seed", "runs", "follows", "created"]  # fmt: skip
LINE_KEYS = ["line", "trial", "part", "run", "state", "value", "parameters", "trials", "seconds",
             "message", "data", "preset", "repeats"]  # fmt: skip
LINES = st.dictionaries(
    st.sampled_from(LINE_KEYS),
    st.one_of(
        ANYTHING,
        st.sampled_from(["planned", "begun", "ended", "ordered", "withdrawn", "planned_again"]),
        st.integers(0, 9),
        st.dictionaries(
            st.sampled_from(["momentum", "epochs", "learning_rate", "seed", "x", "device"]), SCALARS
        ),
    ),
    max_size=8,
)
QUIET = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@QUIET
@given(changes=st.dictionaries(st.sampled_from(KEYS), ANYTHING, min_size=1, max_size=3))
def test_that_no_question_whatever_ends_the_dispatcher(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    place = tmp_path_factory.mktemp("any")
    folder = grid(place)
    changed(folder, **changes)
    play = Play(place)
    play.ask(run(folder))
    play.tick()
    play.end()
    assert experiment_paths(place / "experiments") == [folder.path]


@QUIET
@given(lines=st.lists(LINES, max_size=12))
def test_that_no_line_whatever_ends_the_dispatcher(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    folder = grid(place)
    with folder.ledger_file.open("a") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
    play = Play(place)
    play.ask(run(folder))
    for _ in range(9):
        if play.training:
            play.training[0].finish()
    play.tick()
    play.end()
    for trial in folder.read().trials:
        assert all("/" not in part.run for part in trial.parts)


def test_that_a_folder_with_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = grid(tmp_path)
    odd = folder.path.with_name(os.fsdecode(b"odd \xff name"))
    try:
        folder.path.rename(odd)
    except OSError:
        pytest.skip("this file system takes no such name")
    play = Play(tmp_path)
    play.ask(run(ExperimentFolder(odd)))
    play.tick()
    play.end()
    assert folders.free_name(tmp_path / "experiments", "grid") == "grid"
