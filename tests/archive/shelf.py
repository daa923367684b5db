"""Room: tests.archive.shelf. Recordings with real files, a team whose rule is on, and what the archive holds afterwards."""

import hashlib
from pathlib import Path
from typing import Any

from nas_asr.core.ids import new_id
from nas_asr.services.archive import Report
from nas_asr.services.archive_checks import do_due
from nas_asr.services.archive_nights import ask, meet_nights
from nas_asr.services.archive_rules import RuleOrder, save_rule
from nas_asr.services.base import House
from nas_asr.store import search
from nas_asr.store.models import ArchiveBag, Recording, Run, SegmentRow, TranscriptVersion
from tests.cast import make_folder, make_recording, write_transcript

LINES = ["we met at nine", "the roof is 100 % done", "第一件事是预算"]


def switch_on(house: House, team: str = "choir", **fields: object) -> None:
    """The team's rule, on, for every length, without rest unless said otherwise."""
    wanted = {"on": True, "min_minutes": 0, "untouched_hours": 0} | fields
    save_rule(house, None, team, RuleOrder(**wanted))  # type: ignore[arg-type]


def share_of(house: House, team_id: str, tmp_path: Path, name: str = "share") -> tuple[Path, str]:
    """A watched folder of the team: its path and id."""
    path = tmp_path / name
    return path, make_folder(house.db, team_id, path)


def record(
    house: House,
    team_id: str,
    share: tuple[Path, str],
    name: str = "meeting.wav",
    content: bytes = b"",
    **fields: Any,
) -> str:
    """A transcribed recording whose file lies in the share."""
    folder, folder_id = share
    content = content or f"SOUND of {name}".encode()
    (folder / name).write_bytes(content)
    recording = make_recording(
        house, team_id, folder_id=folder_id, raw_path=name.encode(), path=name, size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(), **({"title": Path(name).stem} | fields),
    )  # fmt: skip
    write_transcript(house, recording, LINES)
    return recording


def transcribe_again(house: House, recording: str, lines: list[str]) -> None:
    """Another run with its version, as a re-run leaves it."""
    with house.db.write() as session:
        its = session.get_one(Recording, recording)
        shown = session.query(SegmentRow).filter_by(recording_id=recording).join(
            TranscriptVersion, TranscriptVersion.id == SegmentRow.version_id
        ).filter(TranscriptVersion.number == its.version)  # fmt: skip
        search.forget(session, shown.all())
        run = Run(
            id=new_id(),
            recording_id=recording,
            team_id=its.team_id,
            language="en",
            duration_ms=1,
            created_at=house.now(),
        )
        session.add(run)
        its.run_id = run.id
    write_transcript(house, recording, lines)


def archive_now(house: House, team: str = "choir") -> Report:
    """The team's archive, at once."""
    report = do_due(house, team, ask(house, None, team))
    assert isinstance(report, Report)
    return report


def night(house: House, team: str = "") -> list[Report]:
    """What a night's process does."""
    meet_nights(house)
    reports = []
    while (report := do_due(house, team)) is not None:
        assert isinstance(report, Report)
        reports.append(report)
    return reports


def bags(house: House) -> list[Path]:
    """The bags that the house knows, by path."""
    with house.db.read() as session:
        rows = session.query(ArchiveBag).order_by(ArchiveBag.path).all()
    return [Path(row.root) / row.path for row in rows]


def row(house: House, recording: str) -> Recording:
    """The recording's row."""
    with house.db.read() as session:
        return session.get_one(Recording, recording)


def tree(path: Path) -> dict[str, bytes]:
    """Every file below, with its content."""
    return {str(one.relative_to(path)): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}
