"""Room: install.fetch. HTTP for model hubs: lists as JSON, files that go on where they stopped. Knows no hub, keeps no secret.

Standard library only, because it has to work before the second stage is installed (decision 29).
"""

import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from nas_asr.core.checkpoints import PART
from nas_asr.core.errors import ModelUnavailable

_BLOCK = 1 << 20
_LARGEST_LIST = 32 << 20
_LIST_TIMES = 6  # patience for a whole list, in time-outs
_LONGEST_PAUSE_S = 60.0
_MISSING = (404, 410)
_FORBIDDEN = (401, 403)
_LATER = (408, 425, 429)


class HubAway(ModelUnavailable):
    """A hub is not reached, or not well: another one, or a later try, may help."""


class HubRefused(ModelUnavailable):
    """A hub answers, and does not give what was asked for."""


class _Broken(Exception):  # noqa: N818 (the next try may be whole)
    """One try that came to nothing. wait_s: what the server asked for."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Patience:
    """timeout_s: for a connection and between two blocks. Pauses between tries double; a try that got bytes counts anew."""

    timeout_s: float = 20.0
    tries: int = 6
    list_tries: int = 2
    pause_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class _OnlyWeb(urllib.request.HTTPRedirectHandler):
    """Hubs send on to their own storage; we follow over http and https, and never from https to http."""

    def redirect_request(  # noqa: PLR0913 (urllib's own shape)
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme.lower()
        if scheme != "https" and (scheme != "http" or req.full_url.lower().startswith("https:")):
            raise _sent_astray(req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _sent_astray(url: str) -> HubRefused:
    return HubRefused(
        f"{_host(url)} sends us on to an address that is not followed.",
        "Look at the mirror's address, or take the hub's own.",
    )


def _opener() -> urllib.request.OpenerDirector:
    """Proxies of the environment, http and https; no cookies, no credentials, and none of urllib's other schemes."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(), _OnlyWeb(), urllib.request.HTTPErrorProcessor(),
    ):  # fmt: skip
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", "nas_asr"), ("Accept-Encoding", "identity")]
    return opener


@dataclass(frozen=True, slots=True)
class Web:
    """The way out of the house. `heard` is called at least once a try, so that a waiting pull is not taken for dead."""

    patience: Patience = field(default_factory=Patience)
    opener: urllib.request.OpenerDirector = field(default_factory=_opener)

    def json(self, url: str, heard: Callable[[], None] = lambda: None) -> Any:
        """A list. Raises HubAway or HubRefused."""

        def once() -> Any:
            heard()
            with self._open(url, 0) as answer:
                content = self._list(answer, heard)
            try:
                return json.loads(content)
            except (ValueError, RecursionError) as error:
                raise HubAway(
                    f"{_host(url)} answered with something that is no list of a model hub.",
                    "Look whether a login page of the network or a wrong mirror address is in the way.",
                ) from error

        return self._again(url, once, lambda: 0, self.patience.list_tries)

    def _list(self, answer: http.client.HTTPResponse, heard: Callable[[], None]) -> bytes:
        """All of it, within a few times the pause that is allowed between two blocks."""
        content, until = bytearray(), time.monotonic() + _LIST_TIMES * self.patience.timeout_s
        while len(content) < _LARGEST_LIST and (block := _heard(lambda: answer.read1(_BLOCK))):
            content += block
            heard()
            if time.monotonic() > until:
                raise _Broken("its list does not come to an end")
        return bytes(content)

    def file(self, url: str, target: Path, size: int, heard: Callable[[int], None]) -> None:
        """Bring `target` + .part to its size; goes on after the bytes that are there. heard: bytes that are there now.

        Raises HubAway or HubRefused, and OSError where the disk does not take it. Compares no hash.
        """
        part = target.with_name(target.name + PART)

        def there() -> int:
            return part.stat().st_size if part.exists() else 0

        def once() -> None:
            if there() > size:
                part.unlink()
            heard(there())
            if there() < size or not part.exists():
                self._more(url, part, size, heard)

        self._again(url, once, there, self.patience.tries)

    def _more(self, url: str, part: Path, size: int, heard: Callable[[int], None]) -> None:
        have = part.stat().st_size if part.exists() else 0
        with self._open(url, have) as answer:
            start = _start(answer)
            if start not in (0, have):
                part.unlink(missing_ok=True)
                raise _Broken("it sent another part of the file than was asked for")
            with part.open("r+b" if part.exists() else "wb") as file:
                file.truncate(start)  # a server that knows no ranges sends all of it again
                file.seek(start)
                while block := _heard(lambda: answer.read1(_BLOCK)):  # what is there: a slow line shows progress, too
                    if file.tell() + len(block) > size:
                        raise HubRefused(f"{_host(url)} sends more of {part.stem} than its list says.", "Try again later.")
                    file.write(block)
                    heard(file.tell())
                file.flush()
                os.fsync(file.fileno())
                if file.tell() < size:
                    raise _Broken("the connection ended before the file did")

    def _open(self, url: str, start: int) -> http.client.HTTPResponse:
        request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310
        try:
            answer = self.opener.open(request, timeout=self.patience.timeout_s)
        except urllib.error.HTTPError as error:
            error.close()
            raise _trouble(error, url) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise HubAway(
                    f"The certificate of {_host(url)} was not accepted.",
                    "Where a proxy of your network opens connections, name its certificate with SSL_CERT_FILE.",
                ) from error
            raise _Broken(_words(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Broken(_words(error)) from error
        except ValueError as error:  # an address that is none, mostly one that a hub sent us on to
            raise _sent_astray(url) from error
        assert isinstance(answer, http.client.HTTPResponse)
        return answer

    def _again(self, url: str, once: Callable[[], Any], there: Callable[[], int], tries: int) -> Any:
        failed = 0
        while True:
            before = there()
            try:
                return once()
            except _Broken as broken:
                failed = 1 if there() > before else failed + 1
                if failed >= tries:
                    raise HubAway(f"{_host(url)} is not reached: {broken.why}.", _LATER_REMEDY) from broken
                self.patience.sleep(min(broken.wait_s or self.patience.pause_s * 2 ** (failed - 1), _LONGEST_PAUSE_S))


_LATER_REMEDY = "Start it again later: it goes on where it stopped."


def _heard(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(_words(error)) from error


def _start(answer: http.client.HTTPResponse) -> int:
    """Where the answer begins in the file. ModelScope's storage answers a range with status 200 and a Content-Range."""
    said = answer.headers.get("Content-Range", "")
    first = said.removeprefix("bytes ").partition("-")[0].strip()
    if first.isdecimal():
        return int(first)
    if answer.status == 206:
        raise _Broken("it sent a part of the file and did not say which")
    return 0


def _trouble(error: urllib.error.HTTPError, url: str) -> Exception:
    if error.code in _MISSING:
        return HubRefused(f"{_host(url)} has no such model, revision or file.", "Look at the name and the revision.")
    if error.code in _FORBIDDEN:
        return HubRefused(
            f"{_host(url)} does not give this to everybody (status {error.code}).",
            "Download it with your own account and bring it in with --from DIR.",
        )
    if 300 <= error.code < 400:
        return _sent_astray(url)
    if error.code == 416:
        return _Broken("it knows no such part of the file")
    if error.code in _LATER or error.code >= 500:
        said = error.headers.get("Retry-After", "") if error.headers else ""
        return _Broken(f"it answered with status {error.code}", float(said) if said.isdecimal() else 0.0)
    return HubRefused(f"{_host(url)} answered with status {error.code}.", "Look at the mirror's address.")


def _words(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error) or type(error).__name__


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
