"""Room: engine.remote. An OpenAI-compatible transcription server as the recogniser: utterances go out as WAV, text comes back.

Speaks with the one server that an admin named and with nobody else: no proxy of the environment, no redirect.
"""

import io
import json
import threading
import time
import unicodedata
import wave
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetDone
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from nas_asr.core.errors import EngineBusy, EngineError, ModelUnavailable
from nas_asr.core.hotwords import Hotword
from nas_asr.core.languages import AUTO
from nas_asr.core.ports import SAMPLE_RATE, Beat, Brief, Utterance
from nas_asr.core.transcript import EngineLabel, Heard
from nas_asr.engine.presence import no_address, reason

_BEAT_S = 0.5
_LARGEST_ANSWER = 1 << 20  # bytes; half a minute of speech is a few hundred
_LONGEST_TEXT = 2_000  # characters; nobody says as many in half a minute, and hotwords and ITN look at each
_LONGEST_PROMPT = 600  # characters; Whisper's prompt holds 224 tokens and forgets the front of a longer one
_SHORTEST_MS = 100  # OpenAI's own server refuses less
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEEDS = {"prompt": ("prompt",), "hotwords": ("hotwords",), "both": ("prompt", "hotwords"), "off": ()}


@dataclass(frozen=True, slots=True)
class Server:
    """The server and how to treat it.

    url: base URL up to and including /v1. model: as the server calls it, empty takes the first that it lists. hotwords: the
    form field that carries them: prompt (everybody knows it), hotwords (vLLM and speaches), both, or off. at_once: requests
    under way. patience_s: for one answer. tries: in all, with growing pauses, where a failure may pass.
    """

    url: str
    key: str = field(default="", repr=False)
    model: str = ""
    hotwords: str = "prompt"
    at_once: int = 4
    patience_s: float = 120.0
    tries: int = 4
    pause_s: float = 0.5


class Remote:
    """A Recogniser. Several utterances are under way at once; they come back in order."""

    def __init__(self, server: Server) -> None:
        """Raises ModelUnavailable where the address cannot be one, or the server does not say what models it has."""
        self._server = server
        host = _host(server.url)
        if not (server.key.isascii() and server.key.isprintable()):  # the HTTP client would name it in its error
            raise ModelUnavailable(
                "The key of the transcription server holds signs that no key has.",
                "Check NAS_ASR_OPENAI_KEY (or the file that NAS_ASR_OPENAI_KEY_FILE names): one line of plain letters.",
            )
        self._fields = _HEEDS[server.hotwords]
        self.knows_hotwords = bool(self._fields)
        self._pool = urllib3.PoolManager(maxsize=server.at_once, block=True, retries=_retry(server))
        self.label = EngineLabel("openai", server.model or self._first_model(), "", host)

    def serves(self, language: str) -> bool:
        """Every language: only the server knows better, and it does not tell."""
        return True

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with the server's text. Raises EngineBusy where it is away, EngineError where it refuses."""
        threads = ThreadPoolExecutor(self._server.at_once, "remote")
        asked: deque[tuple[Utterance, Future[str]]] = deque()
        gone = threading.Event()
        try:
            for utterance in utterances:
                asked.append((utterance, threads.submit(self._ask, utterance, brief, gone)))
                while asked and (asked[0][1].done() or len(asked) >= 2 * self._server.at_once):
                    yield _answer(asked, brief, beat)
            while asked:
                yield _answer(asked, brief, beat)
        finally:
            gone.set()
            threads.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _ask(self, utterance: Utterance, brief: Brief, gone: threading.Event) -> str:
        """What the server hears; runs in a thread."""
        if gone.is_set() or utterance.span.length_ms < _SHORTEST_MS:
            return ""
        fields: dict[str, Any] = {
            "file": ("utterance.wav", _wav(utterance), "audio/wav"),
            "model": self.label.model,
            "response_format": "json",
            "temperature": "0",
        }
        if brief.language != AUTO:
            fields["language"] = brief.language
        if words := _line(brief.hotwords):
            fields |= dict.fromkeys(self._fields, words)
        said = self._call("POST", "audio/transcriptions", fields)
        text = said.get("text")
        if not isinstance(text, str):
            raise EngineError(
                f"The transcription server at {self.label.device} answered without a text.",
                "Check that NAS_ASR_OPENAI_URL is an OpenAI-compatible server for transcription.",
            )
        return _legible(text)

    def _first_model(self) -> str:
        """What the server serves, where nobody said which model."""
        try:
            said = self._call("GET", "models")
        except EngineError as error:
            raise ModelUnavailable(error.message, error.remedy) from error
        try:
            name = said["data"][0]["id"]
        except (KeyError, TypeError, IndexError):
            name = None
        if not isinstance(name, str) or not name:
            raise ModelUnavailable(
                f"The transcription server at {_host(self._server.url)} names no model.", "Say which one with NAS_ASR_MODEL."
            )
        return name

    def _call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if self._server.key:
            headers["Authorization"] = f"Bearer {self._server.key}"
        host = _host(self._server.url)
        try:
            answer = self._pool.request(
                method, f"{self._server.url.rstrip('/')}/{path}", fields=fields, headers=headers, preload_content=False,
                redirect=False, timeout=Timeout(connect=10, read=self._server.patience_s),
            )  # fmt: skip
            body = _body(answer, self._server.patience_s)
            answer.release_conn() if answer.closed else answer.close()
        except (HTTPError, OSError) as error:
            raise EngineBusy(
                f"The transcription server at {host} does not answer ({_short(error)}).",
                "Start it, or correct NAS_ASR_OPENAI_URL; the recording waits and is tried again.",
            ) from error
        if answer.status != 200:
            raise _refused(host, answer.status, body)
        return _json(host, body)


def _answer(asked: "deque[tuple[Utterance, Future[str]]]", brief: Brief, beat: Beat) -> tuple[Utterance, Heard]:
    """The first one that is under way, when it is there."""
    utterance, future = asked[0]
    while True:
        try:
            text = future.result(_BEAT_S)
        except NotYetDone:
            beat()
        else:
            asked.popleft()
            return utterance, Heard(spoken=text, written=text if brief.writes else None)


def _body(answer: BaseHTTPResponse, patience_s: float) -> bytes:
    """The answer's beginning, all of it as a rule. A server that sends a byte now and then is away, too: TimeoutError."""
    body, until = bytearray(), time.monotonic() + patience_s
    while len(body) < _LARGEST_ANSWER and (more := answer.read1(_LARGEST_ANSWER - len(body))):
        body += more
        if time.monotonic() > until:
            answer.close()
            raise TimeoutError
    return bytes(body)


def _legible(text: str) -> str:
    """One line without control characters and halves of characters: no database takes them, and no page should."""
    signs = (" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text[:_LONGEST_TEXT])
    return " ".join("".join(signs).split())


def _retry(server: Server) -> Retry:
    """What may pass is tried again with growing pauses, also a POST: hearing something twice harms nobody."""
    return Retry(
        total=server.tries - 1, redirect=0, status_forcelist=_PASSING, allowed_methods=None, backoff_factor=server.pause_s,
        backoff_max=20, backoff_jitter=server.pause_s, raise_on_status=False, raise_on_redirect=False, retry_after_max=60,
    )  # fmt: skip


def _host(url: str) -> str:
    """Host and port of the base URL, for people. Raises ModelUnavailable where it is no address of a server."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        good = False
    if not url:
        raise reason("openai", ("openai",), second_stage=False)
    if not good or parts.query or parts.fragment:
        shown = "NAS_ASR_OPENAI_URL" if "@" in url else url  # before an @ may stand a password
        raise no_address(f"“{shown}” is no address of a server.")
    return parts.netloc


def _refused(host: str, status: int, body: bytes) -> EngineError:
    """The server said no. Its own words go along: they name the field, the model or the limit."""
    words = f"{status} {' '.join(_reason(body).split())[:200]}".strip()
    says = f"The transcription server at {host} refused: {words}."
    if status in _PASSING:
        return EngineBusy(says, "The recording waits and is tried again.")
    if status in (401, 403):
        return EngineError(says, "Check NAS_ASR_OPENAI_KEY (or the file that NAS_ASR_OPENAI_KEY_FILE names).")
    if 300 <= status < 400:
        return EngineError(says, "Name the address that it redirects to: recordings are not sent on to others.")
    return EngineError(says, "Check NAS_ASR_OPENAI_URL (with /v1 at its end) and NAS_ASR_MODEL.")


def _reason(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = said.get("error", said.get("detail", "")) if isinstance(said, dict) else ""
    words = error.get("message", "") if isinstance(error, dict) else error
    return _legible(words) if isinstance(words, str) else ""


def _json(host: str, body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise EngineError(
            f"What answers at {host} is no OpenAI-compatible transcription server.",
            "Check NAS_ASR_OPENAI_URL: its base URL ends with /v1.",
        )
    return said


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return type(reason).__name__


def _line(words: tuple[Hotword, ...]) -> str:
    """Hotwords as one line, whole words only."""
    line = ""
    for each in words:
        longer = f"{line}, {each.word}" if line else each.word
        if len(longer) > _LONGEST_PROMPT:
            break
        line = longer
    return line


def _wav(utterance: Utterance) -> bytes:
    """16-bit mono PCM at 16 kHz with a RIFF header."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(utterance.pcm.astype("<i2").tobytes())
    return file.getvalue()
