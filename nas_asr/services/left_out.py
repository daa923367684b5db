"""Room: services.left_out. A file that was in a folder first and was only renamed since: by that nobody chose it. Opens none."""

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.sightings import OLDER, SETTLING, Sighting, newest_lines, settle_line
from nas_asr.store.database import alone
from nas_asr.store.models import Folder, LedgerLine


def stays_left_out(house: House, folder_id: str, sighting: Sighting) -> str:
    """Let the line of a renamed file say what its old one did: that it waits for a choice, or was left out by one.

    Returns the reason's code, empty where the file is to be taken. Whoever asked for it by its new name gets it.
    """
    with house.db.read() as session:
        if _grows(session, folder_id, sighting) is None or _before(session, folder_id, sighting) is None:
            return ""
    with house.db.write() as session:
        alone(session, session.get_one(Folder, folder_id))  # nobody chooses between the reading and the writing
        line, before = _grows(session, folder_id, sighting), _before(session, folder_id, sighting)
        if line is None or before is None:
            return ""
        settle_line(line, before.state, before.reason_code, before.reason)
        line.duration_ms = before.duration_ms
        return before.reason_code


def _grows(session: Session, folder_id: str, sighting: Sighting) -> LedgerLine | None:
    """The line of a file that is taken for no other reason than that a look found it."""
    line = newest_lines(session, folder_id, [sighting.raw_path]).get(sighting.raw_path)
    by_itself = line is not None and line.state == LedgerState.GROWING and line.reason_code == SETTLING
    return line if by_itself else None


def _before(session: Session, folder_id: str, sighting: Sighting) -> LedgerLine | None:
    """The line of the very same file under the name that it had, by size, time and inode."""
    size, mtime_ns, inode = sighting.stat
    left_out = and_(LedgerLine.state == LedgerState.IGNORED, LedgerLine.reason_code == OLDER.code)
    return session.scalar(
        select(LedgerLine)
        .where(
            LedgerLine.folder_id == folder_id,
            or_(LedgerLine.state == LedgerState.WAITING_CHOICE, left_out),
            LedgerLine.presence == Presence.MISSING,
            LedgerLine.inode == inode,
            LedgerLine.size_bytes == size,
            LedgerLine.mtime_ns == mtime_ns,
        )
        .order_by(LedgerLine.missing_since.desc(), LedgerLine.id)
        .limit(1)
    )
