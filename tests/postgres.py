"""Room: tests.postgres. A PostgreSQL of the tests' own: made in a temporary directory, on a socket there, gone afterwards.

`db` and `house` of tests.conftest stand on it where a test asks for both databases, or TEST_DATABASE=postgresql does.
Without PostgreSQL's programs the tests are skipped with that reason.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from nas_asr.core.ids import new_id
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate

NETWORK_USER = "nas_asr"
PASSWORD = "p@ss/w:rd%20 #1"  # of letters that a URL has its own use for
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


@dataclass(frozen=True)
class Cluster:
    """A running server; user runs it, because PostgreSQL refuses to be root."""

    bin: Path
    home: Path
    user: str
    port: int = 0
    settings: str = ""

    def start(self) -> None:
        """Start the server and wait until it answers."""
        address = f"-c listen_addresses=127.0.0.1 -p {self.port}" if self.port else "-c listen_addresses=''"
        fast = "-c fsync=off -c full_page_writes=off -c max_connections=60"
        options = f"-k {self.home} {address} {fast} {self.settings}"
        data, log = str(self.home / "data"), str(self.home / "server.log")
        self.program("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "-t", "60", "start")

    def stop(self) -> None:
        """As if its power had gone: nobody is told. Nothing where it is stopped already."""
        if (self.home / "data" / "postmaster.pid").exists():
            self.program("pg_ctl", "-D", str(self.home / "data"), "-m", "immediate", "-w", "stop")

    def program(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the cluster's user."""
        command: Sequence[str] = [str(self.bin / name), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        with (self.home / "programs.log").open("a") as log:
            ended = subprocess.run(command, stdout=log, stderr=log, cwd=self.home, timeout=120, check=False)
        assert ended.returncode == 0, (self.home / "programs.log").read_text()

    def new_database(self, *how: str) -> str:
        """SQLAlchemy's URL of a new database; how: words of CREATE DATABASE, such as a template or a collation."""
        name = f"t_{new_id()}"
        self.tell(f'CREATE DATABASE "{name}" {" ".join(how)}')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Take a database away, whoever is connected."""
        self.tell(f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of a database here."""
        return f"postgresql+psycopg://tester@/{name}?host={self.home}{f'&port={self.port}' if self.port else ''}"

    def network_url(self, name: str, password: str = "") -> str:
        """The same as another machine has it."""
        return f"postgresql://{NETWORK_USER}:{quote(password or PASSWORD, safe='')}@127.0.0.1:{self.port}/{name}"

    def tell(self, statement: str) -> None:
        """One statement, outside of any transaction and of the tests' databases."""
        import psycopg

        place = f"host={self.home} port={self.port or 5432}"
        with psycopg.connect(f"{place} user=tester dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def name_of(url: str) -> str:
    """The database's name in a URL of ours."""
    return url.partition("@/")[2].partition("?")[0]


def programs() -> Path | None:
    """Where PostgreSQL's programs are; None where they are not installed."""
    found = [path for place in _PLACES for path in sorted(Path("/").glob(place[1:]))]
    with_initdb = [path for path in reversed(found) if (path / "initdb").is_file()]
    on_path = shutil.which("initdb")
    return with_initdb[0] if with_initdb else Path(on_path).resolve().parent if on_path else None


def _user() -> str:
    """Whoever runs the tests; where that is root, the package's own user or nobody."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


NoPostgres = pytest.skip.Exception  # for who needs a server and is no test


@contextmanager
def running(settings: str = "", *, port: int = 0) -> Iterator[Cluster]:
    """A server of its own; with a port it also listens on 127.0.0.1, and asks there for the password of NETWORK_USER.

    Raises NoPostgres where there is none.
    """
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    # Not below pytest's own directory: its path may be too long for a socket, and closed to another user
    home = Path(tempfile.mkdtemp(prefix="nas_asr_pg_"))
    made = Cluster(found, home, _user(), port, settings)
    if os.geteuid() == 0:
        entry = pwd.getpwnam(made.user)
        os.chown(home, entry.pw_uid, entry.pw_gid)
    try:
        made.program(
            "initdb", "-D", str(home / "data"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        made.start()
        try:
            if port:
                made.tell(f"CREATE USER {NETWORK_USER} SUPERUSER PASSWORD '{PASSWORD}'")
                (home / "data" / "pg_hba.conf").write_text(
                    "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
                )
                made.tell("SELECT pg_reload_conf()")
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server for the whole test run."""
    with running() as made:
        yield made


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """The name of a database at the newest schema, made once; nobody may be connected to it while it is copied.

    TEST_COLLATION: an ICU locale such as zh-Hans-CN, for a run on another collation than C.
    """
    locale = os.environ.get("TEST_COLLATION", "")
    icu = f"TEMPLATE template0 LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE '{locale}'"
    url = cluster.new_database(icu if locale else "")
    database = Database(url)
    migrate(database)
    database.close()
    return name_of(url)


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """A new, empty database."""
    url = cluster.new_database()
    yield url
    cluster.drop(url)


@pytest.fixture
def postgres(cluster: Cluster, migrated: str) -> Iterator[Database]:
    """A new database at the newest schema: a copy, which takes a twentieth of what the migrations do."""
    url = cluster.new_database(f'TEMPLATE "{migrated}"')
    database = Database(url)
    yield database
    database.close()
    cluster.drop(url)
