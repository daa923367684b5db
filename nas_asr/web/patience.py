"""Room: web.patience. gunicorn's threads wait only so long for a slow or silent browser. Knows sockets; no request, no route.

A thread that reads from, or writes to, somebody who has gone silent would wait for ever, and a few dozen half requests, which
anybody can send, would close the house. So a request starts with a few seconds of waiting, and what arrives earns more. And where
many wait at once, whoever came one too many ends the oldest wait: there are always threads left for others.
"""

import errno
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_FIRST_S = 10.0
_BYTES_PER_SECOND = 1000
_MOST_S = 60.0
# A player that pauses stops reading; it asks again with Range when it goes on.
_WRITE_S = 60.0
# What the other side still sends is read for so long after the last answer, or that would not arrive whole.
_LINGER_S = 2.0
# Of 32 threads; 12 more may hold streams of events. A request that arrives whole, and an answer that is read, wait for nobody.
_MOST_WAIT = 14


class Waits:
    """The sockets for whose other side a thread waits at this moment: no more than `most`, or somebody is given up.

    That is the one that waits longest, of the address that has most of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._since: dict[PatientSocket, float] = {}
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def of(self, waiting: "PatientSocket") -> Iterator[None]:
        """While this one waits."""
        with self._one_at_a_time:
            self._since[waiting] = time.monotonic()
            if len(self._since) > self._most:
                self._give_up()
        try:
            yield
        finally:
            with self._one_at_a_time:
                self._since.pop(waiting, None)

    def _give_up(self) -> None:
        theirs = Counter(one.peer for one in self._since)
        most = max(theirs.values())
        oldest = min((one for one in self._since if theirs[one.peer] == most), key=lambda one: self._since[one])
        del self._since[oldest]
        with suppress(OSError):  # the other side was quicker
            oldest.shutdown(socket.SHUT_RDWR)


class PatientSocket(socket.socket):
    """A socket whose blocking calls end: reading where the time that bytes have earned is over, writing after a minute.

    Both end as if the other side had broken the connection off, which everybody above knows to handle.
    """

    waiting_s = _FIRST_S
    waits = Waits(_MOST_WAIT)
    _peer: str | None = None

    @property
    def peer(self) -> str:
        """Whose address it is; empty where nobody knows (any more)."""
        if self._peer is None:
            self._peer = ""
            with suppress(OSError, TypeError, IndexError):
                self._peer = str(self.getpeername()[0])
        return self._peer

    def begin(self) -> None:
        """A new request: the patience of the last one does not count for it."""
        self.waiting_s = _FIRST_S

    def setblocking(self, flag: bool, /) -> None:
        """Blocking means: for as long as we are willing to wait."""
        if self.fileno() < 0:  # gunicorn closes once more what was closed in its thread
            return
        self.settimeout(_WRITE_S if flag else 0.0)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As usual; time spent waiting is used up, bytes give more of it."""
        wanted = self.gettimeout()
        if wanted == 0.0:
            return super().recv(bufsize, flags)
        self.settimeout(max(min(self.waiting_s, wanted or _WRITE_S), 0.001))
        began = time.monotonic()
        try:
            with self.waits.of(self):
                piece = super().recv(bufsize, flags)
        except TimeoutError as error:
            raise _gone() from error
        finally:
            self.settimeout(_WRITE_S)
        waited = time.monotonic() - began
        self.waiting_s = min(self.waiting_s - waited + len(piece) / _BYTES_PER_SECOND, _MOST_S)
        return piece

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """As usual, for a minute."""
        try:
            with self.waits.of(self):
                super().sendall(data, flags)
        except TimeoutError as error:
            raise _gone() from error

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As usual, for a minute without any progress."""
        try:
            with self.waits.of(self):
                return super().sendfile(file, offset, count)
        except TimeoutError as error:
            raise _gone() from error


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads with patient sockets."""

    def enqueue_req(self, conn: TConn) -> None:
        """A request begins on this connection: a new one, or one that was kept alive."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(fileno=conn.sock.detach())
            conn.sock.setblocking(True)
        conn.sock.begin()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> object:
        """As gunicorn; a connection that ends is closed here, for gunicorn would wait for the other side where it accepts."""
        goes_on: object = super().handle(conn)
        if not goes_on:
            close_graceful(conn.sock, _LINGER_S)
        return goes_on


def _gone() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "The other side was silent for too long")
