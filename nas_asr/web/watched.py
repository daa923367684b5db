"""Room: web.watched. Ends streams when their viewer's access ends: sound, exports, all that takes longer than a moment.

    response.response = watched(response.response, lambda viewer: may_hear(house, viewer, recording_id))

Every two seconds the services are asked anew who the viewer is, and whether they still may. Where the session or the token
has ended, the team is lost, or the recording lies in the trash, the connection is cut, also while its thread waits for a
player that paused: a truncated answer must not look whole, so there is no polite end to it.
"""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from errno import ECONNRESET
from weakref import WeakSet

from flask import Flask, current_app, request

from nas_asr.core.access import Viewer
from nas_asr.store.database import DatabaseTrouble, is_passing
from nas_asr.web.viewer import ask_again

log = logging.getLogger(__name__)

EVERY_S = 2.0
_DROP_WHAT_IS_UNSENT = struct.pack("ii", 1, 0)  # SO_LINGER: closing takes back what the kernel has not sent yet


class Watched:
    """A stream that may be ended from outside. Iterate it, and close it as any WSGI answer."""

    def __init__(self, watch: "Watch", stream: Iterable[bytes], may: Callable[[], bool]) -> None:
        self.may = may
        self._watch = watch
        self._stream = stream
        self._pieces = iter(stream)
        self._socket: socket.socket | None = _socket_of_request()
        self._over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._over:
            raise ConnectionResetError(ECONNRESET, "The viewer's access has ended")
        return next(self._pieces)

    def cut(self) -> None:
        """End it now. Whoever waits for the other side to read is woken by the socket's end."""
        self._over = True
        if self._socket is not None:
            with suppress(OSError):  # the other side was quicker
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_WHAT_IS_UNSENT)
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The answer is over; its connection may serve another request from here on."""
        self._watch.forget(self)
        if callable(close := getattr(self._stream, "close", None)):
            close()


class Watch:
    """The open streams of this process. Its thread lives only while there are any."""

    def __init__(self) -> None:
        self._open: WeakSet[Watched] = WeakSet()  # weak: an answer that nobody closed is nobody's any more
        self._looks = False
        self._one_at_a_time = threading.Lock()

    def keep(self, stream: Iterable[bytes], may: Callable[[], bool]) -> Watched:
        """The stream, looked after from now on."""
        watched = Watched(self, stream, may)
        with self._one_at_a_time:
            self._open.add(watched)
            if not self._looks:
                self._looks = True
                threading.Thread(target=self._run, name="watched", daemon=True).start()
        return watched

    def forget(self, watched: Watched) -> None:
        """It has ended by itself."""
        with self._one_at_a_time:
            self._open.discard(watched)

    def look(self) -> None:
        """Cut every stream whose viewer may no longer."""
        with self._one_at_a_time:
            now_open = tuple(self._open)
        for watched in now_open:
            if _refused(watched.may):
                with self._one_at_a_time:  # its connection must not be another's by now
                    if watched in self._open:
                        self._open.discard(watched)
                        watched.cut()

    def _run(self) -> None:
        while True:
            time.sleep(EVERY_S)
            with self._one_at_a_time:
                if not self._open:
                    self._looks = False
                    return
            self.look()


def configure(app: Flask) -> None:
    """One watch for each process."""
    app.extensions["nas_asr_watch"] = Watch()


def watched(stream: Iterable[bytes], still: Callable[[Viewer], bool]) -> Watched:
    """The stream of this request, which ends when its viewer's access does, or when `still` says no of who they are by then."""
    again = ask_again()

    def may() -> bool:
        viewer: Viewer | None = again()
        return viewer is not None and still(viewer)

    watch = current_app.extensions["nas_asr_watch"]
    assert isinstance(watch, Watch)
    return watch.keep(stream, may)


def _refused(may: Callable[[], bool]) -> bool:
    try:
        return not may()
    except DatabaseTrouble as error:
        if is_passing(error):  # nobody can have been removed meanwhile; the next look tells
            return False
        log.warning("web.stream_not_looked_after", exc_info=error)
        return True


def _socket_of_request() -> socket.socket | None:
    environ = request.environ
    found = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    return found if isinstance(found, socket.socket) else None
