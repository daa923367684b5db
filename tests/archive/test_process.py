"""Room: tests.archive.test_process. The watcher's process has the archive done by a child, and dies with nothing left behind."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from nas_asr.services.archive_nights import ask, list_nights
from nas_asr.services.base import House
from tests.archive.shelf import bags, record, share_of, switch_on
from tests.cast import Cast, Clock
from tests.live import wait_for


def test_what_is_asked_for_is_done_by_a_child_of_the_watcher(
    house: House, cast: Cast, clock: Clock, tmp_path: Path
) -> None:
    clock.now = datetime.now(UTC)
    switch_on(house)
    record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    ask(house, cast.alice, "choir")
    command = [sys.executable, "-m", "nas_asr", "--data", str(house.options.data), "watch"]
    with (tmp_path / "watch.log").open("wb") as log:
        environ = os.environ | {"NAS_ASR_DATABASE_URL": house.db.url}
        watcher = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        wait_for(lambda: list_nights(house, cast.alice, "choir")[0].state == "done", 60, "the run is done")
        assert len(bags(house)) == 1
    finally:
        os.kill(watcher.pid, signal.SIGTERM)
        assert watcher.wait(30) == 0
    assert b"archive.run_ended" in (tmp_path / "watch.log").read_bytes()
