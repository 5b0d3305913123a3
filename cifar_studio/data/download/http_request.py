"""One GET request by requests, and what its errors mean in words."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ProtocolError, ProxyError

from cifar_studio import __version__
from cifar_studio.errors import StudioError

MAX_REDIRECTS = 5
_PROXY = "cannot be reached through the proxy (correct HTTPS_PROXY and HTTP_PROXY, or unset them)"
# What an error means for a person, and whether it may pass; the first line that fits counts.
_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, bool], ...] = (
    (requests.TooManyRedirects, f"redirects more than {MAX_REDIRECTS} times", False),
    ((ProxyError, requests.exceptions.InvalidProxyURL), _PROXY, True),
    (socket.gaierror, "was not found under that name", True),
    (ConnectionRefusedError, "refused the connection", True),
    (TimeoutError, "did not answer in time", True),
    ((ProtocolError, ConnectionError, ssl.SSLError), "broke the connection off", True),
    (ValueError, "has, or leads to, an address that is not http or https", False),
)


_system_trust = functools.cache(ssl.create_default_context)  # reading it takes some 60 ms


class TransferError(StudioError):
    """A request failed; `again`: it may do better, after `wait_s` seconds or more."""

    def __init__(self, fault: str, *, again: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(fault)
        self.again, self.wait_s = again, wait_s


def host_of(url: str) -> str:
    """Name of the server in `url`, without what may be secret in an address."""
    try:
        return urlsplit(url).hostname or "an address without a server"
    except ValueError:
        return "an address that is none"


@contextlib.contextmanager
def get(url: str, headers: Mapping[str, str], timeout_s: float) -> Iterator[requests.Response]:
    """The response of `url`, its body not yet read.

    Only http and https, directly or after a redirect, which may leave https; proxies are those of
    the system. `timeout_s` is for connecting, and for the silence between two pieces of the body.
    Raises TransferError, also for what goes wrong while the body is read.
    """
    common = {"User-Agent": f"cifar-studio/{__version__}", "Accept-Encoding": "identity"}
    try:
        with requests.Session() as session:
            session.mount("https://", _SystemTrust())
            session.max_redirects = MAX_REDIRECTS
            hooks = {"response": _skip_body_of_redirect}
            with session.get(
                url, headers={**common, **headers}, timeout=timeout_s, stream=True, hooks=hooks
            ) as response:
                yield response
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise _in_words(error) from error


class _SystemTrust(HTTPAdapter):
    """Trusts the certificates of the operating system beside those that come with requests."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_system_trust(), **more)

    def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=_system_trust(), **more)


def _skip_body_of_redirect(response: requests.Response, *_: object, **__: object) -> None:
    """Otherwise requests reads it whole, however long it is."""
    if response.is_redirect:
        response.close()


def _in_words(error: Exception) -> TransferError:
    """What an error of requests or urllib3 means for a person, and for a second try."""
    causes: list[BaseException] = [error]
    while behind := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(behind)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TransferError(f"shows a wrong certificate ({cause.verify_message})")
    if "SOCKS" in str(error):
        return TransferError("cannot be asked through a SOCKS proxy (unset ALL_PROXY)")
    for kinds, words, again in _FAULTS:
        if any(isinstance(cause, kinds) for cause in causes):
            return TransferError(words, again=again)
    reason = getattr(causes[-1], "strerror", None) or type(causes[-1]).__name__
    return TransferError(f"could not be reached ({reason})", again=True)
