"""Room: tests.watcher.walk. Walks the rounds of one folder by hand: time passes when the test says so."""

from nas_asr.services.base import House
from nas_asr.services.folders import watched
from nas_asr.services.looks import due_looks
from nas_asr.services.sightings import Sighting
from nas_asr.watcher.edge import survive
from nas_asr.watcher.rounds import Rounds
from nas_asr.watcher.take import Told, take_now
from tests.cast import Clock
from tests.drops import FakeProbe


class Walk:
    """One folder's rounds with a clock of the test's own; files are taken at once, here."""

    def __init__(self, house: House, folder_id: str, probe: FakeProbe | None = None) -> None:
        self.house = house
        self.folder_id = folder_id
        self.probe = probe or FakeProbe()
        self.handed_over: list[bytes] = []
        self.now = 1000.0
        self.due = self.now
        folder = next(folder for folder in watched(house) if folder.id == folder_id)
        self.rounds = Rounds(house, folder, self._take, lambda: None)

    def look(self) -> None:
        """Something woke the watch: look through the folder now, and hear what became of what was taken."""
        self.rounds.wake()
        self.now += 0.5
        self._turn()

    def wait(self, seconds: float) -> None:
        """Time goes by, with a turn whenever one is due."""
        clock = self.house.now
        assert isinstance(clock, Clock)
        until = self.now + seconds
        while self.due < until:
            clock.pass_seconds(max(0.0, self.due - self.now))
            self.now = max(self.now, self.due)
            self._turn()
        clock.pass_seconds(until - self.now)
        self.now = until
        self._turn()

    def settle(self) -> None:
        """Look, and wait until what is quiet was taken."""
        self.look()
        self.wait(self.house.options.settle_seconds + 0.1)

    def _turn(self) -> None:
        self.rounds.ask(due_looks(self.house).get(self.folder_id, ()))
        survive(lambda: self.rounds.turn(self.now))
        due = survive(lambda: self.rounds.turn(self.now))
        self.due = self.now + 5 if due is None else max(due, self.now + 0.001)

    def _take(self, sighting: Sighting, told: Told) -> None:
        self.handed_over.append(sighting.raw_path)
        told(sighting, take_now(self.house, self.folder_id, self.probe, sighting))
