"""Room: watcher.take. Takes one folder's settled files, one after the other, beside the looking. Never looks itself."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from nas_asr.services.base import House
from nas_asr.services.ingest import Outcome, Probe, ingest
from nas_asr.services.looks import after_races
from nas_asr.services.sightings import Sighting
from nas_asr.watcher.edge import survive

Told = Callable[[Sighting, Outcome | None], None]  # None: it did not work this time, for a reason that may pass


class Taker:
    """A thread of its own for each folder: hashing an hour of video over a slow line must hold nobody else up.

    The thread lives as long as the folder is watched, because media's children live no longer than the thread they come from.
    """

    def __init__(self, house: House, folder_id: str, probe: Probe) -> None:
        self._house = house
        self._folder_id = folder_id
        self._probe = probe
        self._waiting: SimpleQueue[tuple[Sighting, Told] | None] = SimpleQueue()
        self._stopped = False

    def start(self) -> None:
        """Begin to work."""
        threading.Thread(target=self._work, name=f"take-{self._folder_id}", daemon=True).start()

    def take(self, sighting: Sighting, told: Told) -> None:
        """Take this file when its turn comes, then tell what became of it, from the taker's thread."""
        self._waiting.put((sighting, told))

    def stop(self) -> None:
        """End after the file at hand; what waits behind it is whoever's who watches the folder next."""
        self._stopped = True
        self._waiting.put(None)

    def _work(self) -> None:
        while (order := self._waiting.get()) is not None and not self._stopped:
            sighting, told = order
            told(sighting, take_now(self._house, self._folder_id, self._probe, sighting))


def take_now(house: House, folder_id: str, probe: Probe, sighting: Sighting) -> Outcome | None:
    """Take one file here and now; None where it did not work this time."""
    return survive(lambda: after_races(lambda: ingest(house, folder_id, sighting, probe=probe)), folder=folder_id)
