"""Room: tests.jobs.conftest. A real Redis of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.jobs.embedded import EmbeddedRedis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """An embedded Redis that answers."""
    server = EmbeddedRedis(tmp_path / "data")
    server.start()
    server.wait_ready()
    yield server
    server.stop()
