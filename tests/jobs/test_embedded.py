"""Room: tests.jobs.test_embedded. Our own Redis: private, durable, one for each DATA, gone with its parent."""

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from redis import Redis

from nas_asr.core.errors import ConfigError
from nas_asr.jobs import embedded
from nas_asr.jobs.embedded import EmbeddedRedis, socket_url
from tests.live import wait_for


def client(server: EmbeddedRedis) -> "Redis":
    """A client of the server."""
    return Redis.from_url(server.url, decode_responses=True)


def test_it_listens_on_a_private_socket_and_nowhere_else(redis: EmbeddedRedis) -> None:
    asked = client(redis)
    assert asked.config_get("port") == {"port": "0"}
    assert asked.config_get("appendonly") == {"appendonly": "yes"}
    path = redis.data / "redis" / "redis.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert asked.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_what_it_was_told_survives_kill_9(redis: EmbeddedRedis) -> None:
    client(redis).set("said", "yes")
    assert redis.pid
    os.kill(redis.pid, signal.SIGKILL)
    wait_for(lambda: redis.poll() is not None, 5, "Redis is gone")
    redis.start()
    redis.wait_ready()
    assert client(redis).get("said") == "yes"


def test_a_second_one_on_the_same_data_is_refused(redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_LOCK_PATIENCE_S", 0.05)
    with pytest.raises(ConfigError, match="nas_asr is already running on DATA"):
        EmbeddedRedis(redis.data).start()
    assert client(redis).ping()


def test_stopping_frees_the_data_directory(tmp_path: Path) -> None:
    for _ in range(2):
        server = EmbeddedRedis(tmp_path)
        server.start()
        server.wait_ready()
        server.stop()
    assert server.poll() == 0


def test_it_dies_with_its_parent_even_by_kill_9(tmp_path: Path) -> None:
    text = (
        "import sys, pathlib; from nas_asr.jobs.embedded import EmbeddedRedis\n"
        "server = EmbeddedRedis(pathlib.Path(sys.argv[1])); server.start(); server.wait_ready()\n"
        "print(server.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", text, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout
    assert parent.stdin
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_for(lambda: not _runs(pid), 5, "Redis is gone")
    again = EmbeddedRedis(tmp_path)
    again.start()
    again.wait_ready()
    again.stop()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", ["with space", "数据", "100% & more?", "deep/" * 30 + "end"])
def test_every_data_path_gets_a_socket_that_others_find(tmp_path: Path, name: str) -> None:
    server = EmbeddedRedis(tmp_path / name)
    server.start()
    try:
        server.wait_ready()
        assert Redis.from_url(socket_url(tmp_path / name)).ping()
    finally:
        server.stop()


def test_a_path_too_long_everywhere_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/" + "t" * 100)
    with pytest.raises(ConfigError) as caught:
        socket_url(tmp_path / ("deep/" * 30))
    assert "NAS_ASR_DATA" in caught.value.remedy


def test_without_any_redis_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError) as caught:
        EmbeddedRedis(tmp_path).start()
    assert "redis-server" in caught.value.remedy
    assert "NAS_ASR_REDIS_URL" in caught.value.remedy


def test_a_damaged_file_is_a_sentence_with_a_remedy(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    server.wait_ready()
    client(server).set("said", "yes")
    server.stop()
    for file in (tmp_path / "redis").rglob("*.aof"):
        file.write_bytes(b"*x\r\n" * 40)
    server.start()
    with pytest.raises(ConfigError) as caught:
        server.wait_ready()
    server.stop()
    assert "move" in caught.value.remedy
