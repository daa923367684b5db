"""Room: services.archive_form. A recording as the archive keeps it: all its rows as JSON, and back. Never opens a file.

`transcript.json` is the export of the version that readers see, so that any reader of our exports reads it, with everything
else that the house knows of the recording under `archive`. Rows are written column by column as the tables have them: a column
that comes later is kept from that day on.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum as Words
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from nas_asr.core.clock import iso
from nas_asr.core.errors import BagBroken
from nas_asr.core.steps import replayed, steps_in, way_to
from nas_asr.services.archive_values import check_segment, row_in, storable
from nas_asr.services.file_names import MAX_TITLE
from nas_asr.services.segment_rows import own_rows, segment_of
from nas_asr.services.wholes import parts_of
from nas_asr.store.models import (
    Base,
    Folder,
    LedgerLine,
    Recording,
    Run,
    SegmentRow,
    Team,
    TranscriptVersion,
    User,
)

SCHEMA = "nas_asr.archive/1"
R = TypeVar("R", bound=Base)
# Row numbers, whom they belong to, and what stands over a version's own segments (its steps say that) are the house's own;
# what is archived is told by the bag, people go by their names.
_NOT_KEPT = {"key", "layer", "sub", "team_id", "archived_at", "archived_version", "idempotency_key"}
_PEOPLE = ("author_id", "requested_by")


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording's rows read back; team: its slug and name where it was archived; people: name keys by id.

    parts: ids of the recordings that a joined one consists of; its sound is in their bags.
    """

    recording: dict[str, Any]
    runs: Sequence[dict[str, Any]]
    versions: Sequence[tuple[dict[str, Any], Sequence[dict[str, Any]]]]
    team: tuple[str, str]
    people: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    @property
    def newest(self) -> int:
        """The number of the newest version."""
        return max(int(row["number"]) for row, _ in self.versions)


def archive_part(session: Session, recording: Recording) -> dict[str, Any]:
    """Everything that the house knows of a recording, ready for JSON."""
    team = session.get_one(Team, recording.team_id)
    folder = session.get(Folder, recording.folder_id or "")
    of_it = {"recording_id": recording.id}
    runs = session.scalars(select(Run).filter_by(**of_it).order_by(Run.created_at, Run.id)).all()
    versions = session.scalars(select(TranscriptVersion).filter_by(**of_it).order_by(TranscriptVersion.number)).all()
    lines = session.scalars(select(LedgerLine).filter_by(**of_it).order_by(LedgerLine.first_seen_at, LedgerLine.id))
    parts = [part.recording.id for part in parts_of(session, [recording.id]).get(recording.id, ())]
    return {
        "schema": SCHEMA,
        "team": {"id": team.id, "slug": team.slug, "name": team.name},
        "folder": None if folder is None else {"id": folder.id, "name": folder.name, "path": folder.path},
        "recording": row_out(recording),
        "runs": [row_out(run) for run in runs],
        "versions": [row_out(version) | {"segments": _segments(session, version)} for version in versions],
        "ledger": [row_out(line) for line in lines],
        "people": _people(session, [recording, *runs, *versions]),
    } | ({"parts": parts} if parts else {})


def read_archive_part(content: bytes) -> Kept:
    """What archive_part wrote. Raises BagBroken where it is something else."""
    try:
        part = json.loads(content)["archive"]
        if part["schema"] != SCHEMA:
            raise ValueError("another schema")
        versions = [
            (_row(TranscriptVersion, row), [_row(SegmentRow, one) for one in row["segments"]])
            for row in part["versions"]
        ]
        team = (storable(part["team"]["slug"]), storable(part["team"]["name"]))
        people = {str(key): storable(name) for key, name in part["people"].items()}
        parts = tuple(storable(one) for one in part.get("parts", ()))
        runs = [_row(Run, row) for row in part["runs"]]
        kept = Kept(_row(Recording, part["recording"]), runs, versions, team, people, parts)
        _check_whole(kept)
        return kept
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BagBroken(
            "The bag's transcript.json is not one that this version of nas_asr can read.",
            "See whether a newer nas_asr made it.",
        ) from error


def _row(kind: type[Base], given: Mapping[str, Any]) -> dict[str, Any]:
    return row_in(kind, given, _NOT_KEPT)


def _check_whole(kept: Kept) -> None:
    """What points at something in a bag points at something of the same bag. Raises ValueError."""
    runs, versions = [row["id"] for row in kept.runs], [row["id"] for row, _ in kept.versions]
    numbers = [row["number"] for row, _ in kept.versions]
    if any(len(set(one)) != len(one) for one in (runs, versions, numbers)) or min(numbers) < 1:
        raise ValueError("the same one twice, or no version")
    meant = {kept.recording["run_id"], *(row["run_id"] for row, _ in kept.versions)} - {None}
    if kept.recording["version"] not in numbers or not meant <= set(runs):
        raise ValueError("a run or a version that the bag does not hold")
    if not 1 <= len(kept.recording["title"]) <= MAX_TITLE or kept.recording["duration_ms"] < 0:
        raise ValueError("a title or a length that no recording has")
    for _, segments in kept.versions:
        for row in segments:
            check_segment(row)
    _check_steps(kept)


def _check_steps(kept: Kept) -> None:
    """Every text that is made from steps can be made. Raises ValueError."""
    whole = {row["number"]: segments for row, segments in kept.versions if row["steps"] is None}
    edited = {row["number"]: (row["base"], row["steps"]) for row, _ in kept.versions if row["steps"] is not None}
    stood_on = {base for base, _ in edited.values()}
    if any(base >= number for number, (base, _) in edited.items()):
        raise ValueError("a version that stands on a later one")
    for row, _ in kept.versions:
        if row["steps"] is None and row["root"] or row["steps"] is not None and row["root"] not in whole:
            raise ValueError("a version that stands on none")
        if row["steps"] is not None and row["number"] not in stood_on:
            own = [segment_of(SegmentRow(**segment)) for segment in whole[row["root"]]]
            steps = way_to(edited, row["number"])
            replayed(own, [step for some in steps for step in steps_in(some)])


def row_out(row: Base) -> dict[str, Any]:
    """The columns of a row as JSON has them."""
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: _plain(getattr(row, name)) for name in names if name not in _NOT_KEPT}


def _segments(session: Session, version: TranscriptVersion) -> list[dict[str, Any]]:
    return [row_out(row) for row in own_rows(session, version)]


def _people(session: Session, rows: Sequence[Base]) -> dict[str, str]:
    ids = {getattr(row, name, None) for row in rows for name in _PEOPLE} - {None}
    found = session.scalars(select(User).where(User.id.in_(ids)))
    return {user.id: user.name_key for user in found}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() if value.microsecond % 1000 else iso(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.value if isinstance(value, Words) else value
