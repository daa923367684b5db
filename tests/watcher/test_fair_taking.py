"""Room: tests.watcher. A bulk drop in one folder holds up no other one: each folder has its own taker."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from tests.cast import Cast, make_folder
from tests.drops import SOUND, FakeProbe, lines
from tests.watcher.test_loop import eventually, real, start

__all__ = ["real", "start"]


class SlowShare(FakeProbe):
    """Does not come to an end with files of the large folder before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def __call__(self, path: bytes, root: bytes) -> MediaInfo:
        """What is in the file."""
        assert root.endswith(b"other") or self.gate.wait(30)
        return super().__call__(path, root)


@pytest.mark.parametrize("files", [300])
def test_a_file_in_another_folder_is_taken_while_hundreds_wait_in_one(
    real: House, cast: Cast, share: Path, tmp_path: Path, start: Callable[..., None], files: int
) -> None:
    make_folder(real.db, cast.choir, share)
    make_folder(real.db, cast.garden, tmp_path / "other")
    for i in range(files):
        (share / f"{i}.m4a").write_bytes(SOUND + str(i).encode())
    probe = SlowShare()
    start(probe=probe)
    eventually(lambda: len(lines(real)) == files)
    (tmp_path / "other" / "talk.m4a").write_bytes(SOUND)
    eventually(lambda: "talk.m4a" in lines(real) and lines(real)["talk.m4a"].state == LedgerState.INGESTED)
    assert probe.asked == [b"talk.m4a"]
    assert {line.state for path, line in lines(real).items() if path != "talk.m4a"} == {LedgerState.GROWING}
    probe.gate.set()
    eventually(lambda: {line.state for line in lines(real).values()} == {LedgerState.INGESTED}, 60)
