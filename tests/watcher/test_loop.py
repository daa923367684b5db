"""Room: tests.watcher. The real loop in its threads: events, several folders, and how long it takes. Waits for conditions."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr.core.clock import utc_now
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders, remove_folder
from nas_asr.services.sightings import Sighting, Stat
from nas_asr.store.models import Heartbeat
from nas_asr.watcher.main import run
from nas_asr.watcher.mounts import Ground
from nas_asr.watcher.take import Taker
from nas_asr.watcher.wake import Wake
from tests.cast import Cast, make_folder
from tests.drops import SOUND, FakeProbe, lines, recordings, with_settings


def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> float:
    """Seconds until it holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within_s, "it did not happen in time"
        threading.Event().wait(0.02)
    return time.monotonic() - begun


@pytest.fixture
def real(house: House) -> House:
    """A house in real time, where the scan alone would come far too late."""
    return replace(with_settings(house, settle_seconds=1.0, scan_seconds=3600.0), now=utc_now)


@pytest.fixture
def start(real: House) -> Iterator[Callable[..., None]]:
    """Starts the watcher; it ends with the test."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def begin(sweep: Callable[[], object] | None = None, probe: FakeProbe | None = None) -> None:
        options = {"sweep": sweep, "stop": stop, "probe": probe or FakeProbe()}
        threads.append(threading.Thread(target=run, args=(real,), kwargs=options))
        threads[0].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def state(house: House, name: str) -> LedgerState | None:
    line = lines(house).get(name)
    return None if line is None else line.state


def online(house: House) -> dict[str, bool]:
    return {folder.name: folder.online and folder.last_scan_at is not None for folder in list_folders(house, None)}


def test_a_dropped_file_is_taken_within_its_settle_time_and_three_seconds(
    real: House, cast: Cast, share: Path, start: Callable[..., None]
) -> None:
    make_folder(real.db, cast.choir, share)
    start()
    eventually(lambda: online(real)["share"])
    (share / "talk.m4a").write_bytes(SOUND)
    took = eventually(lambda: state(real, "talk.m4a") == LedgerState.INGESTED)
    assert 1.0 <= took < 1.0 + 3.0


def test_a_file_in_a_new_folder_below_is_taken_too(
    real: House, cast: Cast, share: Path, start: Callable[..., None]
) -> None:
    make_folder(real.db, cast.choir, share)
    start()
    eventually(lambda: online(real)["share"])
    (share / "2026").mkdir()
    (share / "2026" / "talk.m4a").write_bytes(SOUND)
    eventually(lambda: state(real, "2026/talk.m4a") == LedgerState.INGESTED)


def test_a_file_that_gets_its_real_name_is_taken(
    real: House, cast: Cast, share: Path, start: Callable[..., None]
) -> None:
    make_folder(real.db, cast.choir, share)
    start()
    (share / "talk.m4a.part").write_bytes(SOUND)
    eventually(lambda: state(real, "talk.m4a.part") == LedgerState.IGNORED)
    (share / "talk.m4a.part").rename(share / "talk.m4a")
    eventually(lambda: state(real, "talk.m4a") == LedgerState.INGESTED)


def test_a_folder_that_is_added_is_watched_and_a_removed_one_is_not(
    real: House, cast: Cast, share: Path, tmp_path: Path, start: Callable[..., None]
) -> None:
    start()
    folder_id = make_folder(real.db, cast.choir, share)
    eventually(lambda: online(real).get("share", False), within_s=5)
    remove_folder(real, None, folder_id)
    make_folder(real.db, cast.choir, tmp_path / "other")
    eventually(lambda: online(real).get("other", False), within_s=5)
    assert "share" not in online(real)


def test_one_folder_that_is_away_stops_no_other(
    real: House, cast: Cast, share: Path, tmp_path: Path, start: Callable[..., None]
) -> None:
    make_folder(real.db, cast.garden, tmp_path / "away")
    (tmp_path / "away").rmdir()
    make_folder(real.db, cast.choir, share)
    start()
    (share / "talk.m4a").write_bytes(SOUND)
    eventually(lambda: state(real, "talk.m4a") == LedgerState.INGESTED)
    eventually(lambda: online(real) == {"away": False, "share": True})


def test_a_share_that_hangs_before_its_first_look_stops_no_other(
    real: House, cast: Cast, share: Path, tmp_path: Path, start: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()

    def ground(path: bytes) -> Ground:
        assert not path.endswith(b"/hangs") or hangs.wait(60)
        return Ground()

    monkeypatch.setattr("nas_asr.watcher.rounds.ground_of", ground)
    make_folder(real.db, cast.garden, tmp_path / "hangs")
    make_folder(real.db, cast.choir, share)
    (share / "talk.m4a").write_bytes(SOUND)
    swept = threading.Event()
    start(sweep=swept.set)
    eventually(lambda: state(real, "talk.m4a") == LedgerState.INGESTED and swept.is_set())
    hangs.set()


def test_whoever_loses_a_folder_leaves_what_waits_there_to_the_next(real: House, cast: Cast, share: Path) -> None:
    begun, gate, told = threading.Event(), threading.Event(), threading.Event()

    class Slow(FakeProbe):
        """Ends with the first file when the test says so."""

        def __call__(self, path: bytes, root: bytes) -> MediaInfo:
            """What is in the file."""
            begun.set()
            assert gate.wait(30)
            return super().__call__(path, root)

    probe = Slow()
    taker = Taker(real, make_folder(real.db, cast.choir, share), probe)
    taker.start()
    for name in ("a.m4a", "b.m4a", "c.m4a"):
        (share / name).write_bytes(SOUND + name.encode())
        sighting = Sighting(name.encode(), Stat.of((share / name).lstat()))
        taker.take(sighting, lambda _sighting, _outcome: told.set())
    assert begun.wait(20)
    taker.stop()
    gate.set()
    assert told.wait(20)
    eventually(lambda: not any(thread.name.startswith("take-") for thread in threading.enumerate()))
    assert probe.asked == [b"a.m4a"]


def test_one_file_that_takes_long_stops_no_other_folder_and_no_look(
    real: House, cast: Cast, share: Path, tmp_path: Path, start: Callable[..., None]
) -> None:
    let_go = threading.Event()

    class Slow(FakeProbe):
        def __call__(self, path: bytes, root: bytes) -> object:  # type: ignore[override]
            assert not path.endswith(b"slow.m4a") or let_go.wait(30)
            return super().__call__(path, root)

    probe = Slow()
    make_folder(real.db, cast.choir, share)
    make_folder(real.db, cast.garden, tmp_path / "other")
    (share / "slow.m4a").write_bytes(SOUND + b"slow")
    start(probe=probe)
    eventually(lambda: state(real, "slow.m4a") == LedgerState.GROWING)
    (tmp_path / "other" / "quick.m4a").write_bytes(SOUND)
    eventually(lambda: state(real, "quick.m4a") == LedgerState.INGESTED)
    (share / "seen.m4a").write_bytes(SOUND)
    eventually(lambda: state(real, "seen.m4a") == LedgerState.GROWING)
    let_go.set()
    eventually(lambda: len(recordings(real)) == 3)


def test_the_watcher_gives_a_sign_of_life_and_has_the_house_swept(
    real: House, cast: Cast, share: Path, start: Callable[..., None]
) -> None:
    swept = threading.Event()

    def sweep() -> None:
        swept.set()
        raise ZeroDivisionError  # a sweep that stumbles ends nothing

    make_folder(real.db, cast.choir, share)
    start(sweep)
    assert swept.wait(10)

    def signs() -> list[str]:
        with real.db.read() as session:
            return list(session.scalars(select(Heartbeat.kind)))

    eventually(lambda: signs() == ["watcher"])
    (share / "talk.m4a").write_bytes(SOUND)
    eventually(lambda: state(real, "talk.m4a") == LedgerState.INGESTED)


def test_reading_a_folder_wakes_nobody(share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    rung = threading.Event()
    wake = Wake(str(share), rung.set)
    wake.start()
    try:
        (share / "talk.m4a").read_bytes()
        list(share.iterdir())
        (share / ".DS_Store").write_bytes(b"x")
        (share / "sign.m4a").write_bytes(b"x")  # events come in order: this one is the first that may ring
        assert rung.wait(10)
    finally:
        wake.stop()


def test_a_system_without_events_is_a_note_and_no_error(tmp_path: Path) -> None:
    wake = Wake(str(tmp_path / "nowhere"), lambda: None)
    wake.start()
    assert not wake.well
    assert "every 30 s" in wake.note(30)
    wake.stop()
