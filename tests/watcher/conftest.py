"""Room: tests.watcher.conftest. A share, its folder and the walk through it."""

from pathlib import Path

import pytest

from nas_asr.services.base import House
from tests.cast import Cast, make_folder
from tests.drops import with_settings
from tests.watcher.walk import Walk


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A folder of team choir on a share."""
    path = tmp_path / "share"
    path.mkdir()
    return path


@pytest.fixture
def house(house: House) -> House:
    """The tests' house, with usual intervals: hours go by here."""
    return with_settings(house, settle_seconds=10.0, scan_seconds=30.0)


@pytest.fixture
def walk(house: House, cast: Cast, share: Path) -> Walk:
    """The watch over it."""
    return Walk(house, make_folder(house.db, cast.choir, share))
