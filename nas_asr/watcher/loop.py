"""Room: watcher.loop. All watched folders at once, each with its own thread; heartbeat and sweep beside them. Never looks itself.

A share that hangs keeps a thread in the kernel until its server is back; with a thread for each folder it keeps nobody else.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable

from nas_asr.core.ids import new_id
from nas_asr.services.base import House
from nas_asr.services.folders import Watched, watched
from nas_asr.services.heartbeats import Beat, beat, gone
from nas_asr.services.ingest import Probe
from nas_asr.services.sightings import due_looks
from nas_asr.watcher.edge import survive
from nas_asr.watcher.headers import HeaderLooks
from nas_asr.watcher.rounds import Rounds
from nas_asr.watcher.take import Taker
from nas_asr.watcher.wake import Wake

log = logging.getLogger(__name__)

_EVERY_S = 1.0  # folders that were added, files that are asked for
_BEAT_EVERY_S = 5.0
_AFTER_TROUBLE_S = 5.0


class FolderWatch:
    """One folder's thread: its rounds, its events, its taker; while it asks, a thread that looks into headers."""

    def __init__(self, house: House, folder: Watched, probe: Probe) -> None:
        self._bell = threading.Event()
        self._stopped = False
        self._taker = Taker(house, folder.id, probe)
        self._headers = HeaderLooks(house, folder, probe)
        self._wake: Wake | None = None
        self.rounds = Rounds(house, folder, self._taker.take, self._bell.set)

    @property
    def note(self) -> str:
        """Why the folder is looked through at intervals only, empty where events come."""
        return self._wake.note if self._wake is not None else ""

    def start(self) -> None:
        """Begin to watch."""
        self._taker.start()
        if self.rounds.folder.awaiting_choice:
            self._headers.start()
        threading.Thread(target=self._watch, name=f"watch-{self.rounds.folder.id}", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer; a file at hand is still taken."""
        self._stopped = True
        self._bell.set()
        self._taker.stop()
        self._headers.stop()

    def _watch(self) -> None:
        while not self._stopped:
            survive(self._mind_events, folder=self.rounds.folder.id)
            self._bell.clear()
            now = time.monotonic()
            due = survive(lambda: self.rounds.turn(time.monotonic()), folder=self.rounds.folder.id)
            self._bell.wait(max(0.0, (now + _AFTER_TROUBLE_S if due is None else due) - time.monotonic()))
        if self._wake is not None:
            self._wake.stop()

    def _mind_events(self) -> None:
        """Listen before the first look, so that nothing falls in between; a share that came back is another one."""
        if self._wake is not None and not self.rounds.online:
            self._wake.stop()
            self._wake = None
        elif self._wake is None and self.rounds.online:
            self._wake = Wake(self.rounds.folder.path, self.rounds.wake)
            self._wake.start()
            self.rounds.wake()


class Loop:
    """The watch over all folders."""

    def __init__(self, house: House, probe: Probe, sweep: Callable[[], object] | None = None) -> None:
        self._house = house
        self._probe = probe
        self._sweep = sweep
        self._boot = new_id()
        self._name = f"watcher@{socket.gethostname()}"
        self._beat_at = float("-inf")
        self._times = self._times_now()
        self.watches: dict[str, FolderWatch] = {}

    def run(self, stop: threading.Event) -> None:
        """Watch until told to stop."""
        log.info("watcher.started")
        while not stop.is_set():
            survive(self._meet_folders)
            survive(self._heed_settings)
            survive(self._pass_on_wishes)
            if time.monotonic() - self._beat_at >= _BEAT_EVERY_S:
                self._beat_at = time.monotonic()
                survive(self._give_sign)
            if self._sweep is not None:
                survive(self._sweep)
            stop.wait(_EVERY_S)
        for watch in self.watches.values():
            watch.stop()
        gone(self._house, self._name, self._boot)
        log.info("watcher.stopped")

    def _meet_folders(self) -> None:
        """Begin with folders that were added, end with those that were removed; the others may have another marker."""
        wanted = {folder.id: folder for folder in watched(self._house)}
        for folder_id in self.watches.keys() - wanted.keys():
            self.watches.pop(folder_id).stop()
        for folder_id in wanted.keys() & self.watches.keys():
            self.watches[folder_id].rounds.heed(wanted[folder_id])
        for folder_id in wanted.keys() - self.watches.keys():
            log.info("folder.watched", extra={"folder": folder_id})
            self.watches[folder_id] = FolderWatch(self._house, wanted[folder_id], self._probe)
            self.watches[folder_id].start()

    def _times_now(self) -> tuple[float, float]:
        return self._house.options.settle_seconds, self._house.options.scan_seconds

    def _heed_settings(self) -> None:
        """Times that an admin changed count from now on, not from the end of a wait that may last a day."""
        if (times := self._times_now()) != self._times:
            self._times = times
            log.info("watcher.times_changed", extra={"settle_s": times[0], "scan_s": times[1]})
            for watch in self.watches.values():
                watch.rounds.wake()

    def _pass_on_wishes(self) -> None:
        for folder_id, raw_paths in due_looks(self._house).items():
            if folder_id in self.watches:
                self.watches[folder_id].rounds.ask(raw_paths)

    def _give_sign(self) -> None:
        away = sum(not watch.rounds.online for watch in self.watches.values())
        notes = {folder_id: watch.note for folder_id, watch in self.watches.items() if watch.note}
        beat(
            self._house,
            Beat("watcher", self._name, self._boot, {"folders": len(self.watches), "offline": away, "notes": notes}),
        )
