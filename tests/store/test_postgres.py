"""Room: tests.store.test_postgres. Why a PostgreSQL cannot be used is said in one sentence; no password is ever shown."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import make_url, text

from nas_asr.core.errors import ConfigError
from nas_asr.logs import EventFormatter
from nas_asr.store import postgres as room
from nas_asr.store.database import Database, is_passing
from nas_asr.store.models import Team
from nas_asr.store.schema import is_current, migrate
from tests.cast import START
from tests.live import free_port
from tests.postgres import NETWORK_USER, PASSWORD, Cluster, name_of, running

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def network() -> Iterator[Cluster]:
    """A server that another machine could reach, with few connections."""
    with running("-c max_connections=12 -c superuser_reserved_connections=1", port=free_port()) as made:
        yield made


def nas_asr(data: Path, url: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """One command on that database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NAS_ASR_")}
    environ = kept | ({"NAS_ASR_DATABASE_URL": url} if url else {}) | more
    command = [sys.executable, "-m", "nas_asr", "--data", str(data), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """It ended as a command ends that cannot work, and said these words on one line."""
    assert done.returncode == 1, done
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("nas-asr: ")
    assert "NAS_ASR_DATABASE_URL" in done.stderr
    for word in words:
        assert word in done.stderr
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "hunter2"):
        assert secret not in done.stderr + done.stdout


def test_a_password_of_odd_letters_works_from_a_url_and_from_a_file(network: Cluster, tmp_path: Path) -> None:
    url = network.network_url(name_of(network.new_database()))
    assert nas_asr(tmp_path, url, "team", "add", "choir").returncode == 0
    (tmp_path / "url").write_text(url + "\n")
    listed = nas_asr(tmp_path, "", "team", "list", NAS_ASR_DATABASE_URL_FILE=str(tmp_path / "url"))
    assert listed.returncode == 0 and "choir" in listed.stdout
    told = nas_asr(tmp_path, url, "doctor")
    assert "PostgreSQL" in told.stdout and "schema is up to date" in told.stdout
    assert PASSWORD not in told.stdout and quote(PASSWORD, safe="") not in told.stdout


@pytest.mark.parametrize(
    "command", [("team", "list"), ("up", "--stage", "1"), ("web",), ("watch",), ("work",), ("sweep",)]
)
def test_a_wrong_password_ends_every_command_in_a_sentence(
    command: tuple[str, ...], network: Cluster, tmp_path: Path
) -> None:
    settings = {"NAS_ASR_PORT": str(free_port())}
    done = nas_asr(tmp_path, network.network_url("postgres", "hunter2"), *command, **settings)
    if command == ("web",):  # gunicorn says it in its log; the part ends and is started again
        assert done.returncode != 0 and "refuses the user or the password" in done.stderr
        assert "hunter2" not in done.stderr
    else:
        refused(done, "refuses the user or the password", "%40")


def test_other_reasons_have_their_own_sentence_and_remedy(network: Cluster, tmp_path: Path) -> None:
    right = network.network_url("postgres")
    refused(nas_asr(tmp_path, network.network_url("nowhere"), "team", "list"), "no such database", "createdb")
    refused(
        nas_asr(tmp_path, right.replace(f":{network.port}/", f":{free_port()}/"), "team", "list"), "does not answer"
    )
    refused(nas_asr(tmp_path, right.replace("127.0.0.1", "no.such.invalid"), "team", "list"), "host")
    refused(nas_asr(tmp_path, f"postgresql://{NETWORK_USER}:hunter2@x@127.0.0.1/postgres", "team", "list"), "%40")
    refused(nas_asr(tmp_path, "postgresql://127.0.0.1", "team", "list"), "USER:PASSWORD@HOST")
    refused(nas_asr(tmp_path, "mysql://u:hunter2@h/d", "team", "list"), "postgresql://")


def test_doctor_names_the_remedy_too(network: Cluster, tmp_path: Path) -> None:
    told = nas_asr(tmp_path, network.network_url("postgres", "hunter2"), "doctor")
    assert told.returncode == 1
    assert "refuses the user or the password" in told.stdout and "%40" in told.stdout
    assert "hunter2" not in told.stdout + told.stderr and "Traceback" not in told.stderr


def test_no_connection_left_is_said_in_words(network: Cluster) -> None:
    import psycopg

    held = []
    url = network.network_url(name_of(network.new_database()))
    try:
        with pytest.raises(psycopg.OperationalError):
            while True:
                held.append(psycopg.connect(url))
        with pytest.raises(ConfigError, match="no connection left") as caught:
            Database(url).greet()
        assert "max_connections" in caught.value.remedy
    finally:
        for connection in held:
            connection.close()


def test_another_encoding_is_refused(network: Cluster) -> None:
    url = network.new_database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(ConfigError, match="LATIN1") as caught:
        migrate(Database(url))
    assert "UTF8" in caught.value.remedy


def test_an_old_server_is_refused(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_OLDEST", 99)
    with pytest.raises(ConfigError, match="needs 99 or newer"):
        is_current(Database(postgres_url))


def test_an_unknown_language_of_the_server_still_makes_a_sentence(postgres_url: str) -> None:
    error = RuntimeError(f"严重错误:  用户 {PASSWORD} 不行")
    said = room.refusal(error, make_url(f"postgresql+psycopg://u:{quote(PASSWORD, safe='')}@h/d"))
    assert "不行" in said.message and PASSWORD not in said.message


def test_an_address_in_a_log_line_shows_no_password() -> None:
    for address in ("postgresql://nas_asr:hunter2@host/db", "redis://:hunter2@host:6379/0"):
        line = EventFormatter().format(logging.makeLogRecord({"msg": f"cannot reach {address} now"}))
        assert "hunter2" not in line and "@host" in line


def test_a_lost_connection_is_trouble_that_passes_and_the_next_one_works(postgres: Database, cluster: Cluster) -> None:
    with pytest.raises(Exception) as lost, postgres.read() as session:
        cluster.tell(f"SELECT pg_terminate_backend({session.scalar(text('SELECT pg_backend_pid()'))})")
        session.execute(text("SELECT 1"))
    assert is_passing(lost.value)
    with postgres.read() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_a_mistake_of_ours_is_no_trouble_that_passes(postgres: Database) -> None:
    with pytest.raises(Exception) as mistake, postgres.read() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    assert not is_passing(mistake.value)


def test_a_read_sees_one_moment(db: Database) -> None:
    with db.read() as reading:
        assert reading.get(Team, "t") is None
        with db.write() as writing:
            writing.add(Team(id="t", slug="t", name="T", created_at=START))
        assert reading.get(Team, "t") is None
