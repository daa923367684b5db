"""Room: tests.journey.shares. Folders of two teams that a test rearranges, the watch over them, and what must be true then."""

import hashlib
import itertools
import os
from pathlib import Path

from nas_asr.core.errors import Unreadable
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.audio import locate
from nas_asr.services.base import House
from nas_asr.store.models import Recording
from tests.cast import Cast, make_folder, write_transcript
from tests.drops import recordings, runs
from tests.watcher.walk import Walk


class Shares:
    """Two folders of team choir and one of team garden. Every file is of one size, so that size tells nothing."""

    def __init__(self, house: House, cast: Cast, below: Path) -> None:
        self.house, self.cast = house, cast
        self.one, self.two, self.garden = (below / name for name in ("one", "two", "garden"))
        teams = {self.one: cast.choir, self.two: cast.choir, self.garden: cast.garden}
        self.ids = {path: make_folder(house.db, team, path) for path, team in teams.items()}
        self.teams = {self.ids[path]: team for path, team in teams.items()}
        self.walks: dict[Path, Walk] = {}
        self._times = itertools.count(1_700_000_000)
        self.restart()
        for path in self.ids:  # a folder that loses all its files at once would be offline
            self.write(path / "anchor.wav", path.name)
        self.settle()

    def write(self, path: Path, content: str) -> None:
        """A file of this content, as a recorder would write it: with a time of its own."""
        path.write_bytes(b"SOUND " + content.encode().ljust(20))
        self.touch(path)

    def touch(self, path: Path) -> None:
        """Another time, and not one other byte."""
        moment = next(self._times)
        os.utime(path, (moment, moment))

    def restart(self) -> None:
        """The watcher was stopped and starts again."""
        self.walks = {path: Walk(self.house, folder_id) for path, folder_id in self.ids.items()}

    def settle(self) -> None:
        """Everything that changed is seen, is quiet for long enough, and is taken."""
        for walk in self.walks.values():
            walk.look()
        for walk in self.walks.values():
            walk.wait(self.house.options.settle_seconds + 0.1)

    def of(self, content: str, team: str = "") -> Recording:
        """The team's recording (choir's) of this content that is not in the trash."""
        sha = hashlib.sha256(b"SOUND " + content.encode().ljust(20)).hexdigest()
        team = team or self.cast.choir
        (found,) = [r for r in recordings(self.house) if (r.sha256, r.team_id, r.trashed_at) == (sha, team, None)]
        return found

    def transcribed(self, *contents: str) -> dict[str, str]:
        """All of them have a transcript by now; their ids."""
        ids = {content: self.of(content).id for content in contents}
        for content, recording_id in ids.items():
            write_transcript(self.house, recording_id, [f"{content} was said"])
        return ids

    def hashes(self) -> dict[tuple[str, bytes], str]:
        """What lies where: the hash of every file, by folder and path below it."""
        return {
            (folder_id, os.fsencode(path.relative_to(root))): hashlib.sha256(path.read_bytes()).hexdigest()
            for root, folder_id in self.ids.items()
            for path in root.rglob("*")
            if path.is_file()
        }

    def assert_right(self) -> None:
        """Whatever happened: one recording and one run for each content of a team, each at a place where its bytes lie."""
        found = self.hashes()
        every = recordings(self.house)
        keys = [(one.team_id, one.sha256) for one in every]
        assert len(keys) == len(set(keys)) == len(runs(self.house))
        assert {(self.teams[folder_id], sha) for (folder_id, _), sha in found.items()} <= set(keys)
        for one in every:
            homes = [place for place, sha in found.items() if (self.teams[place[0]], sha) == (one.team_id, one.sha256)]
            assert not homes or (one.folder_id, one.raw_path) in homes, one.path
            assert self.bytes_of(one) == (one.sha256 if homes else None)
        self._assert_ledger(found, {one.id: one for one in every})

    def bytes_of(self, recording: Recording) -> str | None:
        """The hash of the file that a worker would be given, None where it would be told that there is none."""
        with self.house.db.read() as session:
            try:
                place = locate(self.house, session, session.get_one(Recording, recording.id))
            except Unreadable:
                return None
        return hashlib.sha256(Path(os.fsdecode(place.path)).read_bytes()).hexdigest()

    def _assert_ledger(self, found: dict[tuple[str, bytes], str], every: dict[str, Recording]) -> None:
        with self.house.db.read() as session:
            from nas_asr.services.sightings import newest_lines
            from nas_asr.store.models import LedgerLine

            known = {(line.folder_id, line.raw_path) for line in session.query(LedgerLine)}
            for place in known | found.keys():
                line = newest_lines(session, place[0], [place[1]])[place[1]]
                assert (line.presence == Presence.PRESENT) == (place in found), line.path
                if place in found:
                    home = every[line.recording_id or ""]
                    is_home = (home.folder_id, home.raw_path) == place
                    assert (line.sha256, home.sha256) == (found[place], found[place]), line.path
                    assert line.state == (LedgerState.INGESTED if is_home else LedgerState.DUPLICATE), line.path
