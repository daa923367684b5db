"""Room: tests.postgres. A PostgreSQL of the tests' own: made in a temporary directory, on a socket there, gone afterwards.

Import the fixtures that you need into a conftest; without PostgreSQL's programs the tests are skipped with that reason.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nas_asr.core.ids import new_id
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


@dataclass(frozen=True)
class Cluster:
    """A running server; user runs it, because PostgreSQL refuses to be root."""

    bin: Path
    home: Path
    user: str

    def program(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the cluster's user."""
        command: Sequence[str] = [str(self.bin / name), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        with (self.home / "programs.log").open("a") as log:
            ended = subprocess.run(command, stdout=log, stderr=log, cwd=self.home, timeout=120, check=False)
        assert ended.returncode == 0, (self.home / "programs.log").read_text()

    def new_database(self) -> str:
        """SQLAlchemy's URL of a new, empty database."""
        name = f"t_{new_id()}"
        self.program("createdb", "-h", str(self.home), "-U", "tester", name)
        return f"postgresql+psycopg://tester@/{name}?host={self.home}"


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


class NoPostgres(Exception):
    """There is no PostgreSQL here; says what is missing."""


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A server, gone afterwards. Raises NoPostgres."""
    found = programs()
    if found is None:
        raise NoPostgres("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    # Not below pytest's own directory: its path may be too long for a socket, and closed to another user
    home = Path(tempfile.mkdtemp(prefix="nas_asr_pg_"))
    made = Cluster(found, home, _user())
    if os.geteuid() == 0:
        entry = pwd.getpwnam(made.user)
        os.chown(home, entry.pw_uid, entry.pw_gid)
    data = str(home / "data")
    settings = f"-k {home} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
    try:
        made.program("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        made.program("pg_ctl", "-D", data, "-o", settings, "-l", str(home / "server.log"), "-w", "-t", "60", "start")
        try:
            yield made
        finally:
            made.program("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server for the whole test run."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with ExitStack() as stack:
        try:
            made = stack.enter_context(running_cluster())
        except NoPostgres as error:
            pytest.skip(str(error))
        yield made


@pytest.fixture
def postgres_url(cluster: Cluster) -> str:
    """A new, empty database."""
    return cluster.new_database()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A new database at the newest schema."""
    database = Database(postgres_url)
    migrate(database)
    yield database
    database.close()
