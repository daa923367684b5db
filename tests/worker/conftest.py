"""Room: tests.worker.conftest. The works of each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.services.base import House
from nas_asr.store.database import Database
from tests.worker.works import Works, works


@pytest.fixture
def shop(db: Database, house: House, tmp_path: Path) -> Iterator[Works]:
    """A house at work."""
    with works(db, house, tmp_path / "share") as shop:
        yield shop
