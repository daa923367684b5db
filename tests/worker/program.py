"""Room: tests.worker.program. A worker in a program of its own: `python -m tests.worker.program JSON`."""

import json
import sys
from pathlib import Path
from typing import cast

from nas_asr import logs
from nas_asr.core.lifeline import hold
from nas_asr.core.ports import Options, SilentQueue
from nas_asr.services.base import House
from nas_asr.services.house_settings import LiveOptions
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.worker.main import run
from nas_asr.worker.room import Pace, WorkerPlan
from tests.worker.rooms import weights


def main() -> None:
    """Run one worker as the words say, until it is ended; never longer than the test that started it."""
    words = json.loads(sys.argv[1])
    hold(words["parent"])
    logs.configure()
    db = Database(words["database"])
    live = cast("Options", LiveOptions(Settings(data=Path(words["data"])), db))
    house = House(db, SilentQueue(), live)
    plan = WorkerPlan(
        words["queue_url"], words["factory"], words["argument"], words["name"], Pace(**words["pace"]),
        look=lambda: str(weights(words["data"])),
    )  # fmt: skip
    sys.exit(run(plan, house))


if __name__ == "__main__":
    main()
