"""Room: web.server. gunicorn around the application: one process, many threads, dies with its parent. No routes."""

import gc
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from nas_asr.core import lifeline
from nas_asr.core.memory import share_heaps
from nas_asr.logs import EventFormatter
from nas_asr.web.patience import PatientWorker

if TYPE_CHECKING:
    from flask import Flask

# Each open page holds one thread for its event stream; web.events caps those below this number.
THREADS = 32


class _Words(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own log in our form, which blots tokens out."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(EventFormatter())


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, build: "Callable[[], Flask]", options: dict[str, Any]) -> None:
        self._build = build
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        return self._build()


def serve(build: "Callable[[], Flask]", host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. The application is built in the worker process, so that the master stays small."""
    master = os.getpid()
    shown = f"[{host}]" if ":" in host else host

    def hold(_server: object, _worker: object) -> None:
        lifeline.hold(master)
        share_heaps()

    options = {
        "bind": f"{shown}:{port}",
        "workers": 1,
        "worker_class": PatientWorker,
        "threads": THREADS,
        "timeout": 120,
        "graceful_timeout": 5,
        "keepalive": 5,
        "post_fork": hold,
        "post_worker_init": _ready,
        "accesslog": None,
        "logger_class": _Words,
        "loglevel": "warning",
        "control_socket_disable": True,
        "forwarder_headers": "",
        "forwarded_allow_ips": "",
    }
    _Server(build, options).run()


def _ready(worker: Any) -> None:
    # What the application is made of stays; looked through for garbage again and again, it cost a page 100 ms now and then.
    gc.collect()
    gc.freeze()
    # An open event stream would hold the end of the process for the whole graceful time.
    closing = worker.wsgi.extensions["nas_asr_streams"].closing
    then = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        closing.set()
        if callable(then):
            then(number, frame)

    signal.signal(signal.SIGTERM, end)
