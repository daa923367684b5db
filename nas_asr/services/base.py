"""Room: services.base. What every service is given: the database, the queue, options and the clock. No service itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.clock import utc_now
from nas_asr.core.ids import new_id
from nas_asr.core.ports import JobQueue, Options
from nas_asr.services.file_names import shown_line
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine

COMMAND_LINE, SOMEBODY = "command line", "somebody"  # in the audit log: at the machine itself, or not signed in
_SUBJECT, _ADDRESS = 200, 64  # characters that PostgreSQL takes there


@dataclass(frozen=True, slots=True)
class House:
    """The rooms that services work with; made by bootstrap, by tests with their own database and queue."""

    db: Database
    queue: JobQueue
    options: Options
    now: Callable[[], datetime] = field(default=utc_now)

    @property
    def uploads(self) -> Path:
        """Where uploaded audio is kept: DATA/uploads/TEAM_ID/RECORDING_ID.ext, never in a share."""
        return self.options.data / "uploads"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person did and the audit log keeps."""

    action: str  # noun.verb_in_past_tense, such as token.created
    subject: str = ""
    team_id: str | None = None
    address: str = ""
    detail: dict[str, str] = field(default_factory=dict)


def audit(session: Session, house: House, viewer: Viewer | None, act: Act) -> None:
    """Add one line to the audit log, in the caller's transaction. Never text of transcripts, hotwords or secrets.

    What a stranger typed for a name stands there as well: on one line, and no longer than the column.
    """
    session.add(
        AuditLine(
            id=new_id(),
            at=house.now(),
            actor_id=viewer.user_id if viewer else None,
            actor=viewer.name if viewer else SOMEBODY if act.address else COMMAND_LINE,
            action=act.action,
            team_id=act.team_id,
            subject=shown_line(act.subject)[:_SUBJECT],
            detail=act.detail,
            address=act.address[:_ADDRESS],
        )
    )
