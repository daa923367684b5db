"""Room: tests.install.hub_server. A hub on 127.0.0.1 that speaks as ModelScope and Hugging Face, and misbehaves on order."""

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

MODEL = "FunAudioLLM/Fun-ASR-Nano-2512"
COMMIT = "272c57b82523ada6fd87095e955f8e29100979ab"
LARGE = ("model.pt",)  # in LFS, as on Hugging Face


def weights(size: int = 3_000_000) -> bytes:
    """A zip as torch.save makes them: stored, list at the end."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/data.pkl", bytes(i % 251 for i in range(size)))
    return out.getvalue()


def nano() -> dict[str, bytes]:
    """The files of a checkpoint, and what lies beside them."""
    return {
        ".gitattributes": b"*.pt filter=lfs",
        "README.md": b"---\nlicense: apache-2.0\n---\n",
        "configuration.json": b'{"file_path_metas": {"init_param": "model.pt", "config": "config.yaml"}}',
        "config.yaml": b"model: FunASRNano\n",
        "model.pt": weights(),
        "multilingual.tiktoken": b"IQ== 0\n" * 50,
        "Qwen3-0.6B/tokenizer.json": b"{}" * 400,
        "Qwen3-0.6B/config.json": b"{}",
        "Qwen3-0.6B/model.safetensors": b"a second copy",
        "example/zh.mp3": b"sound",
        "fig/picture.png": b"picture",
        "model.py": b"print('never run')",
        "requirements.txt": b"evil\n",
    }


@dataclass
class Hub:
    """What is published, how it misbehaves, and what was asked. Fields may be changed while it serves."""

    files: dict[str, bytes] = field(default_factory=nano)
    address: str = ""
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    announced: dict[str, bytes] = field(default_factory=dict)  # lists this content, sends that of `files`
    cut_after: list[int] = field(default_factory=list)  # one file's answer each breaks off after so many bytes
    statuses: list[int] = field(default_factory=list)  # one answer each has this status
    ignores_ranges: bool = False
    plain_ranges: bool = False  # 200 with a Content-Range, as ModelScope's storage answers
    redirect_to: str = ""  # file requests are sent on there; {} is the path
    knows_commits: bool = False  # ModelScope's list of branches names commits
    login_page: bool = False  # a network that answers everything with a page of its own
    page: bytes = b"<html>Welcome to our guest network</html>"
    headers: dict[str, str] = field(default_factory=dict)  # with every answer
    drips_lists: bool = False  # a byte now and then
    extra_paths: tuple[str, ...] = ()
    hold: threading.Event | None = None  # until then a large file comes a kilobyte at a time after its first megabyte

    def file_requests(self) -> list[str]:
        """The files that were asked for."""
        return [path for path in self.asked if "FilePath=" in path or "/resolve/" in path or "/stored/" in path]


def _entry(hub: Hub, path: str) -> dict[str, Any]:
    content = hub.announced.get(path, hub.files.get(path, b"x"))
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "content": content}


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:  # noqa: N802 (http.server's name)
        self.hub.asked.append(self.path)
        if self.hub.statuses:
            status = self.hub.statuses.pop(0)
            if status != 200:
                self._send(status, b"no", {"Retry-After": "0", **self.hub.headers})
                return
        if self.hub.login_page:
            self._send(200, self.hub.page)
            return
        parts = urlsplit(self.path)
        self._answer(unquote(parts.path), parse_qs(parts.query))

    def _answer(self, path: str, asked: dict[str, list[str]]) -> None:
        if path == f"/api/v1/models/{MODEL}/revisions":
            commit = {"CommitId": COMMIT} if self.hub.knows_commits else {}
            branches = [{"Revision": "master", "CreatedAt": 1, **commit}]
            self._json({"Code": 200, "Data": {"RevisionMap": {"Branches": branches, "Tags": []}}})
        elif path == f"/api/v1/models/{MODEL}/repo/files":
            self._modelscope()
        elif path == f"/api/v1/models/{MODEL}/repo":
            self._file(asked["FilePath"][0])
        elif path in (f"/api/models/{MODEL}/revision/{name}" for name in ("main", COMMIT)):
            self._hugging_face()
        elif path.startswith("/stored/"):
            self._file(path.removeprefix("/stored/"), stored=True)
        elif path.startswith(before := f"/{MODEL}/resolve/{COMMIT}/"):
            self._file(path.removeprefix(before))
        else:
            self._send(404, b"{}")

    def _modelscope(self) -> None:
        rows = [
            {"Path": one["path"], "Name": one["path"], "Size": one["size"], "Sha256": one["sha256"], "Type": "blob"}
            for one in (_entry(self.hub, path) for path in (*self.hub.files, *self.hub.extra_paths))
        ]
        rows.append({"Path": "Qwen3-0.6B", "Name": "Qwen3-0.6B", "Size": 0, "Sha256": "", "Type": "tree"})
        self._json({"Code": 200, "Success": True, "Data": {"Files": rows}})

    def _hugging_face(self) -> None:
        rows = []
        for path in (*self.hub.files, *self.hub.extra_paths):
            one = _entry(self.hub, path)
            blob = hashlib.sha1(b"blob %d\0" % one["size"] + one["content"]).hexdigest()
            row: dict[str, Any] = {"rfilename": path, "size": one["size"], "blobId": blob}
            if path in LARGE:
                row["lfs"] = {"sha256": one["sha256"], "size": one["size"], "pointerSize": 135}
            rows.append(row)
        self._json({"id": MODEL, "sha": COMMIT, "siblings": rows})

    def _file(self, path: str, *, stored: bool = False) -> None:
        if path not in self.hub.files:
            self._send(404, b"no such file")
            return
        if self.hub.redirect_to and not stored:
            self._send(302, b"", {"Location": self.hub.redirect_to.format(path)})
            return
        content, wanted = self.hub.files[path], self.headers.get("Range", "")
        self.hub.ranges.append(wanted)
        start, extra, status = 0, {}, 200
        if wanted and not self.hub.ignores_ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
                return
            extra = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            status = 200 if self.hub.plain_ranges else 206
        self._send(status, content[start:], extra, breaks=True)

    def _json(self, content: Any) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"}, drips=self.hub.drips_lists)

    def _send(
        self, status: int, content: bytes, more: dict[str, str] | None = None, *, breaks: bool = False, drips: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **self.hub.headers, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if breaks and self.hub.hold is not None and len(content) > 1 << 20:
            content = self._slowly(content, self.hub.hold)
        if breaks and self.hub.cut_after and len(content) > self.hub.cut_after[0]:
            content, self.close_connection = content[: self.hub.cut_after.pop(0)], True
        try:
            for at in range(len(content)) if drips else ():
                self.wfile.write(content[at : at + 1])
                time.sleep(0.03)
            self.wfile.write(content if not drips else b"")
        except OSError:
            self.close_connection = True

    def _slowly(self, content: bytes, go: threading.Event) -> bytes:
        """Send the first megabyte, then little; what is left when the test lets go comes back."""
        step = 1 << 20
        while content:
            try:
                self.wfile.write(content[:step])
            except OSError:
                self.close_connection = True
                return b""
            content, step = content[step:], 1024
            if go.wait(0.2):
                break
        return content

    def log_message(self, format: str, *args: Any) -> None:
        """Tests need no log."""


@contextmanager
def serving(hub: Hub | None = None) -> Iterator[Hub]:
    """The hub, as long as the test wants it."""
    hub = hub or Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        if hub.hold is not None:
            hub.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
