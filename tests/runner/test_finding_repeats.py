"""Repeated pictures by request: found, kept, refused and given up."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from cifar_studio.data.cifar100 import source
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.repeats import kept_repeats
from cifar_studio.data.repeats.kept_repeats import kept_file, read_kept
from cifar_studio.errors import DataError
from cifar_studio.runner.protocol import Command, ControlRequest, FindRepeatsRequest
from cifar_studio.runner.worker.requests import carry_out
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import Cancelled, DataProgressed, RepeatsFound, RequestFailed
from data.test_kept_repeats import make_dataset


def request(data: str = "demo") -> FindRepeatsRequest:
    return FindRepeatsRequest(id=new_id(), data=data)


def test_that_what_is_found_is_kept_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_dataset()
    monkeypatch.setattr(source, "load_dataset", lambda _: dataset)
    progress, found = carry_out(request())
    assert progress == DataProgressed(phase="comparing pictures", done=0, total=12)
    assert found == RepeatsFound(path=str(kept_file(dataset)), pairs=2)
    assert list(carry_out(request())) == [found]  # at once


def test_that_giving_up_ends_the_search_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_dataset()
    closed = []

    def endless(_: object) -> Generator[tuple[int, int], None, None]:
        try:
            while True:
                yield 0, 12
        finally:
            closed.append(True)

    monkeypatch.setattr(source, "load_dataset", lambda _: dataset)
    monkeypatch.setattr(kept_repeats, "find_repeats", endless)
    events = carry_out(request())
    assert isinstance(next(events), DataProgressed)
    events.close()  # type: ignore[attr-defined]
    assert closed == [True]
    assert not kept_file(dataset).exists()


def test_that_what_cannot_be_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_dataset()
    monkeypatch.setattr(source, "load_dataset", lambda _: dataset)
    kept_file(dataset).mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be written"):
        list(carry_out(request()))


@pytest.mark.timeout(300)
def test_that_a_worker_finds_gives_up_and_refuses(shared_cache: Path, tmp_path: Path) -> None:
    """On the demo set, in which nothing is repeated."""
    dataset = load_dataset("demo")
    kept_file(dataset).unlink(missing_ok=True)
    worker = WorkerProcess(warm=False)
    try:
        events = worker.events()
        given_up, refused = request(), request(str(tmp_path / "nowhere"))
        worker.send(given_up)
        seen = [next(events)]
        assert isinstance(seen[0].event, DataProgressed)
        worker.send(ControlRequest(id=given_up.id, command=Command.STOP_NOW))
        worker.send(refused)
        while not isinstance(seen[-1].event, RequestFailed):
            seen.append(next(events))
        kinds = [type(one.event) for one in seen if one.id == given_up.id]
        assert set(kinds[:-1]) == {DataProgressed}
        assert kinds[-1] is Cancelled
        assert (seen[-1].id, "nowhere" in seen[-1].event.message) == (refused.id, True)  # type: ignore[union-attr]
        assert read_kept(dataset) is None
        worker.close()
        assert list(events) == []
    finally:
        worker.kill()
        for _ in worker.events():
            pass
