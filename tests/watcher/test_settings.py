"""Room: tests.watcher.test_settings. Times that an admin changes count for the watch that is running."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import cast as as_type

import pytest

from nas_asr.core.clock import utc_now
from nas_asr.core.ports import Options
from nas_asr.services.base import House
from nas_asr.services.house_settings import LiveOptions, change_settings
from nas_asr.watcher.main import run
from nas_asr.watcher.settle import Settling
from tests.cast import Cast, make_folder
from tests.drops import SOUND, FakeProbe, lines, recordings, with_settings
from tests.live import wait_for
from tests.watcher.test_settle import SMALL


def test_a_shorter_settle_time_takes_a_file_that_already_waits(
    house: House, cast: Cast, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_asr.services.house_settings._LOOK_EVERY_S", 0.1)
    base = with_settings(house, settle_seconds=3600.0, scan_seconds=3600.0).options
    live = replace(house, options=as_type("Options", LiveOptions(base, house.db)), now=utc_now)
    make_folder(house.db, cast.choir, share)
    stop = threading.Event()
    watch = threading.Thread(target=run, args=(live,), kwargs={"stop": stop, "probe": FakeProbe()})
    watch.start()
    try:
        (share / "talk.m4a").write_bytes(SOUND)
        wait_for(lambda: "talk.m4a" in lines(live), 20, "it is seen")
        change_settings(live, cast.ada, {"settle_seconds": "0.2"}, lambda _wanted: None)
        wait_for(lambda: recordings(live), 20, "it is taken by the new time")
    finally:
        stop.set()
        watch.join(20)


def test_a_longer_settle_time_counts_for_what_waits_too() -> None:
    settling = Settling(10.0)
    settling.saw(b"a", SMALL, 0.0)
    settling.be_quiet_for(60.0)
    assert settling.next_due() == 60.0
    settling.be_quiet_for(60.0)
    assert settling.next_due() == 60.0
