"""Room: tests.cast. Who plays in the tests, and how a row is made in one line. Real database, no services.

Alice manages team choir, Bob is its member, Rita its reader; Charlie is in team garden; Ada runs the house.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nas_asr.core.access import Role, Viewer
from nas_asr.core.ids import new_id
from nas_asr.core.recording import RunState
from nas_asr.core.transcript import Milliseconds, Span, Waveform
from nas_asr.services.base import House
from nas_asr.services.waveforms import keep_waveform
from nas_asr.store import search
from nas_asr.store.database import Database
from nas_asr.store.models import Folder, Member, Recording, Run, SegmentRow, Team, TranscriptVersion, User

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


@dataclass
class RememberingQueue:
    """A queue that remembers its rings; `down` makes it refuse."""

    rung: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    down: bool = False

    def ring(self, run_id: str, duration_ms: Milliseconds) -> None:
        """Remember the ring."""
        self._up()
        self.rung.append(run_id)

    def ringing(self) -> set[str]:
        """Everything that was rung."""
        self._up()
        return set(self.rung)

    def stop(self, run_id: str) -> None:
        """Remember the stop."""
        self.stopped.append(run_id)

    def alive(self) -> bool:
        """Whether it answers."""
        return not self.down

    def _up(self) -> None:
        if self.down:
            from nas_asr.core.errors import QueueUnavailable

            raise QueueUnavailable("Redis does not answer.")


@dataclass(frozen=True)
class Cast:
    """The people of the tests, as viewers, and the ids of their teams."""

    choir: str
    garden: str
    alice: Viewer
    bob: Viewer
    rita: Viewer
    charlie: Viewer
    ada: Viewer


def make_cast(db: Database) -> Cast:
    """Put everybody into the database."""
    with db.write() as session:
        teams = {
            slug: Team(id=new_id(), slug=slug, name=slug.title(), created_at=START) for slug in ("choir", "garden")
        }
        session.add_all(teams.values())
        session.flush()

        def person(name: str, admin: bool = False, **roles: Role) -> Viewer:
            user = User(id=new_id(), name=name, name_key=name, is_admin=admin, created_at=START)
            session.add(user)
            session.flush()
            for slug, role in roles.items():
                session.add(Member(team_id=teams[slug].id, user_id=user.id, role=role, created_at=START))
            return Viewer(user.id, name, admin, {teams[slug].id: role for slug, role in roles.items()})

        return Cast(
            choir=teams["choir"].id,
            garden=teams["garden"].id,
            alice=person("alice", choir=Role.MANAGER),
            bob=person("bob", choir=Role.MEMBER),
            rita=person("rita", choir=Role.READER),
            charlie=person("charlie", garden=Role.MANAGER),
            ada=person("ada", admin=True),
        )


def make_folder(db: Database, team_id: str, path: Path, language: str = "en") -> str:
    """A watched folder; the directory is made."""
    path.mkdir(parents=True, exist_ok=True)
    with db.write() as session:
        folder = Folder(
            id=new_id(), team_id=team_id, path=str(path), name=path.name, language=language, created_at=START
        )
        session.add(folder)
    return folder.id


def make_recording(house: House, team_id: str, title: str = "meeting", **fields: object) -> str:
    """A queued recording with its run, as ingest leaves it; fields override columns of the recording."""
    with house.db.write() as session:
        recording = Recording(
            id=new_id(), team_id=team_id, raw_path=title.encode(), path=title, title=title, size_bytes=1,
            sha256=new_id() * 2, duration_ms=40_000, language="en", recorded_at=house.now(),
            ingested_at=house.now(), changed_at=house.now(),
        )  # fmt: skip
        for name, value in fields.items():
            setattr(recording, name, value)
        session.add(recording)
        session.flush()
        run = Run(
            id=new_id(), recording_id=recording.id, team_id=team_id, language=recording.language,
            duration_ms=recording.duration_ms, created_at=house.now(),
        )  # fmt: skip
        session.add(run)
        recording.run_id = run.id
    return recording.id


def a_waveform(duration_ms: Milliseconds) -> Waveform:
    """Somebody speaks for the first half of each two seconds."""
    steps = -(-duration_ms // 500)
    speech = tuple(Span(at, min(at + 1000, duration_ms)) for at in range(0, duration_ms, 2000))
    return Waveform(duration_ms, 500, bytes((200, 180, 3, 5)[step % 4] for step in range(steps)), speech)


def write_transcript(house: House, recording_id: str, lines: list[str]) -> None:
    """A machine version with one segment of two seconds a line, searchable, as the worker leaves it."""
    with house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        run = session.get_one(Run, recording.run_id)
        version = TranscriptVersion(
            id=new_id(), recording_id=recording.id, team_id=recording.team_id, number=recording.version + 1,
            run_id=run.id, created_at=house.now(), language=recording.language, engine="sphinx", model="test",
            duration_ms=recording.duration_ms, speech_ms=2000 * len(lines), elapsed_ms=1000,
        )  # fmt: skip
        session.add(version)
        session.flush()
        rows = [
            SegmentRow(
                id=new_id(), version_id=version.id, recording_id=recording.id, team_id=recording.team_id, position=i,
                start_ms=2000 * i, end_ms=2000 * i + 1900, text=line, spoken=line, flags=[], words=[],
            )
            for i, line in enumerate(lines)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        search.add(session, rows)
        keep_waveform(session, recording, a_waveform(recording.duration_ms))
        run.state = recording.state = RunState.DONE
        run.ended_at = recording.done_at = recording.changed_at = house.now()
        recording.version = version.number


def speak(house: House, recording_id: str, *names: str) -> None:
    """Give the segments of a recording their speakers."""
    with house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=recording_id).order_by(SegmentRow.position).all()
        search.forget(session, rows)
        for row, name in zip(rows, names, strict=True):
            row.speaker = name
        session.flush()
        search.add(session, rows)


def replace_something(house: House, recording_id: str, was: str = "we", hotword: str = "Wii") -> str:
    """As if a hotword had taken the place of a word in the first segment that has it; returns that segment's id."""
    with house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=recording_id).order_by(SegmentRow.position)
        row = next(row for row in rows if was in row.text)
        search.forget(session, [row])
        at = row.text.index(was)
        row.text = row.text.replace(was, hotword, 1)
        row.replacements = [[at, at + len(hotword), was, hotword, False]]
        session.flush()
        search.add(session, [row])
        return row.id


MakeHouse = Callable[..., House]
