"""Room: tests.archive.night_child. Does what is due, slowly: a process that the tests kill. Arguments: DATA, seconds a step."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas_asr.archive import bag
from nas_asr.services.archive_checks import do_due
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from tests.cast import RememberingQueue


def slowly(call: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The same with a pause before it, so that a kill can fall between any two steps."""

    def slow(*given: Any, **more: Any) -> Any:
        time.sleep(seconds)
        return call(*given, **more)

    return slow


def main() -> None:
    """Do everything that is due."""
    data, seconds = Path(sys.argv[1]), float(sys.argv[2])
    for name in ("_write_all", "sync_directory", "make_directories"):
        setattr(bag, name, slowly(getattr(bag, name), seconds))
    db = Database(f"sqlite:///{data / 'nas_asr.sqlite3'}")
    house = House(db=db, queue=RememberingQueue(), options=Settings(data=data, timezone="Europe/Berlin"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while do_due(house) is not None:
        pass


if __name__ == "__main__":
    main()
