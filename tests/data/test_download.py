"""Downloads from servers that behave, and from all kinds that do not, on this computer alone."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, NamedTuple

import numpy as np
import pytest

from cifar_studio import paths
from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cifar100 import places, source, verify
from cifar_studio.data.download import http_request, resumable, sources
from cifar_studio.data.download.sources import (
    Archive,
    DownloadProgress,
    Progress,
    fetch,
    fetch_and_prepare,
    published_archives,
)
from cifar_studio.errors import DataError, DownloadError
from data.copies import PYTHON_FILES, TINY, write_tar

CONTENT = np.random.default_rng(0).bytes(3 * 2**20 + 12_345)
HALF = len(CONTENT) // 2
ETAG = '"first"'
PAGES = (
    b"<html>log in first</html>",
    b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><title>Sign in</title>",
    b'<?xml version="1.0"?>\n<!-- an error page -->\n<html>404</html>' + b" " * 5000,
)


Answer = Callable[["Handler"], None]


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
        self.plan: defaultdict[str, list[Answer]] = defaultdict(list)
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


def obey(stop_after: int | None = None, content: bytes | None = None) -> Answer:
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


def ignore_ranges(stop_after: int | None = None) -> Answer:
    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT))
        to.wfile.write(CONTENT[:stop_after])

    return answer


def say(status: int, body: bytes = b"", **headers: object) -> Answer:
    def answer(to: Handler) -> None:
        to.head(status, **{"Content_Length": len(body), **headers})
        to.wfile.write(body)

    return answer


def say_without_size(body: bytes) -> Answer:
    def answer(to: Handler) -> None:
        to.head(200)
        to.wfile.write(body)

    return answer


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


class Client:
    """Fetches into a folder without ever waiting, and notes how long it would have waited."""

    def __init__(self, server: Server, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.server, self.folder, self.patch = server, folder, patch
        self.plan, self.seen = server.plan, server.seen
        self.target = folder / "cifar-100-python.tar.gz"
        self.part = folder / "cifar-100-python.tar.gz.part"
        self.origin = folder / "cifar-100-python.tar.gz.part.origin"
        self.pauses: list[float] = []

    def wait(self, seconds: float, progress: DownloadProgress) -> Progress:
        self.pauses.append(seconds)
        yield progress

    def begin(self, *places: str) -> Progress:
        """Fetch from paths of the server, "/archive" where none is named, or whole addresses."""
        urls = [self.server.url(at) if at[0] == "/" else at for at in places or ["/archive"]]
        return fetch(self.folder, (archive_at(*urls),))

    def run(self, *places: str) -> list[DownloadProgress]:
        return list(self.begin(*places))

    def run_half(self, *places: str) -> int:
        """Cancel a download half-way; returns the bytes that are there."""
        with closing(self.begin(*places)) as job:
            assert any(step.done >= HALF for step in job)
        return self.part.stat().st_size


def phases(steps: Iterable[DownloadProgress]) -> list[str]:
    """The phases, each once, in their order."""
    return list(dict.fromkeys(step.phase for step in steps))


def archive_at(*urls: str, content: bytes = CONTENT) -> Archive:
    return Archive(
        urls, len(content), hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()
    )


@pytest.fixture
def client(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client(server, tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(resumable, "wait", client.wait)
    monkeypatch.setattr(resumable, "ARRAYS_BYTES", 0)
    return client


def no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def assert_whole(client: Client) -> None:
    assert client.target.read_bytes() == CONTENT
    left = {path.name for path in client.folder.iterdir()} - {".download.lock"}
    assert left == {client.target.name}


def assert_fails(client: Client, *places: str) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        client.run(*places)
    assert not client.target.exists()
    assert "\n" not in str(caught.value)
    return caught.value


def test_that_a_download_arrives_whole_and_tells_how_it_goes(client: Client) -> None:
    steps = client.run()
    assert_whole(client)
    assert phases(steps) == ["connecting", "downloading", "checking"]
    done = [step.done for step in steps if step.phase == "downloading"]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {step.total for step in steps} == {len(CONTENT)}
    assert {step.source for step in steps} == {"127.0.0.1", ""}
    assert steps[-4].bytes_per_second > 0
    assert client.seen == [Seen("/archive", None, None)]


def test_that_what_is_there_is_not_fetched_again(client: Client) -> None:
    client.run()
    assert phases(client.run()) == ["checking"]
    assert len(client.seen) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("target", bytes(len(CONTENT))), ("target", PAGES[0]), ("part", CONTENT + b"more")],
)
def test_that_what_is_wrong_on_disk_is_replaced(client: Client, name: str, content: bytes) -> None:
    client.folder.mkdir()
    getattr(client, name).write_bytes(content)
    client.run()
    assert_whole(client)
    assert client.seen == [Seen("/archive", None, None)]


def test_that_a_cancelled_download_is_resumed_where_it_was(client: Client) -> None:
    half = client.run_half()
    assert HALF <= half < len(CONTENT)
    steps = client.run()
    assert_whole(client)
    assert client.seen[1] == Seen("/archive", f"bytes={half}-", ETAG)
    assert min(step.done for step in steps if step.phase == "downloading") >= half


@pytest.mark.parametrize(
    ("answers", "asked", "pauses"),
    [
        ([obey(stop_after=HALF), obey()], [("/first", 0), ("/first", HALF)], [1]),
        (
            [obey(stop_after=HALF), say(404)],
            [("/first", 0), ("/first", HALF), ("/second", HALF)],
            [1],
        ),
        ([say(404)], [("/first", 0), ("/second", 0)], []),
        ([obey(content=bytes(len(CONTENT)))], [("/first", 0), ("/second", 0)], []),
    ],
    ids=["dropped connection", "dropped, then gone", "missing", "another sum"],
)
def test_that_a_fault_of_a_source_leads_to_the_rest_from_it_or_the_next(
    client: Client,
    answers: list[Answer],
    asked: list[tuple[str, int]],
    pauses: list[float],
) -> None:
    client.plan["/first"] = answers
    steps = client.run("/first", "/second")
    assert_whole(client)
    ranges = [(path, f"bytes={offset}-" if offset else None) for path, offset in asked]
    assert [(seen.path, seen.range) for seen in client.seen] == ranges
    assert client.pauses == pauses
    assert ("waiting to try again" in phases(steps)) == bool(pauses)


def test_that_a_server_that_drops_often_is_tried_while_it_brings_something(client: Client) -> None:
    piece = len(CONTENT) // 10
    client.patch.setattr(resumable, "PROGRESS_BYTES", piece)
    client.plan["/archive"] = [obey(stop_after=piece)]
    client.run()
    assert_whole(client)
    assert set(client.pauses) == {resumable.FIRST_PAUSE_S}
    assert len(client.seen) == 11


def test_that_pauses_grow_and_end(client: Client) -> None:
    client.plan["/archive"] = [ignore_ranges(stop_after=HALF)]
    error = assert_fails(client)
    assert client.pauses == [1, 2, 4]
    assert "127.0.0.1 broke off after 1.6 MB" in error.fault
    assert "Try again later" in error.remedy
    assert "--data" in error.remedy
    assert client.part.stat().st_size == HALF


def test_that_a_server_without_ranges_starts_over(client: Client) -> None:
    client.run_half()
    client.plan["/archive"] = [ignore_ranges()]
    client.run()
    assert_whole(client)


def test_that_a_file_that_changed_between_tries_starts_over(client: Client) -> None:
    client.server.content = bytes(reversed(CONTENT))
    half = client.run_half()
    client.server.content, client.server.etag = CONTENT, '"second"'
    client.run()
    assert_whole(client)
    assert client.seen[1] == Seen("/archive", f"bytes={half}-", ETAG)
    assert len(client.seen) == 2


def test_that_a_weak_tag_is_not_used_and_the_date_is(client: Client) -> None:
    date = "Sat, 21 Nov 2026 10:00:00 GMT"

    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT), ETag='W/"weak"', Last_Modified=date)
        to.wfile.write(CONTENT[:HALF])

    client.plan["/archive"] = [answer, ignore_ranges()]
    client.run()
    assert client.seen[1].if_range == date


def test_that_wrong_sums_everywhere_leave_nothing(client: Client) -> None:
    client.server.content = bytes(len(CONTENT))
    error = assert_fails(client, "/a", "/b")
    assert "127.0.0.1 sent a file with another sum" in error.fault
    assert not client.part.exists()
    assert not client.origin.exists()
    assert len(client.seen) == 2


def test_that_bytes_from_before_are_not_held_against_a_source(client: Client) -> None:
    client.folder.mkdir()
    client.part.write_bytes(bytes(HALF))
    client.run()
    assert_whole(client)
    assert [seen.range for seen in client.seen] == [f"bytes={HALF}-", None]


def test_that_a_whole_part_needs_no_server(client: Client) -> None:
    client.folder.mkdir()
    client.part.write_bytes(CONTENT)
    client.run("http://127.0.0.1:9/archive")
    assert_whole(client)


@pytest.mark.parametrize(
    "notes",
    [
        b"",
        b"URL",
        b"URL\n",
        b"\xff\xfe\x00",
        b'URL\n"x"\r\nHost: elsewhere',
        b'http://127.0.0.1/other\n"x"',
    ],
)
def test_that_garbage_beside_the_part_does_no_harm(client: Client, notes: bytes) -> None:
    client.run_half()
    client.origin.write_bytes(notes.replace(b"URL", client.server.url().encode()))
    client.run()
    assert_whole(client)
    assert client.seen[1].if_range is None


def test_that_a_redirect_is_followed_with_the_range(client: Client) -> None:
    half = client.run_half("/far")

    def answer(to: Handler) -> None:
        to.head(302, Location="/far", Content_Length=10**12)
        to.server.ending.wait()  # a body without end, which is not waited for

    client.plan["/near"] = [answer]
    client.run("/near")
    assert_whole(client)
    assert client.seen[1:] == [
        Seen("/near", f"bytes={half}-", None),
        Seen("/far", f"bytes={half}-", None),
    ]


def test_that_a_circle_of_redirects_ends(client: Client) -> None:
    client.plan["/loop"] = [say(301, Location="/loop")]
    error = assert_fails(client, "/loop")
    assert "redirects more than 5 times" in error.fault
    assert len(client.seen) == http_request.MAX_REDIRECTS + 1


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http:"])
def test_that_a_redirect_to_another_protocol_is_refused(client: Client, scheme: str) -> None:
    client.plan["/archive"] = [say(302, Location=scheme)]
    error = assert_fails(client)
    assert "not http or https" in error.fault or "redirects more" in error.fault
    assert client.pauses == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://name:secret@host/archive?token=secret",
        "nonsense",
        "http://",
        "http://[::1",
        "http://127.0.0.1:x/",
    ],
)
def test_that_an_address_that_is_none_is_refused_without_its_secrets(
    client: Client, url: str
) -> None:
    error = assert_fails(client, url)
    assert "address" in error.fault
    assert "secret" not in str(error)
    assert client.pauses == []


def test_that_a_proxy_is_used_and_named_where_it_fails(client: Client) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        client.patch.delenv(name)
    client.patch.setenv("http_proxy", "http://127.0.0.1:9")
    error = assert_fails(client, "http://archive.invalid/c")
    assert "archive.invalid cannot be reached through the proxy" in error.fault
    client.patch.setenv("http_proxy", client.server.url(""))
    client.run("http://archive.invalid/c")
    assert_whole(client)
    assert client.seen == [Seen("http://archive.invalid/c", None, None)]


def test_that_a_closed_port_is_named(client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = assert_fails(client, f"http://127.0.0.1:{port}/archive")
    assert "127.0.0.1 refused the connection" in error.fault
    assert len(client.pauses) == resumable.RETRIES_UNANSWERED


@pytest.mark.parametrize(
    ("asked", "pauses"),
    [(7, [1, 7]), (10**9, [1, resumable.LONGEST_PAUSE_S]), ("soon", [1, 2])],
)
def test_that_a_busy_server_is_asked_again_but_not_after_an_endless_wait(
    client: Client, asked: object, pauses: list[float]
) -> None:
    client.plan["/archive"] = [say(503), say(429, Retry_After=asked), obey()]
    client.run()
    assert_whole(client)
    assert client.pauses == pauses


@pytest.mark.parametrize(
    ("answer", "offer"),
    [
        (obey(content=CONTENT + b"x"), f"{len(CONTENT) + 1:,} bytes"),
        (say(200, CONTENT[1:]), f"{len(CONTENT) - 1:,} bytes"),
        (say_without_size(CONTENT), "a file of unknown size"),
    ],
)
def test_that_a_file_of_another_size_is_not_fetched(
    client: Client, answer: Answer, offer: str
) -> None:
    client.plan["/archive"] = [answer]
    error = assert_fails(client)
    assert f"offers {offer} in place of {len(CONTENT):,} bytes" in error.fault
    assert not client.part.exists()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", [say, lambda _, page: say_without_size(page)])
def test_that_a_web_page_in_place_of_the_file_is_named_and_spoils_nothing(
    client: Client, page: bytes, kind: Callable[..., Answer]
) -> None:
    half = client.run_half()
    client.plan["/archive"] = [kind(200, page)]
    error = assert_fails(client)
    assert "127.0.0.1 answered, but what it sent is a web page, not the archive" in error.fault
    assert error.remedy.startswith("Log in, in a browser")
    assert client.pauses == []
    assert client.part.stat().st_size == half


@pytest.mark.parametrize("page", PAGES)
def test_that_a_web_page_that_a_person_gives_as_the_archive_is_named(
    tmp_path: Path, page: bytes
) -> None:
    given = tmp_path / "cifar-100-python.tar.gz"
    given.write_bytes(page)
    for place in (given, given.parent):
        with pytest.raises(DataError, match="is a web page, not the archive") as caught:
            source.load_dataset(str(place), TINY)
        assert str(given) in caught.value.fault
        assert "cifar-studio data fetch" in caught.value.remedy
        assert verify.check(str(place), TINY).verdict == caught.value.fault


def test_that_no_more_is_written_than_the_archive_holds(client: Client) -> None:
    half = client.run_half()

    def answer(to: Handler) -> None:
        size = len(CONTENT)
        to.head(206, Content_Length=2 * size, Content_Range=f"bytes {half}-{size - 1}/{size}")
        to.wfile.write(CONTENT[half:] + CONTENT)

    client.plan["/archive"] = [answer]
    with pytest.raises(DownloadError, match="sends more than the archive holds"):
        client.run()
    assert client.part.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize(
    "said", ["bytes 0-9/{size}", "bytes {half}-{end}/5", "", "pages {half}-{end}/{size}"]
)
def test_that_a_range_that_was_not_asked_for_is_refused(client: Client, said: str) -> None:
    half = client.run_half()
    size = len(CONTENT)
    said = said.format(half=half, end=size - 1, size=size)
    client.plan["/archive"] = [say(206, CONTENT[half:], Content_Range=said)]
    error = assert_fails(client)
    assert "goes on with another file" in error.fault
    assert client.part.stat().st_size == half


def test_that_a_range_that_cannot_be_had_starts_over(client: Client) -> None:
    client.run_half()
    client.plan["/archive"] = [say(416), obey()]
    client.run()
    assert_whole(client)
    assert client.seen[2].range is None


def test_that_a_silent_server_is_left(client: Client) -> None:
    client.patch.setattr(resumable, "TIMEOUT_S", 0.5)
    client.plan["/silent"] = [fall_silent, say(404)]
    client.run("/silent", "/good")
    assert_whole(client)
    assert [seen.path for seen in client.seen] == ["/silent", "/silent", "/good"]


def test_that_waiting_for_a_silent_server_can_be_cancelled(client: Client) -> None:
    client.plan["/archive"] = [fall_silent]
    with closing(client.begin()) as job:
        still = 0
        last = -1
        for step in job:  # the same again and again means that nothing comes and it still tells
            still = still + 1 if step.done == last else 0
            last = step.done
            if step.done == HALF and still == 4:
                break
    assert client.part.stat().st_size == HALF
    client.plan["/archive"] = [obey()]
    assert "waiting for another download" not in phases(client.run())
    assert_whole(client)


def test_that_words_that_are_not_http_are_survived(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(resumable.RETRIES_UNANSWERED + 1):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"\x00\xffnot http at all\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        error = assert_fails(client, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
    assert "127.0.0.1 broke the connection off" in error.fault


def test_that_a_slow_source_is_left_and_comes_back_where_nothing_is_better(client: Client) -> None:
    client.patch.setattr(resumable, "SLOW_BYTES_PER_SECOND", 10**9)
    seconds = itertools.count()
    client.patch.setattr(resumable, "clock", lambda: 0.001 * len(CONTENT) * next(seconds))
    client.plan["/broken"] = [say(404)]
    client.run("/slow", "/broken")
    assert_whole(client)
    assert [seen.path for seen in client.seen] == ["/slow", "/broken", "/slow"]
    assert client.seen[2].range is not None


def test_that_the_fastest_of_slow_sources_is_taken(client: Client) -> None:
    client.patch.setattr(resumable, "SLOW_BYTES_PER_SECOND", 10**9)
    passed = 0

    def clock() -> float:
        nonlocal passed
        passed += 100_000 if client.seen[-1:] == [Seen("/slowest", None, None)] else 1000
        return passed

    client.patch.setattr(resumable, "clock", clock)
    client.run("/slowest", "/slow")
    assert_whole(client)
    assert [seen.path for seen in client.seen] == ["/slowest", "/slow", "/slow"]


def test_that_two_at_once_fetch_it_once(client: Client) -> None:
    go_on = threading.Event()

    def answer(to: Handler) -> None:
        to.head(200, Content_Length=len(CONTENT))
        to.wfile.write(CONTENT[:HALF])
        to.wfile.flush()
        go_on.wait()
        to.wfile.write(CONTENT[HALF:])

    client.plan["/archive"] = [answer]
    first, second = client.begin(), client.begin()
    assert next(first).phase == "connecting"  # it holds the lock from here on
    assert next(second).phase == "waiting for another download"
    steps: list[DownloadProgress] = []
    thread = threading.Thread(target=lambda: steps.extend(second))
    thread.start()
    go_on.set()
    assert list(first)
    thread.join()
    assert_whole(client)
    assert phases(steps)[-1] == "checking"
    assert "downloading" not in phases(steps)
    assert len(client.seen) == 1


def test_that_a_lock_is_given_back_when_another_thread_closes(client: Client) -> None:
    job = client.begin()
    next(job)
    thread = threading.Thread(target=job.close)
    thread.start()
    thread.join()
    client.run()
    assert_whole(client)


def test_that_a_full_disk_is_noticed_before(client: Client) -> None:
    usage = shutil.disk_usage(client.folder.parent)._replace(free=1_000_000)
    client.patch.setattr(shutil, "disk_usage", lambda _: usage)
    client.patch.setattr(resumable, "ARRAYS_BYTES", 370_000_000)
    error = assert_fails(client)
    assert "has 1 MB free and CIFAR-100 needs 373 MB" in error.fault
    assert client.seen == []


def test_that_a_disk_that_fills_up_is_named(client: Client) -> None:
    client.patch.setattr("os.fsync", no_room)
    error = assert_fails(client)
    assert error.fault == f"{client.folder} cannot be written (No space left on device)"


def test_that_a_folder_that_cannot_be_made_is_named(client: Client) -> None:
    client.folder.write_text("a file stands here")
    with pytest.raises(DownloadError, match="cannot be written"):
        client.run()
    assert client.seen == []


def test_that_a_second_archive_is_taken_where_the_first_is_nowhere(client: Client) -> None:
    client.plan["/first"] = [say(404)]
    second = replace(archive_at(client.server.url("/second")), name="cifar-100-binary.tar.gz")
    archives = (archive_at(client.server.url("/first")), second)
    assert list(fetch(client.folder, archives))
    assert (client.folder / "cifar-100-binary.tar.gz").read_bytes() == CONTENT


def test_that_an_error_names_few_sources_and_counts_the_rest(client: Client) -> None:
    for number in range(7):
        client.plan[f"/{number}"] = [say(600 + number)]
    error = assert_fails(client, *(f"/{number}" for number in range(7)))
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


def test_that_a_pause_lets_time_pass_and_tells_often() -> None:
    progress = DownloadProgress("waiting to try again")
    assert list(resumable.wait(0.0, progress)) == []
    assert list(resumable.wait(0.15, progress))[:2] == [progress, progress]


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
    told = phases(fetch_and_prepare(tiny, TINY))
    assert told == ["connecting", "downloading", "checking", "reading", "ready"]
    assert files_in_cache() == {"cifar-100"}
    assert source.load_dataset("auto", TINY).digest == TINY.digest


def test_that_a_set_that_is_here_needs_no_network(
    server: Server, tiny: tuple[Archive, ...]
) -> None:
    list(fetch_and_prepare(tiny, TINY))
    (paths.data_cache_folder() / f"{tiny[0].name}.part").write_bytes(b"left behind")
    assert phases(fetch_and_prepare(tiny, TINY)) == ["ready"]
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
        assert sum(step.phase == "reading" for step in itertools.islice(job, 20)) > 1
    go_on.set()
    assert read.wait(30)
    assert phases(fetch_and_prepare(tiny, TINY)) == ["ready"]
    assert files_in_cache() == {"cifar-100"}
