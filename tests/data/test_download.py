"""Downloads from servers that behave, and from all kinds that do not, on this computer alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, NamedTuple

import numpy as np
import pytest

from cifar_studio import paths
from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cifar100 import places, source
from cifar_studio.data.download import fetching, sources, transfer
from cifar_studio.data.download.sources import (
    Archive,
    DownloadProgress,
    fetch,
    fetch_and_prepare,
    published_archives,
)
from cifar_studio.errors import DownloadError
from data.copies import PYTHON_FILES, TINY, write_tar

CONTENT = np.random.default_rng(0).bytes(3 * 2**20 + 12_345)
HALF = len(CONTENT) // 2
ETAG = '"first"'


class Seen(NamedTuple):
    path: str
    range: str | None
    if_range: str | None


class Server(ThreadingHTTPServer):
    """Serves `CONTENT` at every path, with ranges; `plan` gives a path other answers, in order."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag = CONTENT, ETAG
        self.plan: defaultdict[str, list[Callable[[Handler], None]]] = defaultdict(list)
        self.seen: list[Seen] = []
        self.ending = threading.Event()

    def server_bind(self) -> None:
        """As the parent class, without looking up a name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def url(self, path: str = "/archive") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no fault."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        seen = Seen(self.path, self.headers["Range"], self.headers["If-Range"])
        self.server.seen.append(seen)
        plan = self.server.plan[self.path]
        answer = plan.pop(0) if len(plan) > 1 else plan[0] if plan else obey()
        answer(self)

    def log_message(self, *_: object) -> None:
        pass

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


def obey(stop_after: int | None = None, content: bytes | None = None) -> Callable[[Handler], None]:
    """A good server; with `stop_after` it drops the connection after so many bytes."""

    def answer(to: Handler) -> None:
        body, first = to.server.content if content is None else content, 0
        asked, condition = to.headers["Range"], to.headers["If-Range"]
        if asked and condition in (None, to.server.etag):
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            said = f"bytes {first}-{len(body) - 1}/{len(body)}"
            left = len(body) - first
            to.head(206, Content_Length=left, Content_Range=said, ETag=to.server.etag)
        else:
            to.head(200, Content_Length=len(body), ETag=to.server.etag)
        to.wfile.write(body[first:][:stop_after])

    return answer


def ignore_ranges(stop_after: int | None = None) -> Callable[[Handler], None]:
    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT))
        to.wfile.write(CONTENT[:stop_after])

    return answer


def say(status: int, body: bytes = b"", **headers: object) -> Callable[[Handler], None]:
    def answer(to: Handler) -> None:
        to.head(status, **{"Content_Length": len(body), **headers})
        to.wfile.write(body)

    return answer


def say_no_size(to: Handler) -> None:
    to.head(200)
    to.wfile.write(b"<html>log in first</html>")


def fall_silent(to: Handler) -> None:
    to.head(200, Content_Length=len(CONTENT))
    to.wfile.write(CONTENT[:HALF])
    to.wfile.flush()
    to.server.ending.wait()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    with Server() as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield server
        server.ending.set()
        server.shutdown()
        thread.join()


@dataclass
class Outcome:
    path: Path
    progress: list[DownloadProgress]

    @property
    def phases(self) -> set[str]:
        return {step.phase for step in self.progress}


class Client:
    """Fetches into a folder without ever waiting, and notes how long it would have waited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "cifar-100-python.tar.gz"
        self.part = folder / "cifar-100-python.tar.gz.part"
        self.notes = folder / "cifar-100-python.tar.gz.part.json"
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> Iterator[None]:
        self.pauses.append(seconds)
        yield

    def begin(self, *urls: str, **manner: Any) -> Generator[DownloadProgress, None, Path]:
        given: dict[str, Any] = {"room_bytes": 0, "pause": self.pause, **manner}
        return fetch(self.folder, (archive_at(*urls),), **given)

    def run(self, *urls: str, **manner: Any) -> Outcome:
        progress = []
        job = self.begin(*urls, **manner)
        while True:
            try:
                progress.append(next(job))
            except StopIteration as end:
                return Outcome(end.value, progress)

    def run_half(self, *urls: str) -> int:
        """Cancel a download half-way; returns the bytes that are there."""
        with closing(self.begin(*urls)) as job:
            for step in job:
                if step.done >= HALF:
                    break
        return self.part.stat().st_size


def archive_at(*urls: str, content: bytes = CONTENT) -> Archive:
    return Archive(
        urls, len(content), hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()
    )


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path / "cache")


def assert_whole(client: Client) -> None:
    assert client.target.read_bytes() == CONTENT
    left = {path.name for path in client.folder.iterdir()} - {".download.lock"}
    assert left == {client.target.name}


def assert_fails(client: Client, *urls: str, **manner: Any) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        client.run(*urls, **manner)
    assert not client.target.exists()
    assert "\n" not in str(caught.value)
    return caught.value


def test_that_a_download_arrives_whole_and_tells_how_it_goes(
    server: Server, client: Client
) -> None:
    outcome = client.run(server.url())
    assert outcome.path == client.target
    assert_whole(client)
    phases = list(dict.fromkeys(step.phase for step in outcome.progress))
    assert phases == ["connecting", "downloading", "checking"]
    done = [step.done for step in outcome.progress if step.phase == "downloading"]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {step.total for step in outcome.progress} == {len(CONTENT)}
    assert {step.source for step in outcome.progress} == {"127.0.0.1", ""}
    assert server.seen == [Seen("/archive", None, None)]


def test_that_what_is_there_is_not_fetched_again(server: Server, client: Client) -> None:
    client.run(server.url())
    assert client.run(server.url()).phases == {"checking"}
    assert len(server.seen) == 1


def test_that_an_archive_damaged_on_disk_is_replaced(server: Server, client: Client) -> None:
    client.folder.mkdir()
    client.target.write_bytes(bytes(len(CONTENT)))
    client.run(server.url())
    assert_whole(client)


def test_that_a_cancelled_download_is_resumed_where_it_was(server: Server, client: Client) -> None:
    half = client.run_half(server.url())
    assert HALF <= half < len(CONTENT)
    outcome = client.run(server.url())
    assert_whole(client)
    assert server.seen[1] == Seen("/archive", f"bytes={half}-", ETAG)
    assert min(step.done for step in outcome.progress if step.phase == "downloading") >= half


def test_that_a_dropped_connection_is_resumed_after_a_pause(server: Server, client: Client) -> None:
    server.plan["/archive"] = [obey(stop_after=HALF), obey()]
    outcome = client.run(server.url())
    assert_whole(client)
    assert "waiting to try again" in outcome.phases
    assert [seen.range for seen in server.seen] == [None, f"bytes={HALF}-"]
    assert client.pauses == [fetching.FIRST_PAUSE_S]


def test_that_a_server_that_drops_often_is_tried_while_it_brings_something(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = len(CONTENT) // 10
    monkeypatch.setattr(fetching, "PROGRESS_BYTES", piece)
    server.plan["/archive"] = [obey(stop_after=piece)]
    client.run(server.url())
    assert_whole(client)
    assert set(client.pauses) == {fetching.FIRST_PAUSE_S}
    assert len(server.seen) == 11


def test_that_pauses_grow_and_end(server: Server, client: Client) -> None:
    server.plan["/archive"] = [ignore_ranges(stop_after=HALF)]
    error = assert_fails(client, server.url())
    assert client.pauses == [1, 2, 4]
    assert "127.0.0.1 broke off after 1.6 MB" in error.fault
    assert "Try again later" in error.remedy
    assert "--data" in error.remedy
    assert client.part.stat().st_size == HALF


def test_that_a_server_without_ranges_starts_over(server: Server, client: Client) -> None:
    client.run_half(server.url())
    server.plan["/archive"] = [ignore_ranges()]
    client.run(server.url())
    assert_whole(client)


def test_that_a_file_that_changed_between_tries_starts_over(server: Server, client: Client) -> None:
    server.content = bytes(reversed(CONTENT))
    half = client.run_half(server.url())
    server.content, server.etag = CONTENT, '"second"'
    client.run(server.url())
    assert_whole(client)
    assert server.seen[1] == Seen("/archive", f"bytes={half}-", ETAG)
    assert len(server.seen) == 2


def test_that_a_weak_tag_is_not_used_and_the_date_is(server: Server, client: Client) -> None:
    date = "Sat, 21 Nov 2026 10:00:00 GMT"

    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT), ETag='W/"weak"', Last_Modified=date)
        to.wfile.write(CONTENT[:HALF])

    server.plan["/archive"] = [answer, ignore_ranges()]
    client.run(server.url())
    assert server.seen[1].if_range == date


def test_that_another_source_goes_on_with_what_the_first_brought(
    server: Server, client: Client
) -> None:
    server.plan["/first"] = [obey(stop_after=HALF), say(404)]
    client.run(server.url("/first"), server.url("/second"))
    assert_whole(client)
    assert server.seen[-1] == Seen("/second", f"bytes={HALF}-", None)


def test_that_a_wrong_sum_leads_to_the_next_source(server: Server, client: Client) -> None:
    server.plan["/bad"] = [obey(content=bytes(len(CONTENT)))]
    client.run(server.url("/bad"), server.url("/good"))
    assert_whole(client)
    assert server.seen == [Seen("/bad", None, None), Seen("/good", None, None)]


def test_that_wrong_sums_everywhere_leave_nothing(server: Server, client: Client) -> None:
    server.content = bytes(len(CONTENT))
    error = assert_fails(client, server.url("/a"), server.url("/b"))
    assert "127.0.0.1 sent a file with another sum" in error.fault
    assert not client.part.exists()
    assert not client.notes.exists()
    assert len(server.seen) == 2


def test_that_bytes_from_before_are_not_held_against_a_source(
    server: Server, client: Client
) -> None:
    client.folder.mkdir()
    client.part.write_bytes(bytes(HALF))
    client.run(server.url())
    assert_whole(client)
    assert [seen.range for seen in server.seen] == [f"bytes={HALF}-", None]


def test_that_a_whole_part_needs_no_server(client: Client) -> None:
    client.folder.mkdir()
    client.part.write_bytes(CONTENT)
    client.run("http://127.0.0.1:9/archive")
    assert_whole(client)


def test_that_a_part_larger_than_the_archive_starts_over(server: Server, client: Client) -> None:
    client.folder.mkdir()
    client.part.write_bytes(CONTENT + b"more")
    client.run(server.url())
    assert_whole(client)
    assert server.seen[0].range is None


@pytest.mark.parametrize(
    "notes",
    [
        b"",
        b"{",
        b"[1, 2]",
        b'{"url": 3, "validator": []}',
        b"\xff\xfe\x00",
        b"null",
        json.dumps({"url": "URL", "validator": '"x"\r\nHost: elsewhere'}).encode(),
        json.dumps({"url": "http://127.0.0.1/other", "validator": '"x"'}).encode(),
    ],
)
def test_that_garbage_beside_the_part_does_no_harm(
    server: Server, client: Client, notes: bytes
) -> None:
    client.run_half(server.url())
    client.notes.write_bytes(notes.replace(b"URL", server.url().encode()))
    client.run(server.url())
    assert_whole(client)
    assert server.seen[1].if_range is None


def test_that_a_redirect_is_followed_with_the_range(server: Server, client: Client) -> None:
    half = client.run_half(server.url("/far"))
    server.plan["/near"] = [say(302, Location="/far")]
    client.run(server.url("/near"))
    assert_whole(client)
    assert server.seen[1:] == [
        Seen("/near", f"bytes={half}-", None),
        Seen("/far", f"bytes={half}-", None),
    ]


def test_that_a_circle_of_redirects_ends(server: Server, client: Client) -> None:
    server.plan["/loop"] = [say(301, Location="/loop")]
    error = assert_fails(client, server.url("/loop"))
    assert "redirects more than 5 times" in error.fault
    assert len(server.seen) == transfer.MOST_REDIRECTS + 1


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http:"])
def test_that_a_redirect_to_another_protocol_is_refused(
    server: Server, client: Client, scheme: str
) -> None:
    server.plan["/archive"] = [say(302, Location=scheme)]
    error = assert_fails(client, server.url())
    assert "not http or https" in error.fault or "redirects more" in error.fault
    assert client.pauses == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "nonsense", "http://", "http://[::1", "http://127.0.0.1:x/"]
)
def test_that_an_address_that_is_none_is_refused(client: Client, url: str) -> None:
    error = assert_fails(client, url)
    assert "address" in error.fault
    assert client.pauses == []


def test_that_no_secret_of_an_address_is_told(client: Client) -> None:
    error = assert_fails(client, "file://name:secret@host/archive?token=secret")
    assert "secret" not in str(error)


def test_that_a_closed_port_is_named(client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = assert_fails(client, f"http://127.0.0.1:{port}/archive")
    assert "127.0.0.1 refused the connection" in error.fault
    assert len(client.pauses) == fetching.TRIES_UNANSWERED - 1


def test_that_a_missing_file_leads_to_the_next_source(server: Server, client: Client) -> None:
    server.plan["/gone"] = [say(404)]
    client.run(server.url("/gone"), server.url("/good"))
    assert_whole(client)
    assert client.pauses == []


def test_that_a_busy_server_is_asked_again(server: Server, client: Client) -> None:
    server.plan["/archive"] = [say(503), say(503, Retry_After=7), obey()]
    client.run(server.url())
    assert_whole(client)
    assert client.pauses == [1, 7]


def test_that_a_server_cannot_ask_for_an_endless_wait(server: Server, client: Client) -> None:
    server.plan["/archive"] = [say(429, Retry_After=10**9), obey()]
    client.run(server.url())
    assert client.pauses == [fetching.LONGEST_PAUSE_S]


def test_that_a_larger_file_is_not_fetched(server: Server, client: Client) -> None:
    server.plan["/big"] = [obey(content=CONTENT + b"x")]
    error = assert_fails(client, server.url("/big"))
    assert f"offers {len(CONTENT) + 1:,} bytes in place of {len(CONTENT):,} bytes" in error.fault
    assert not client.part.exists()


def test_that_a_page_in_place_of_the_file_spoils_nothing(server: Server, client: Client) -> None:
    half = client.run_half(server.url())
    server.plan["/archive"] = [say_no_size]
    error = assert_fails(client, server.url())
    assert "a file of unknown size" in error.fault
    assert client.part.stat().st_size == half


def test_that_no_more_is_written_than_the_archive_holds(server: Server, client: Client) -> None:
    half = client.run_half(server.url())

    def answer(to: Handler) -> None:
        size = len(CONTENT)
        to.head(206, Content_Length=2 * size, Content_Range=f"bytes {half}-{size - 1}/{size}")
        to.wfile.write(CONTENT[half:] + CONTENT)

    server.plan["/archive"] = [answer]
    with pytest.raises(DownloadError, match="sends more than the archive holds"):
        client.run(server.url())
    assert client.part.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize(
    "said", ["bytes 0-9/{size}", "bytes {half}-{end}/5", "", "pages {half}-{end}/{size}"]
)
def test_that_a_range_that_was_not_asked_for_is_refused(
    server: Server, client: Client, said: str
) -> None:
    half = client.run_half(server.url())
    size = len(CONTENT)
    said = said.format(half=half, end=size - 1, size=size)
    server.plan["/archive"] = [say(206, CONTENT[half:], Content_Range=said)]
    error = assert_fails(client, server.url())
    assert "goes on with another file" in error.fault
    assert client.part.stat().st_size == half


def test_that_a_range_that_cannot_be_had_starts_over(server: Server, client: Client) -> None:
    client.run_half(server.url())
    server.plan["/archive"] = [say(416), obey()]
    client.run(server.url())
    assert_whole(client)
    assert server.seen[2].range is None


def test_that_a_size_that_is_a_lie_is_found_out(server: Server, client: Client) -> None:
    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT))
        to.wfile.write(CONTENT[:HALF])

    server.plan["/archive"] = [answer]
    error = assert_fails(client, server.url())
    assert "broke off" in error.fault


def test_that_a_silent_server_is_left(server: Server, client: Client) -> None:
    server.plan["/silent"] = [fall_silent, say(404)]
    client.run(server.url("/silent"), server.url("/good"), timeout_s=1.0)
    assert_whole(client)
    assert [seen.path for seen in server.seen] == ["/silent", "/silent", "/good"]


def test_that_waiting_for_a_silent_server_can_be_cancelled(server: Server, client: Client) -> None:
    server.plan["/archive"] = [fall_silent]
    with closing(client.begin(server.url())) as job:
        still = 0
        last = -1
        for step in job:  # the same again and again means that nothing comes and it still tells
            still = still + 1 if step.done == last else 0
            last = step.done
            if step.done == HALF and still == 2:
                break
    assert client.part.stat().st_size == HALF


def test_that_words_that_are_not_http_are_survived(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(fetching.TRIES_UNANSWERED):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"\x00\xffnot http at all\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        error = assert_fails(client, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
    assert "127.0.0.1 broke the connection off" in error.fault


def test_that_a_slow_source_is_left_and_comes_back_where_nothing_is_better(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SLOW_BYTES_PER_SECOND", 10**9)
    seconds = iter(range(10**9))
    server.plan["/broken"] = [say(404)]
    client.run(
        server.url("/slow"),
        server.url("/broken"),
        clock=lambda: 0.001 * len(CONTENT) * next(seconds),
    )
    assert_whole(client)
    assert [seen.path for seen in server.seen] == ["/slow", "/broken", "/slow"]
    assert server.seen[2].range is not None


def test_that_the_fastest_of_slow_sources_is_taken(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SLOW_BYTES_PER_SECOND", 10**9)
    passed = 0

    def clock() -> float:
        nonlocal passed
        passed += 100_000 if server.seen[-1:] == [Seen("/slowest", None, None)] else 1000
        return passed

    client.run(server.url("/slowest"), server.url("/slow"), clock=clock)
    assert_whole(client)
    assert [seen.path for seen in server.seen] == ["/slowest", "/slow", "/slow"]


def test_that_two_at_once_fetch_it_once(server: Server, client: Client) -> None:
    go_on = threading.Event()

    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT))
        to.wfile.write(CONTENT[:HALF])
        to.wfile.flush()
        go_on.wait()
        to.wfile.write(CONTENT[HALF:])

    server.plan["/archive"] = [answer]
    other = Client(client.folder)
    outcomes: list[Outcome] = []
    first = client.begin(server.url())
    assert next(first).phase == "connecting"  # it holds the lock from here on
    thread = threading.Thread(
        target=lambda: outcomes.append(other.run(server.url(), pause=fetching.wait))
    )
    second = other.begin(server.url())
    assert next(second).phase == "waiting for another download"
    second.close()
    thread.start()
    go_on.set()
    for _ in first:
        pass
    thread.join()
    assert_whole(client)
    assert "downloading" not in outcomes[0].phases
    assert len(server.seen) == 1


def test_that_a_lock_is_given_back_when_another_thread_closes(
    server: Server, client: Client
) -> None:
    job = client.begin(server.url())
    next(job)
    thread = threading.Thread(target=job.close)
    thread.start()
    thread.join()
    client.run(server.url())
    assert_whole(client)


def test_that_a_full_disk_is_noticed_before(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(client.folder.parent)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    error = assert_fails(client, server.url(), room_bytes=370_000_000)
    assert "has 1 MB free and CIFAR-100 needs 373 MB" in error.fault
    assert server.seen == []


def test_that_a_disk_that_fills_up_is_named(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    error = assert_fails(client, server.url())
    assert error.fault == f"{client.folder} cannot be written (No space left on device)"


def test_that_a_folder_that_cannot_be_made_is_named(server: Server, client: Client) -> None:
    client.folder.write_text("a file stands here")
    with pytest.raises(DownloadError, match="cannot be written"):
        client.run(server.url())
    assert server.seen == []


def test_that_a_second_archive_is_taken_where_the_first_is_nowhere(
    server: Server, client: Client
) -> None:
    server.plan["/first"] = [say(404)]
    second = replace(archive_at(server.url("/second")), name="cifar-100-binary.tar.gz")
    archives = (archive_at(server.url("/first")), second)
    assert list(fetch(client.folder, archives, room_bytes=0, pause=client.pause))
    assert (client.folder / "cifar-100-binary.tar.gz").read_bytes() == CONTENT


def test_that_an_error_names_few_sources_and_counts_the_rest(
    server: Server, client: Client
) -> None:
    for number in range(7):
        server.plan[f"/{number}"] = [say(600 + number)]
    error = assert_fails(client, *(server.url(f"/{number}") for number in range(7)))
    assert error.fault.count("127.0.0.1 answered") == 4
    assert error.fault.endswith("; and 3 more")


def test_that_mirrors_of_the_person_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sources.MIRROR_VARIABLE, " https://a.example/x  https://b.example/y ")
    python, binary = published_archives()
    assert python.urls[:2] == ("https://a.example/x", "https://b.example/y")
    assert python.urls[2] == "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    assert (python.name, binary.name) == ("cifar-100-python.tar.gz", "cifar-100-binary.tar.gz")
    monkeypatch.delenv(sources.MIRROR_VARIABLE)
    assert all(url.startswith("https://") for kind in published_archives() for url in kind.urls)


def test_that_the_pause_lets_time_pass_and_tells_often() -> None:
    assert len(list(fetching.wait(0.0))) == 0
    assert len(list(fetching.wait(0.15))) >= 2


@pytest.fixture
def tiny(server: Server, tmp_path: Path) -> tuple[Archive, ...]:
    """The tiny edition, offered by the server."""
    content = write_tar(tmp_path / "tiny.tar.gz", PYTHON_FILES).read_bytes()
    server.content = content
    return (archive_at(server.url(), content=content),)


def files_in_cache() -> set[str]:
    return {path.name for path in paths.data_cache_folder().iterdir() if path.suffix != ".lock"}


def test_that_a_fetched_set_is_read_and_kept_and_its_archive_dropped(
    server: Server, tiny: tuple[Archive, ...]
) -> None:
    phases = [step.phase for step in fetch_and_prepare(tiny, TINY)]
    assert list(dict.fromkeys(phases)) == [
        "connecting",
        "downloading",
        "checking",
        "reading",
        "ready",
    ]
    assert files_in_cache() == {"cifar-100"}
    assert source.load_dataset("auto", TINY).digest == TINY.digest


def test_that_a_set_that_is_here_needs_no_network(
    server: Server, tiny: tuple[Archive, ...]
) -> None:
    list(fetch_and_prepare(tiny, TINY))
    (paths.data_cache_folder() / f"{tiny[0].name}.part").write_bytes(b"left behind")
    assert [step.phase for step in fetch_and_prepare(tiny, TINY)] == ["ready"]
    assert len(server.seen) == 1
    assert files_in_cache() == {"cifar-100"}


def test_that_a_damaged_cache_is_fetched_anew(server: Server, tiny: tuple[Archive, ...]) -> None:
    list(fetch_and_prepare(tiny, TINY))
    (places.cifar100_cache() / "train_images.npy").write_bytes(b"")
    list(fetch_and_prepare(tiny, TINY))
    assert picture_cache.open_kept(places.cifar100_cache(), "") is not None
    assert len(server.seen) == 2


def test_that_the_archive_stays_where_the_arrays_cannot_be_kept(
    server: Server, tiny: tuple[Archive, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(picture_cache, "keep", no_room)
    list(fetch_and_prepare(tiny, TINY))
    assert files_in_cache() == {tiny[0].name}


def test_that_a_fault_of_reading_reaches_the_caller(
    server: Server, tiny: tuple[Archive, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of the reader")

    monkeypatch.setattr(source, "load_dataset", fail)
    with pytest.raises(RuntimeError, match="of the reader"):
        list(fetch_and_prepare(tiny, TINY))


def test_that_closing_while_it_reads_leaves_the_lock_free(
    server: Server, tiny: tuple[Archive, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, read = threading.Event(), threading.Event()
    real = source.load_dataset

    def slow(*asked: Any) -> None:
        go_on.wait()
        real(*asked)
        read.set()

    monkeypatch.setattr(source, "load_dataset", slow)
    with closing(fetch_and_prepare(tiny, TINY)) as job:
        assert any(step.phase == "reading" for step in job)
    go_on.set()
    assert read.wait(30)
    assert [step.phase for step in fetch_and_prepare(tiny, TINY)] == ["ready"]
    assert files_in_cache() == {"cifar-100"}
