"""Room: tests.web.test_patience. Somebody slow or silent holds a thread of the server for a while, never for ever."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from nas_asr.web.patience import PatientSocket, PatientWorker, Waits
from tests.live import wait_for

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


def test_one_too_many_ends_the_oldest_wait_of_whoever_has_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientSocket, "waits", Waits(3))
    others: dict[str, socket.socket] = {}
    with ExitStack() as stack, ThreadPoolExecutor(5) as threads:
        heard: dict[str, Future[bytes]] = {}
        for name in ("lone", "first", "second", "third", "fourth"):
            ours, theirs = socket.socketpair()
            patient = stack.enter_context(PatientSocket(fileno=ours.detach()))
            patient.setblocking(True)
            patient._peer = "192.0.2.1" if name == "lone" else "192.0.2.2"
            others[name] = stack.enter_context(theirs)
            heard[name] = threads.submit(patient.recv, 10)
            wait_for(lambda one=patient: one in PatientSocket.waits._since, 20, "it waits")  # type: ignore[misc]
        assert heard["first"].result(5) == heard["second"].result(5) == b""
        for name in ("lone", "third", "fourth"):
            others[name].sendall(b"here")
            assert heard[name].result(5) == b"here"
    assert not PatientSocket.waits._since


def test_a_connection_that_ends_is_closed_by_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gunicorn.workers.gthread.ThreadWorker.handle", lambda _self, _conn: False)
    monkeypatch.setattr("nas_asr.web.patience._LINGER_S", 0.05)
    ours, theirs = socket.socketpair()
    with PatientSocket(fileno=ours.detach()) as patient, theirs:
        conn = TConn(Config(), patient, ("127.0.0.1", 1), ("127.0.0.1", 2))
        assert (
            PatientWorker.__new__(PatientWorker).handle(conn) is False
        )  # the other side says nothing, nor does it close
        assert theirs.recv(10) == b""
        assert patient.fileno() < 0
        conn.close(graceful=True)  # where connections are accepted: nobody is waited for


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
