"""Room: tests.watcher. Two watchers over one database and one folder at the same time do no harm, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from nas_asr.core.clock import utc_now
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folders import watched
from nas_asr.services.looks import note_news
from nas_asr.services.sightings import News, Sighting, Stat
from nas_asr.store.database import Database
from nas_asr.store.models import LedgerLine
from nas_asr.watcher import edge
from nas_asr.watcher.loop import Loop
from tests.cast import Cast, make_folder
from tests.drops import SOUND, FakeProbe, lines, recordings, runs, with_settings
from tests.live import wait_for


@pytest.fixture
def house(house: House) -> House:
    """A house in real time."""
    return replace(with_settings(house, settle_seconds=0.3, scan_seconds=1.0), now=utc_now)


@pytest.fixture
def stumbles(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What only the watcher's edge caught."""
    found: list[BaseException] = []

    def caught(_text: str, **_about: object) -> None:
        import sys

        error = sys.exc_info()[1]
        assert error is not None
        found.append(error)

    monkeypatch.setattr(edge.log, "exception", caught)
    return found


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Ends the watchers."""
    event = threading.Event()
    yield event
    event.set()


def _second(house: House) -> House:
    return replace(house, db=Database(house.db.url if house.db.is_sqlite else _full_url(house.db)))


def _full_url(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def test_two_watchers_of_one_folder_take_each_file_once(
    house: House, cast: Cast, share: Path, stop: threading.Event, stumbles: list[BaseException]
) -> None:
    make_folder(house.db, cast.choir, share)
    for number in range(30):
        (share / f"{number}.m4a").write_bytes(SOUND + b"%d" % number)
        (share / f"{number}.txt").write_bytes(b"x")
    other = _second(house)
    threads = [threading.Thread(target=Loop(one, FakeProbe()).run, args=(stop,)) for one in (house, other)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(recordings(house)) >= 30, 60, "all are taken")
    for number in range(10):
        (share / f"late{number}.m4a").write_bytes(SOUND + b"late%d" % number)
        (share / f"{number}.m4a").write_bytes(SOUND + b"again%d" % number)
        (share / f"{number + 10}.m4a").unlink()
    wait_for(lambda: len(recordings(house)) >= 50, 60, "what came and what changed is taken")
    done = (LedgerState.INGESTED, LedgerState.IGNORED)
    wait_for(lambda: all(line.state in done for line in lines(house).values()), 60, "every line has its end")
    stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    other.db.close()
    assert len(recordings(house)) == len(runs(house)) == 50
    with house.db.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerLine)) == 80
    assert stumbles == []


def test_two_watchers_that_write_the_same_lines_at_the_same_moment_both_go_on(
    house: House, cast: Cast, share: Path
) -> None:
    folder_id = make_folder(house.db, cast.choir, share)
    news = News(growing=tuple(Sighting(b"%d.m4a" % number, Stat(1, number, number)) for number in range(200)))
    backwards = News(growing=news.growing[::-1])
    gate, failed = threading.Barrier(4), []

    def write(what: News) -> None:
        gate.wait(20)
        try:
            note_news(house, folder_id, what)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the test's answer
            failed.append(error)

    threads = [threading.Thread(target=write, args=(what,)) for what in (news, backwards, news, backwards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert len(lines(house)) == 200


@dataclass
class OneAtATime:
    """Duties as services.duties gives them: held by one at a time."""

    name: str
    holders: dict[str, str] = field(default_factory=dict)

    def hold(self, name: str, seconds: float, now: float) -> bool:
        """Ours where nobody has it."""
        return self.holders.setdefault(name, self.name) == self.name

    def give_up(self, name: str) -> None:
        """The next one may have it."""
        if self.holders.get(name) == self.name:
            del self.holders[name]

    def close(self) -> None:
        """Give up all."""
        for name in list(self.holders):
            self.give_up(name)


def test_of_two_watchers_with_duties_one_watches_and_the_other_takes_over(
    house: House, cast: Cast, share: Path, stop: threading.Event
) -> None:
    folder_id = make_folder(house.db, cast.choir, share)
    holders: dict[str, str] = {}
    first = Loop(house, FakeProbe(), duties=OneAtATime("first", holders))
    second = Loop(house, FakeProbe(), duties=OneAtATime("second", holders))
    stop_first = threading.Event()
    one = threading.Thread(target=first.run, args=(stop_first,))
    one.start()
    wait_for(lambda: folder_id in first.watches, 20, "the first one watches")
    two = threading.Thread(target=second.run, args=(stop,))
    two.start()
    (share / "one.m4a").write_bytes(SOUND)
    wait_for(lambda: recordings(house), 20, "it is taken")
    assert second.watches == {}
    stop_first.set()
    one.join(20)
    wait_for(lambda: folder_id in second.watches, 20, "the second one takes over")
    (share / "two.m4a").write_bytes(SOUND + b"2")
    wait_for(lambda: len(recordings(house)) == 2, 20, "and takes what comes")
    assert [folder.id for folder in watched(house)] == [folder_id]
    stop.set()
    two.join(20)
    assert not one.is_alive()
    assert not two.is_alive()
