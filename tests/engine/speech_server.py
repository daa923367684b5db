"""Room: tests.engine.speech_server. A small OpenAI-compatible transcription server that a test can make slow, wrong or deaf."""

import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request for a transcription: its form fields, and its audio in samples."""

    fields: dict[str, str]
    samples: int
    rate: int


@dataclass
class SpeechServer:
    """answer is called with each request and its number; the default says how many samples it heard."""

    url: str = ""
    key: str = ""
    models: list[str] = field(default_factory=lambda: ["parrot-1"])
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Callable[[Asked, int], Answer] = lambda asked, _: said(f"{asked.samples} samples")


def said(text: str) -> Answer:
    """A good answer."""
    return 200, {"Content-Type": "application/json"}, json.dumps({"text": text}).encode()


def refusal(status: int, words: str = "", **headers: str) -> Answer:
    """A bad one."""
    return status, headers, json.dumps({"error": {"message": words}}).encode()


class _Http(ThreadingHTTPServer):
    """The server's sockets and threads."""

    daemon_threads = True
    speech: SpeechServer

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """The list of models."""
        body = json.dumps({"data": [{"id": name} for name in self.server.speech.models]}).encode()
        self._send((200, {}, body) if self.path == "/v1/models" else refusal(404, "no such path"))

    def do_POST(self) -> None:
        """A transcription."""
        speech = self.server.speech
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/audio/transcriptions":
            self._send(refusal(404, "no such path"))
        elif speech.key and self.headers.get("Authorization") != f"Bearer {speech.key}":
            self._send(refusal(401, "wrong key"))
        else:
            self._send(_answered(speech, _parse(self.headers["Content-Type"], body)))

    def _send(self, found: Answer) -> None:
        status, headers, body = found
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def speech_server() -> Iterator[SpeechServer]:
    """A server on a free port of the loopback, until the test is over."""
    with _Http(("127.0.0.1", 0), _Handler) as http:
        http.speech = SpeechServer(f"http://127.0.0.1:{http.server_port}/v1")
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield http.speech
        finally:
            http.shutdown()
            thread.join()


def _answered(speech: SpeechServer, asked: Asked) -> Answer:
    with speech.lock:
        speech.asked.append(asked)
        number = len(speech.asked)
        speech.under_way += 1
        speech.most_at_once = max(speech.most_at_once, speech.under_way)
    try:
        return speech.answer(asked, number)
    finally:
        with speech.lock:
            speech.under_way -= 1


def _parse(content_type: str, body: bytes) -> Asked:
    form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    samples = rate = 0
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if name == "file":
            with wave.open(io.BytesIO(content)) as sound:
                samples, rate = sound.getnframes(), sound.getframerate()
                assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        else:
            fields[str(name)] = content.decode()
    return Asked(fields, samples, rate)
