"""Room: services.deleted. Files whose recording somebody deleted for ever: no look takes them in again by itself. Opens none."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.ledger_asks import ASKED
from nas_asr.services.sightings import DELETED, Sighting, Stat, new_line, newest_lines, refresh_line, settle_line
from nas_asr.store.models import Folder, LedgerLine
from nas_asr.store.models.shares import DELETED as LINES_OF_DELETED


def stays_deleted(house: House, folder_id: str, sighting: Sighting, sha256: str) -> bool:
    """Whether this is such a file: touched, or under another name. Its line says so again. A copy is another file.

    Whoever asked for it in the ledger gets it.
    """
    with house.db.read() as session:
        if _reason(session, folder_id, sighting, sha256) is None:
            return False
    with house.db.write() as session:
        reason = _reason(session, folder_id, sighting, sha256)
        if reason is None:
            return False
        line = _line(session, folder_id, sighting)
        if line is None:
            line = new_line(house, folder_id, sighting)
            session.add(line)
        refresh_line(house, line, sighting.stat)
        line.sha256 = sha256
        settle_line(line, LedgerState.IGNORED, DELETED.code, reason)
    return True


def _line(session: Session, folder_id: str, sighting: Sighting) -> LedgerLine | None:
    return newest_lines(session, folder_id, [sighting.raw_path]).get(sighting.raw_path)


def _reason(session: Session, folder_id: str, sighting: Sighting, sha256: str) -> str | None:
    line = _line(session, folder_id, sighting)
    if line is not None and line.reason_code == ASKED.code:
        return None
    for one in _deleted(session, folder_id, sha256):
        here = (one.folder_id, one.raw_path) == (folder_id, sighting.raw_path)
        if here or Stat(one.size_bytes, one.mtime_ns, one.inode) == sighting.stat:
            return one.reason
    return None


def _deleted(session: Session, folder_id: str, sha256: str) -> Sequence[LedgerLine]:
    """Lines of the same team's folders with these bytes."""
    of_the_team = select(Folder.id).where(
        Folder.team_id == select(Folder.team_id).where(Folder.id == folder_id).scalar_subquery()
    )
    statement = select(LedgerLine).where(
        LINES_OF_DELETED, LedgerLine.sha256 == sha256, LedgerLine.folder_id.in_(of_the_team)
    )
    return session.scalars(statement).all()
