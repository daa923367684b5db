"""Room: tests.watcher.flood. Many files at once, as a recorder's card, a phone's sync or a moved archive brings them.

For tests/watcher/test_flood.py and bench/flood.py; the watcher is a process of its own that can be paused.
"""

import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.store.models import LedgerLine, Recording

_SAMPLES = 800
SIZE = 44 + 2 * _SAMPLES

_WATCH = """
import sys
from nas_asr.core.ports import SilentQueue
from nas_asr.media import probe
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.watcher.main import run
from pathlib import Path
from tests.watcher.flood import quick_probe

data, settle, scan, kind = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
options = Settings(data=data, timezone="UTC", settle_seconds=settle, scan_seconds=scan)
house = House(Database(f"sqlite:///{data / 'nas_asr.sqlite3'}"), SilentQueue(), options)
run(house, probe=probe if kind == "real" else quick_probe)
"""


def wav(number: int) -> bytes:
    """A short recording that is like no other: 0.1 s of 8 kHz, 16 bit."""
    sound = struct.pack("<I", number) + bytes(2 * _SAMPLES - 4)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    head = b"RIFF" + struct.pack("<I", SIZE - 8) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
    return head + b"data" + struct.pack("<I", len(sound)) + sound


def quick_probe(path: bytes, root: bytes) -> MediaInfo:
    """Every file is a tenth of a second."""
    assert path.startswith(root + b"/")
    return MediaInfo(100, "wav", "pcm_s16le", 8000, 1, "")


@dataclass(frozen=True)
class Drops:
    """Ways to drop files; `first` keeps the numbers of two drops apart."""

    share: Path
    elsewhere: Path

    def flat(self, files: int, first: int = 0) -> None:
        """All into the folder itself, as fast as they can be written."""
        for number in range(first, first + files):
            (self.share / f"{number:06}.wav").write_bytes(wav(number))

    def nested(self, folders: int, in_each: int, first: int) -> None:
        """New folders in new folders, filled at once: each file may be there before its folder is listened to."""
        for folder in range(folders):
            place = self.share / f"n{first}-{folder // 10:03}" / f"{folder % 10}"
            place.mkdir(parents=True)
            for number in range(in_each):
                (place / f"{number:04}.wav").write_bytes(wav(first + folder * in_each + number))

    def moved(self, folders: int, in_each: int, first: int) -> None:
        """A whole tree by one rename."""
        tree = self.elsewhere / f"m{first}"
        for folder in range(folders):
            (tree / f"{folder:03}").mkdir(parents=True)
            for number in range(in_each):
                content = wav(first + folder * in_each + number)
                (tree / f"{folder:03}" / f"{number:04}.wav").write_bytes(content)
        tree.rename(self.share / tree.name)

    def halves(self, files: int, first: int, pause_s: float) -> None:
        """Each file's first half, a pause, the other half."""
        places = {number: self.share / f"h{number:06}.wav" for number in range(first, first + files)}
        for number, place in places.items():
            place.write_bytes(wav(number)[: SIZE // 2])
        threading.Event().wait(pause_s)
        for number, place in places.items():
            with place.open("ab") as file:
                file.write(wav(number)[SIZE // 2 :])


def seen(house: House) -> int:
    """How many files have a line."""
    with house.db.read() as session:
        return session.scalar(select(func.count()).select_from(LedgerLine)) or 0


def taken(house: House) -> int:
    """How many files were taken."""
    with house.db.read() as session:
        done = (LedgerState.INGESTED, LedgerState.DUPLICATE)
        return session.scalar(select(func.count()).select_from(LedgerLine).where(LedgerLine.state.in_(done))) or 0


def taken_half(house: House) -> int:
    """How many recordings are not whole."""
    with house.db.read() as session:
        return session.scalar(select(func.count()).select_from(Recording).where(Recording.size_bytes != SIZE)) or 0


@contextmanager
def watching(house: House, probe: str = "quick") -> Iterator["subprocess.Popen[bytes]"]:
    """The real watcher over this house's database, in a process of its own."""
    options = house.options
    words = [str(options.data), str(options.settle_seconds), str(options.scan_seconds), probe]
    process = subprocess.Popen([sys.executable, "-c", _WATCH, *words], cwd=Path(__file__).parents[2])
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def paused(process: "subprocess.Popen[bytes]", drop: Callable[[], None]) -> None:
    """Stop the watcher, drop, let it go on."""
    process.send_signal(signal.SIGSTOP)
    try:
        drop()
    finally:
        process.send_signal(signal.SIGCONT)
