"""Room: web.patience. gunicorn's threads wait only so long for a slow or silent browser. Knows sockets; no request, no route.

A thread that reads from, or writes to, somebody who has gone silent would wait for ever, and a few dozen half requests, which
anybody can send, would close the house. So a request starts with a few seconds of waiting, and what arrives earns more.
"""

import errno
import socket
import time
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_FIRST_S = 10.0
_BYTES_PER_SECOND = 1000
_MOST_S = 60.0
# A player that pauses stops reading; it asks again with Range when it goes on.
_WRITE_S = 60.0


class PatientSocket(socket.socket):
    """A socket whose blocking calls end: reading where the time that bytes have earned is over, writing after a minute.

    Both end as if the other side had broken the connection off, which everybody above knows to handle.
    """

    waiting_s = _FIRST_S

    def begin(self) -> None:
        """A new request: the patience of the last one does not count for it."""
        self.waiting_s = _FIRST_S

    def setblocking(self, flag: bool, /) -> None:
        """Blocking means: for as long as we are willing to wait."""
        self.settimeout(_WRITE_S if flag else 0.0)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As usual; time spent waiting is used up, bytes give more of it."""
        if self.gettimeout() == 0.0:
            return super().recv(bufsize, flags)
        self.settimeout(max(self.waiting_s, 0.001))
        began = time.monotonic()
        try:
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
            super().sendall(data, flags)
        except TimeoutError as error:
            raise _gone() from error

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As usual, for a minute without any progress."""
        try:
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


def _gone() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "The other side was silent for too long")
