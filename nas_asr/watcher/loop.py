"""Room: watcher.loop. All watched folders at once, each with its own thread; heartbeat and sweep beside them. Never looks itself.

A share that hangs keeps a thread in the kernel until its server is back; with a thread for each folder it keeps nobody else.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

from nas_asr.core.ids import new_id
from nas_asr.services.base import House
from nas_asr.services.folders import Watched, watched
from nas_asr.services.heartbeats import Beat, beat, gone
from nas_asr.services.ingest import Probe
from nas_asr.services.looks import due_looks
from nas_asr.watcher.edge import survive
from nas_asr.watcher.headers import HeaderLooks
from nas_asr.watcher.rounds import Rounds
from nas_asr.watcher.scan import Root, root_of
from nas_asr.watcher.take import Taker
from nas_asr.watcher.wake import Wake

log = logging.getLogger(__name__)

_EVERY_S = 1.0  # folders that were added, files that are asked for
_BEAT_EVERY_S = 5.0
_AFTER_TROUBLE_S = 5.0
_CHECK_EVERY_S = 5.0  # whether events still come
_LISTEN_AGAIN_S = 60.0
_ROOM_AGAIN_S = 600.0  # an admin may have raised the limit of watches meanwhile
_DUTY_S = 30.0  # a watcher on another machine takes over after so long without a sign


class Duties(Protocol):
    """Who watches, where several watchers share a database (services.duties)."""

    def hold(self, name: str, seconds: float, now: float) -> bool:
        """Whether the duty is ours now; to be asked about once a second."""

    def give_up(self, name: str) -> None:
        """The next one may have it."""

    def close(self) -> None:
        """Give up all."""


class FolderWatch:
    """One folder's thread: its rounds, its events, its taker; while it asks, a thread that looks into headers."""

    def __init__(self, house: House, folder: Watched, probe: Probe) -> None:
        self._bell = threading.Event()
        self._stopped = False
        self._options = house.options
        self._taker = Taker(house, folder.id, probe)
        self._headers = HeaderLooks(house, folder, probe)
        self._wake: Wake | None = None
        self._heard_root: Root | None = None
        self._listen_at = float("-inf")
        self.rounds = Rounds(house, folder, self._taker.take, self._bell.set)

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
        survive(self.rounds.see_ground, folder=self.rounds.folder.id)  # before listening: not every ground has events
        while not self._stopped:
            survive(lambda: self._mind_events(time.monotonic()), folder=self.rounds.folder.id)
            self._bell.clear()
            now = time.monotonic()
            due = survive(lambda: self.rounds.turn(time.monotonic()), folder=self.rounds.folder.id)
            wait = (now + _AFTER_TROUBLE_S if due is None else due) - time.monotonic()
            self._bell.wait(max(0.0, min(wait, _CHECK_EVERY_S)))
        self._hear_no_more()

    def _mind_events(self, now: float) -> None:
        """Listen before the first look, so that nothing falls in between; a share that came back is another one.

        Events that end, or that the machine has no room for, are tried again later; the looks go on meanwhile.
        """
        rounds, wake = self.rounds, self._wake
        wanted = rounds.online and rounds.ground.events
        if wake is not None:
            elsewhere = self._heard_root is not None and rounds.root != self._heard_root
            if not wanted or elsewhere or (now >= self._listen_at and (wake.limited or not wake.well)):
                self._hear_no_more()
        if self._wake is None and wanted:
            self._hear(now)
        rounds.note = self._note()

    def _hear(self, now: float) -> None:
        path = self.rounds.folder.path
        self._heard_root = _root_now(path)
        self._wake = Wake(path, self.rounds.wake)
        self._wake.start()
        self._listen_at = now + (_ROOM_AGAIN_S if self._wake.limited else _LISTEN_AGAIN_S)
        self.rounds.wake()

    def _hear_no_more(self) -> None:
        if self._wake is not None:
            self._wake.stop()
            self._wake = None

    def _note(self) -> str:
        every_s = round(max(self._options.scan_seconds, self.rounds.every_s), 1)
        ground = self.rounds.ground
        if ground.network:
            return (
                f"Other machines may write to this share ({ground.kind}) without the system telling, so the folder is looked "
                f"through every {every_s:g} s."
            )
        return self._wake.note(every_s) if self._wake is not None else ""


def _root_now(path: str) -> Root | None:
    try:
        return root_of(os.fsencode(path))
    except OSError:
        return None


class Loop:
    """The watch over all folders."""

    def __init__(
        self, house: House, probe: Probe, sweep: Callable[[], object] | None = None, duties: Duties | None = None
    ) -> None:
        self._house = house
        self._probe = probe
        self._sweep = sweep
        self._duties = duties
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
        if self._duties is not None:
            self._duties.close()
        gone(self._house, self._name, self._boot)
        log.info("watcher.stopped")

    def _meet_folders(self) -> None:
        """Begin with folders that were added or fell to us, end with those that were removed or are another watcher's."""
        there = {folder.id: folder for folder in watched(self._house)}
        wanted = {folder_id: folder for folder_id, folder in there.items() if self._is_ours(folder_id)}
        for folder_id in self.watches.keys() - wanted.keys():
            log.info("folder.watched_no_more", extra={"folder": folder_id})
            self.watches.pop(folder_id).stop()
            if folder_id not in there and self._duties is not None:
                self._duties.give_up(_duty(folder_id))
        for folder_id in wanted.keys() & self.watches.keys():
            self.watches[folder_id].rounds.heed(wanted[folder_id])
        for folder_id in wanted.keys() - self.watches.keys():
            log.info("folder.watched", extra={"folder": folder_id})
            self.watches[folder_id] = FolderWatch(self._house, wanted[folder_id], self._probe)
            self.watches[folder_id].start()

    def _is_ours(self, folder_id: str) -> bool:
        return self._duties is None or self._duties.hold(_duty(folder_id), _DUTY_S, time.monotonic())

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
        notes = {folder_id: watch.rounds.note for folder_id, watch in self.watches.items() if watch.rounds.note}
        beat(
            self._house,
            Beat("watcher", self._name, self._boot, {"folders": len(self.watches), "offline": away, "notes": notes}),
        )


def _duty(folder_id: str) -> str:
    return f"watch:{folder_id}"
