"""Room: tests.watcher. Floods: many files at once, with the real watcher, real files and a real database. None is missed.

bench/flood.py does the same with 10,000.
"""

from pathlib import Path

import pytest

from nas_asr.services.base import House
from tests.cast import Cast, make_folder
from tests.drops import with_settings
from tests.live import wait_for
from tests.watcher.flood import Drops, paused, seen, taken, taken_half, watching

_LONG_S = 120.0  # on a machine with much else to do; each wait ends as soon as it can


@pytest.fixture
def house(house: House) -> House:
    """Settles quickly; looks alone come seldom, so that what events miss would be missed for long."""
    return with_settings(house, settle_seconds=1.5, scan_seconds=20.0)


@pytest.fixture
def drops(house: House, cast: Cast, share: Path, tmp_path: Path) -> Drops:
    """The share, watched."""
    make_folder(house.db, cast.choir, share)
    return Drops(share, tmp_path)


def test_a_flood_of_every_kind_misses_no_file(house: House, drops: Drops) -> None:
    with watching(house) as watcher:
        drops.flat(200)
        drops.nested(30, 5, 10_000)
        drops.moved(10, 10, 20_000)
        wait_for(lambda: taken(house) == 450, _LONG_S, "all of the first 450 are taken")
        paused(watcher, lambda: drops.nested(20, 5, 30_000))
        wait_for(lambda: taken(house) == 550, _LONG_S, "those that came while it was stopped are, too")
        assert (seen(house), taken_half(house)) == (550, 0)


def test_files_that_are_written_in_two_halves_are_taken_whole(house: House, drops: Drops) -> None:
    house = with_settings(house, settle_seconds=6.0)
    with watching(house) as watcher:
        drops.flat(1, 50)
        wait_for(lambda: seen(house) == 1, _LONG_S, "it watches")
        drops.halves(40, 0, pause_s=1.0)
        paused(watcher, lambda: drops.halves(10, 100, pause_s=0.2))
        wait_for(lambda: taken(house) == 51, _LONG_S, "all are taken")
        assert (seen(house), taken_half(house)) == (51, 0)
