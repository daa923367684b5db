"""Room: tests.web.test_patience. Somebody slow or silent holds a thread of the server for a while, never for ever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from nas_asr.web.patience import PatientSocket, PatientWorker

Pair = tuple[PatientSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Our end of a connection, and the browser's."""
    ours, theirs = socket.socketpair()
    with PatientSocket(fileno=ours.detach()) as patient, theirs:
        patient.setblocking(True)
        yield patient, theirs


def test_who_says_nothing_is_cut_off(pair: Pair) -> None:
    ours, _ = pair
    ours.waiting_s = 0.05
    with pytest.raises(ConnectionResetError):
        ours.recv(100)


def test_bytes_earn_time_and_drops_of_them_do_not(pair: Pair) -> None:
    ours, theirs = pair
    ours.waiting_s = 0.05
    theirs.sendall(b"x" * 50_000)
    left = 50_000
    while left:
        left -= len(ours.recv(8192))
    assert ours.waiting_s > 5
    ours.waiting_s = 0.05
    theirs.sendall(b"x")
    assert ours.recv(8192) == b"x"
    assert ours.waiting_s < 0.06
    with pytest.raises(ConnectionResetError):
        ours.recv(8192)


def test_who_does_not_read_is_cut_off(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(0.05)
    with pytest.raises(ConnectionResetError):
        ours.sendall(b"x" * (8 << 20))


def test_the_next_request_of_a_connection_begins_with_fresh_patience() -> None:
    worker = PatientWorker.__new__(PatientWorker)
    taken: list[TConn] = []
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(end) for end in socket.socketpair())
        conn = TConn(Config(), ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
        worker.tpool = _Pool(taken)
        worker.enqueue_req(conn)
        stack.enter_context(conn.sock)
        conn.sock.waiting_s = 0.0
        worker.enqueue_req(conn)
        assert taken == [conn, conn]
        assert conn.sock.waiting_s > 1
        threading.Timer(0.05, theirs.sendall, (b"GET",)).start()
        assert conn.sock.recv(3) == b"GET"


class _Pool:
    """Threads that only remember what they were given."""

    def __init__(self, taken: list[TConn]) -> None:
        self._taken = taken

    def submit(self, _handle: object, conn: TConn) -> "_Pool":
        """As an executor does."""
        self._taken.append(conn)
        return self

    def add_done_callback(self, _callback: object) -> None:
        """Never called."""
