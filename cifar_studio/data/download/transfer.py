"""One HTTP request, followed so that whoever waits for it can give up at any moment.

A helper thread talks to the server; the generator that follows it never blocks longer than
`POLL_S`. Here are addresses, redirects, time limits and what a failure means. Files, sums and
second tries are elsewhere.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from cifar_studio import __version__
from cifar_studio.errors import StudioError

POLL_S = 0.1
CHUNK_BYTES = 64 * 1024
MOST_REDIRECTS = 5
_WAITING_CHUNKS = 16  # what the thread may be ahead of the disk: 1 MiB
_REDIRECTS = (301, 302, 303, 307, 308)


class TransferError(StudioError):
    """A request failed.

    Attributes
    ----------
    again : bool
        Whether the same address may do better later.
    wait_s : float
        What the server asked to wait before that; 0 where it did not say.
    """

    def __init__(self, fault: str, *, again: bool, wait_s: float = 0.0) -> None:
        super().__init__(fault)
        self.again = again
        self.wait_s = wait_s


@dataclass(frozen=True)
class Head:
    """What a server says before the bytes."""

    status: int
    reason: str
    headers: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """The header `name` as a whole number; None where it is absent or none."""
        text = self.headers.get(name, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def continues(self, offset: int, size: int) -> bool:
        """Whether `Content-Range` speaks of a file of `size` bytes, from `offset` on."""
        unit, _, said = self.headers.get("Content-Range", "").partition(" ")
        part, _, total = said.strip().partition("/")
        first = part.partition("-")[0].strip()
        return unit.lower() == "bytes" and first == str(offset) and total in (str(size), "*")


Transfer = Generator[Head | bytes | None, None, None]


def host_of(url: str) -> str:
    """Name of the server in `url`, without what may be secret in an address."""
    try:
        return urlsplit(url).hostname or "an address without a server"
    except ValueError:
        return "an address that is none"


def transfer(url: str, headers: Mapping[str, str], timeout_s: float) -> Transfer:
    """Ask for `url`: None while there is no news, then the `Head`, then the bytes.

    Only http and https, directly or after a redirect; proxies are those of the system. What is
    sent is not verified here, so an https address may lead to an http one. Closing the generator
    ends the request; its thread goes within `timeout_s`.

    Raises
    ------
    TransferError
        It failed, or nothing came for `timeout_s` (twice that before the head, for a server may
        have several addresses).
    """
    news: queue.Queue[Head | bytes | TransferError | None] = queue.Queue(_WAITING_CHUNKS)
    given_up = threading.Event()
    reader = _Reader(url, dict(headers), timeout_s, news, given_up)
    # A daemon: looking a name up cannot be broken off, and must not hold the program back.
    threading.Thread(target=reader.run, name="download", daemon=True).start()
    silent_s, patience_s = 0.0, 2 * timeout_s
    try:
        while True:
            try:
                piece = news.get(timeout=POLL_S)
            except queue.Empty:
                silent_s += POLL_S
                if silent_s > patience_s:
                    raise TransferError("did not answer in time", again=True) from None
                yield None
                continue
            if piece is None:
                return
            if isinstance(piece, TransferError):
                raise piece
            silent_s, patience_s = 0.0, timeout_s
            yield piece
    finally:
        given_up.set()


class _Reader:
    """The thread's side."""

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        timeout_s: float,
        news: queue.Queue[Head | bytes | TransferError | None],
        given_up: threading.Event,
    ) -> None:
        self._url = url
        self._headers = {
            "User-Agent": f"cifar-studio/{__version__}",
            "Accept-Encoding": "identity",
            **headers,
        }
        self._timeout_s = timeout_s
        self._news = news
        self._given_up = given_up

    def run(self) -> None:
        try:
            with contextlib.closing(self._open()) as response:
                self._read(response)
        except Exception as error:
            self._tell(_meaning(error))
        else:
            self._tell(None)

    def _open(self) -> Any:
        """Follow redirects by hand: urllib would read their bodies whole, and allow ftp."""
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        url = self._url
        for _ in range(MOST_REDIRECTS + 1):
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise TransferError("leads to an address that is not http or https", again=False)
            request = urllib.request.Request(url, headers=self._headers)
            response = opener.open(request, timeout=self._timeout_s)
            assert response is not None
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                return response
            response.close()
            if self._given_up.is_set():
                break
            url = urljoin(url, target)
        raise TransferError(f"redirects more than {MOST_REDIRECTS} times", again=False)

    def _read(self, response: Any) -> None:
        left: int | None = response.length
        self._tell(Head(response.status, response.reason or "", _plain(response.headers)))
        while left != 0 and not self._given_up.is_set():
            piece = response.read1(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            self._tell(piece)

    def _tell(self, piece: Head | bytes | TransferError | None) -> None:
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._news.put(piece, timeout=POLL_S)
                return


def _plain(headers: http.client.HTTPMessage) -> dict[str, str]:
    names = ("Content-Length", "Content-Range", "ETag", "Last-Modified", "Retry-After")
    return {name: str(headers[name]) for name in names if headers[name] is not None}


def _meaning(error: Exception) -> TransferError:
    """What an exception of the standard library means for a person, and for a second try."""
    if isinstance(error, TransferError):
        return error
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransferError(f"shows a wrong certificate ({error.verify_message})", again=False)
    if isinstance(error, TimeoutError):
        return TransferError("did not answer in time", again=True)
    if isinstance(error, socket.gaierror):
        return TransferError("was not found under that name", again=True)
    if isinstance(error, ConnectionRefusedError):
        return TransferError("refused the connection", again=True)
    # An address or a header with signs that have no place there.
    if isinstance(error, http.client.InvalidURL | ValueError) and not isinstance(error, OSError):
        return TransferError("has an address that cannot be used", again=False)
    if isinstance(error, http.client.HTTPException | ConnectionError | ssl.SSLError):
        return TransferError("broke the connection off", again=True)
    if isinstance(error, OSError):
        return TransferError(f"could not be reached ({error.strerror or error})", again=True)
    return TransferError(f"could not be asked ({type(error).__name__}: {error})", again=False)
