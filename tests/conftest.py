"""Room: tests.conftest. Fixtures that everybody shares: a migrated database, a clock, a queue, the cast, a house."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from tests.cast import Cast, Clock, RememberingQueue, make_cast
from tests.postgres import cluster, migrated, postgres, postgres_url

__all__ = ["cluster", "migrated", "postgres", "postgres_url"]

# As settings.prepare_torch does for the engine, and as early, because torch reads it when it is imported. With several tests at
# once on two cores, threads that spin while they wait cost three times the work that is done.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Files that take minutes, the longest first: begun last, they would leave all but one processor idle at the end.
_LONG = (
    "tests/test_chaos",
    "tests/journey/", "tests/browser/", "tests/engine/test_hard_cases", "tests/worker/",
    "tests/test_kills", "tests/archive/test_kills", "tests/install/test_pull", "tests/cli/", "tests/engine/", "tests/media/",
)  # fmt: skip


# Tests of these run on both databases, because what they ask of one is where the two differ: order, locks, search, text.
# TEST_DATABASE=postgresql runs all of them there.
_SERVICES = ("ingest", "transcribe", "sweep", "ledger", "duties", "edits", "waveforms")
_ON_BOTH = (
    "tests/store/", *(f"tests/services/test_{name}" for name in _SERVICES), "tests/archive/test_nights",
    "tests/watcher/test_two_watchers", "tests/web/test_search", "tests/web/test_library",
)  # fmt: skip
SQLITE, POSTGRESQL = "sqlite", "postgresql"


class _Compiled(BytecodeCache):
    """Templates are compiled once for all applications of this program: each test has one of its own."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": _Compiled()}
_BUILDERS: dict[object, Callable[..., tuple[str, str]]] = {}
_compile_builder = Rule._compile_builder


def _remembered_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """The same for the addresses of pages: what builds one is compiled from its parts alone, and asks the rule for the rest.

    A rule with defaults puts their text into what it builds: it is compiled as ever.
    """
    if rule.defaults:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile_builder(rule, append_unknown)
    return _BUILDERS[key]


Rule._compile_builder = _remembered_builder  # type: ignore[assignment, method-assign]

# A busy machine is no counterexample. Where CI is set, Hypothesis has a profile of its own that says the same.
if settings.get_current_profile_name() == "default":
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")
_ASKED = os.environ.get("TEST_DATABASE", "")  # one of the two for all tests, whatever their file; empty: as above


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses the database and stands in a file of _ON_BOTH is two tests."""
    if "database_kind" not in metafunc.fixturenames or _ASKED:
        return
    if metafunc.definition.nodeid.startswith(_ON_BOTH):
        kinds = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)]
        metafunc.parametrize("database_kind", kinds, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; otherwise the order stays."""
    items.sort(key=lambda item: next((at for at, name in enumerate(_LONG) if item.nodeid.startswith(name)), len(_LONG)))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once and copied for each test."""
    path = tmp_path_factory.mktemp("schema") / "nas_asr.sqlite3"
    db = Database(f"sqlite:///{path}")
    migrate(db)
    db.close()
    return path


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database `db` is."""
    return str(getattr(request, "param", _ASKED or SQLITE))


@pytest.fixture
def db(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own, at the newest schema."""
    (tmp_path / "data").mkdir()
    if database_kind == POSTGRESQL:
        yield request.getfixturevalue("postgres")
        return
    shutil.copy(request.getfixturevalue("empty_database"), tmp_path / "data" / "nas_asr.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'nas_asr.sqlite3'}")
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """The test's clock."""
    return Clock()


@pytest.fixture
def queue() -> RememberingQueue:
    """The test's queue."""
    return RememberingQueue()


@pytest.fixture
def house(tmp_path: Path, db: Database, queue: RememberingQueue, clock: Clock) -> House:
    """A house with a real database and the test's queue and clock."""
    settings = Settings(data=tmp_path / "data", timezone="Europe/Berlin", settle_seconds=2, scan_seconds=1)
    return House(db=db, queue=queue, options=settings, now=clock)


@pytest.fixture
def cast(db: Database) -> Cast:
    """Everybody."""
    return make_cast(db)


@pytest.fixture(scope="session")
def audio() -> Path:
    """Real recordings beside the checkout; they are not the project's to ship, so a test may have to do without."""
    folder = Path(os.environ.get("TEST_AUDIO_DIR") or Path(__file__).parents[2] / "shared" / "audio")
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip(f"no real recordings at {folder} (set TEST_AUDIO_DIR)")
    return folder
