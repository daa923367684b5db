"""Room: tests.watcher. Events that the kernel loses or refuses, and listening that ends: each is noticed, and looks go on."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nas_asr.core.clock import utc_now
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folders import watched
from nas_asr.store.models import Folder
from nas_asr.watcher import loop
from nas_asr.watcher.loop import FolderWatch
from nas_asr.watcher.mounts import Ground
from nas_asr.watcher.wake import Wake
from tests.cast import Cast, make_folder
from tests.drops import SOUND, FakeProbe, lines, with_settings
from tests.live import wait_for

ears = pytest.importorskip("nas_asr.watcher.ears", reason="this system has no inotify")

_MORE_THAN_THE_QUEUE = 4000


def overflow(wake: Wake, share: Path) -> None:
    """Pause the reader and change more than the kernel's queue holds."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 200_000:
        pytest.skip(f"this machine queues {limit} events")
    observer = wake._observer
    assert isinstance(observer, ears.Inotify)
    with observer._ears._lock:  # reading needs it
        (share / "first.m4a").write_bytes(b"x")
        for number in range(limit + _MORE_THAN_THE_QUEUE):  # alternating: equal neighbours would be counted as one
            os.utime(share / ("first.m4a" if number % 2 else "second.txt"), (number, number))


def folder_row(house: House) -> Folder:
    with house.db.read() as session:
        return session.query(Folder).one()


@pytest.fixture
def real(house: House) -> House:
    """A house in real time, where looks alone would come far too late."""
    return replace(with_settings(house, settle_seconds=0.2, scan_seconds=3600.0), now=utc_now)


@pytest.fixture
def watch(real: House, cast: Cast, share: Path) -> Iterator[FolderWatch]:
    """The watch over the share, after its first look."""
    make_folder(real.db, cast.choir, share)
    (share / "second.txt").touch()
    made = FolderWatch(real, watched(real)[0], FakeProbe())
    made.start()
    wait_for(lambda: "second.txt" in lines(real), 20, "the first look")
    yield made
    made.stop()


def test_an_overflow_of_the_kernels_queue_rings_at_once_and_is_told(share: Path) -> None:
    (share / "second.txt").touch()
    rung = threading.Event()
    wake = Wake(str(share), rung.set)
    wake.start()
    try:
        assert wake.note(30) == ""
        overflow(wake, share)
        wait_for(lambda: "lost events" in wake.note(30), 20, "the note")
        assert rung.is_set()
        assert wake.well
        rung.clear()  # the watches were made anew and still tell
        (share / "third.m4a").write_bytes(b"x")
        assert rung.wait(20)
    finally:
        wake.stop()


def test_after_an_overflow_the_folder_is_looked_through_and_its_note_says_so(
    real: House, watch: FolderWatch, share: Path
) -> None:
    assert watch._wake is not None
    (share / "deep").mkdir()
    overflow(watch._wake, share)
    wait_for(lambda: "first.m4a" in lines(real), 20, "what came meanwhile is seen")
    wait_for(lambda: "lost events" in folder_row(real).note, 20, "the note")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_listening_that_ends_is_noticed_looks_go_on_and_it_is_tried_again(
    real: House, watch: FolderWatch, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECK_EVERY_S", 0.1)
    assert watch._wake is not None
    observer = watch._wake._observer
    assert isinstance(observer, ears.Inotify)

    def fall(_event: object) -> None:
        raise ZeroDivisionError

    observer._ears.handle_event = fall
    (share / "lost.m4a").write_bytes(SOUND)
    watch.rounds.wake()
    wait_for(lambda: "ended by itself" in watch.rounds.note, 20, "it is noticed")
    watch.rounds.wake()
    wait_for(lambda: "ended by itself" in folder_row(real).note, 20, "the folder says so")
    wait_for(lambda: lines(real)["lost.m4a"].state == LedgerState.INGESTED, 20, "looks go on")
    watch._listen_at = 0.0
    wait_for(lambda: watch.rounds.note == "", 20, "events are back")
    (share / "heard.m4a").write_bytes(SOUND + b"2")
    wait_for(lambda: "heard.m4a" in lines(real), 20, "and are heard")
    wait_for(lambda: folder_row(real).note == "", 20, "the note goes")


def test_another_directory_in_the_folders_place_is_listened_to(
    real: House, watch: FolderWatch, share: Path, tmp_path: Path
) -> None:
    share.rename(tmp_path / "old")
    share.mkdir()
    (share / "second.txt").touch()
    watch.rounds.wake()
    first = watch._wake
    wait_for(lambda: watch._wake is not first, 20, "it listens there")
    (share / "talk.m4a").write_bytes(SOUND)
    wait_for(lambda: "talk.m4a" in lines(real), 20, "it is heard")


def test_the_heartbeat_of_a_folder_has_its_interval_and_what_it_lies_on(real: House, watch: FolderWatch) -> None:
    wait_for(lambda: folder_row(real).scan_every_ms, 20, "the first look is written down")
    row = folder_row(real)
    assert 0 < row.scan_every_ms <= 3600_000
    assert row.mount == watch.rounds.ground.kind


def test_on_a_share_of_another_machine_nobody_listens_and_the_folder_says_so(
    real: House, cast: Cast, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_asr.watcher.rounds.ground_of", lambda _path: Ground("nfs4", network=True, events=False))
    make_folder(real.db, cast.choir, share)
    watch = FolderWatch(real, watched(real)[0], FakeProbe())
    watch.start()
    try:
        wait_for(lambda: folder_row(real).mount == "nfs4", 20, "the first look")
        assert watch._wake is None
        row = folder_row(real)
        assert "nfs4" in row.note
        assert row.scan_every_ms == 3600_000
    finally:
        watch.stop()


_SMALL = """
import sys, time
from pathlib import Path
from nas_asr.watcher.wake import Wake

share, rung = Path(sys.argv[1]), []
wake = Wake(str(share), lambda: rung.append(1))
wake.start()
print(wake.well, wake.limited, wake.note(30), flush=True)
if sys.argv[2] == "grow":
    for number in range(60):
        (share / f"new{number}").mkdir()
    end = time.monotonic() + 20
    while not wake.limited and time.monotonic() < end:
        time.sleep(0.05)
    print(wake.well, wake.limited, wake.note(30), flush=True)
wake.stop()
"""


def with_few_watches(share: Path, watches: int, how: str = "") -> list[str]:
    """What a Wake says on a machine that allows so few watches: a user namespace of its own."""
    limit = f'echo {watches} > /proc/sys/user/max_inotify_watches && exec "$@"'
    command = ["unshare", "-U", "-r", "sh", "-c", limit, "sh", sys.executable, "-c", _SMALL, str(share), how]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if done.returncode and not done.stdout:
        pytest.skip(f"the kernel allows no limit of our own: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_limit_of_watches_is_told_where_watchdog_goes_on_without_a_word(share: Path) -> None:
    for number in range(100):
        (share / str(number)).mkdir()
    (said,) = with_few_watches(share, 50)
    assert said == (
        "True True This machine allows no more watches (fs.inotify.max_user_watches = 50), so not every subfolder tells of "
        "changes; all are looked through every 30 s."
    )


def test_a_tree_that_grows_past_the_limit_is_noticed(share: Path) -> None:
    before, after = with_few_watches(share, 50, "grow")
    assert before.strip() == "True False"
    assert after.startswith("True True This machine allows no more watches")


def test_a_machine_without_a_single_watch_left_has_no_events_and_no_traceback(share: Path) -> None:
    (said,) = with_few_watches(share, 0)
    assert said.startswith("False True No events come from this folder")


def test_that_events_were_lost_is_told_for_ten_minutes(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wake = Wake(str(share), lambda: None)
    wake.start()
    try:
        wake._lose()
        assert wake.note(30)
        later = time.monotonic() + 601
        monkeypatch.setattr("nas_asr.watcher.wake.time.monotonic", lambda: later)
        assert wake.note(30) == ""
    finally:
        wake.stop()


def test_a_limit_is_tried_again_after_a_while(real: House, watch: FolderWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_CHECK_EVERY_S", 0.1)
    assert watch._wake is not None
    watch._wake._be_refused()
    wait_for(lambda: "no more watches" in folder_row(real).note, 20, "the folder says so")
    watch._listen_at = 0.0  # an hour later; the admin raised the limit
    wait_for(lambda: folder_row(real).note == "", 20, "all is well again")
