"""Room: tests.archive.test_postgres. The same on PostgreSQL: one night, one writer, and everything back after an import."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from nas_asr.services.archive import Report
from nas_asr.services.archive_checks import verify_known
from nas_asr.services.archive_import import import_bags
from nas_asr.services.base import House
from nas_asr.store.database import Database
from tests.archive.shelf import bags, night, record, share_of, switch_on
from tests.cast import Clock, make_cast

pytestmark = pytest.mark.postgres


def test_a_night_is_done_once_and_comes_back(house: House, postgres: Database, clock: Clock, tmp_path: Path) -> None:
    if not house.db.is_sqlite:
        pytest.skip("the other house is to be on SQLite")
    theirs = replace(house, db=postgres)
    cast = make_cast(postgres)
    switch_on(theirs)
    share = share_of(theirs, cast.choir, tmp_path)
    for n in range(4):
        record(theirs, cast.choir, share, f"{n}.wav")
    clock.pass_seconds(86400)
    reports: list[Report] = []
    threads = [threading.Thread(target=lambda: reports.extend(night(theirs))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.archived for report in reports] == [4] and len(bags(theirs)) == 4
    assert verify_known(theirs)[0].troubles == []
    assert import_bags(house, house.options.archive).added == 4
    assert import_bags(theirs, house.options.archive).known == 4
