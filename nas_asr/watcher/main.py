"""Room: watcher.main. The watcher's process: runs the loop until it is told to stop. Loads no Flask, no codec, no torch."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from nas_asr import media
from nas_asr.core.memory import share_heaps
from nas_asr.services.base import House
from nas_asr.services.ingest import Probe
from nas_asr.watcher.loop import Duties, Loop


def run(
    house: House,
    *,
    sweep: Callable[[], object] | None = None,
    stop: threading.Event | None = None,
    probe: Probe = media.probe,
    duties: Duties | None = None,
) -> None:
    """Watch all folders until `stop`, or until SIGTERM or SIGINT where no `stop` is given.

    sweep: called every second, so that a house without `up` repairs itself too; it keeps its own times. duties: where
    several watchers share a database, who of them watches which folder; without it each watches all, which does no harm.
    """
    share_heaps()
    if stop is None:
        stop = _until_signal()
    Loop(house, probe, sweep, duties).run(stop)


def _until_signal() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop
