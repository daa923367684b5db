"""Room: tests.watcher. The watcher's own process: what it loads, how big it is, how it ends."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from nas_asr.services.base import House
from tests.cast import Cast, make_folder
from tests.drops import write_wav

_HEAVY = {"flask", "av", "numpy", "torch", "funasr", "onnxruntime", "pocketsphinx", "rq", "argon2"}

_WATCH = """
import json, logging, sys, threading
from types import SimpleNamespace
from pathlib import Path
from nas_asr.core.ports import SilentQueue
from nas_asr.services.base import House
from nas_asr.store.database import Database
from nas_asr.watcher.main import run

data = Path(sys.argv[1])
options = SimpleNamespace(data=data, engine="auto", settle_seconds=0.2, scan_seconds=1.0, timezone="UTC")
house = House(Database(sys.argv[2]), SilentQueue(), options)

class Tell(logging.Handler):
    def emit(self, record):
        if record.msg == "recording.queued":
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4 // 1024
            print(json.dumps({"modules": sorted({name.partition(".")[0] for name in sys.modules}), "mb": resident}), flush=True)

logging.getLogger("nas_asr").setLevel(logging.INFO)
logging.getLogger("nas_asr").addHandler(Tell())
run(house)
"""


def test_the_process_is_small_takes_a_real_file_and_ends_when_told(house: House, cast: Cast, tmp_path: Path) -> None:
    make_folder(house.db, cast.choir, tmp_path / "share")
    write_wav(tmp_path / "share" / "talk.wav")
    process = subprocess.Popen(
        [sys.executable, "-c", _WATCH, str(house.options.data), house.db.url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert _HEAVY & set(told["modules"]) == set()
        assert told["mb"] < (60 if house.db.is_sqlite else 80)  # psycopg and libpq
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
