"""Room: services.header_looks. Which files' headers tell how long a folder's first files are, and what they told. Opens none.

A sample: as many of each kind and size as there can be. Ids are random, so that the first ones by id are a fair draw, and
the same after a restart.
"""

from dataclasses import dataclass

from sqlalchemy import String, cast, func, select, update

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.core.transcript import Milliseconds
from nas_asr.services.base import House
from nas_asr.services.endings import ending
from nas_asr.store.models import Folder, LedgerLine

MOST_LOOKED_INTO = 500


@dataclass(frozen=True, slots=True)
class Headers:
    """What is to be looked into. open: nobody has chosen yet. looked: the first look is over, so that this is all."""

    open: bool
    looked: bool = False
    files: tuple[tuple[str, bytes], ...] = ()  # the line's id, the path below the folder


def headers_to_look_into(house: House, folder_id: str) -> Headers:
    """Files of the sample that were not looked into yet; none before the first look is over, for it decides the sample."""
    with house.db.read() as session:
        folder = session.get(Folder, folder_id)
        if folder is None or folder.removed_at is not None or not folder.awaiting_choice:
            return Headers(open=False)
        if folder.last_scan_at is None:
            return Headers(open=True)
        magnitude = func.length(cast(LedgerLine.size_bytes, String))
        place = func.row_number().over(partition_by=(ending(), magnitude), order_by=LedgerLine.id)
        sample = (
            select(LedgerLine.id, LedgerLine.raw_path, LedgerLine.duration_ms)
            .where(
                LedgerLine.folder_id == folder_id,
                LedgerLine.state == LedgerState.WAITING_CHOICE,
                LedgerLine.presence == Presence.PRESENT,
            )
            .order_by(place, LedgerLine.id)
            .limit(MOST_LOOKED_INTO)
        )
        rows = session.execute(sample).all()
        return Headers(True, True, tuple((line_id, raw) for line_id, raw, known in rows if known is None))


def note_header(house: House, line_id: str, duration_ms: Milliseconds | None) -> bool:
    """Write down how long a file is: 0 where it holds no sound, None where that cannot be known now.

    False where somebody has chosen meanwhile.
    """
    with house.db.write() as session:
        found = session.execute(
            update(LedgerLine)
            .where(LedgerLine.id == line_id, LedgerLine.state == LedgerState.WAITING_CHOICE)
            .values(duration_ms=duration_ms)
            .returning(LedgerLine.folder_id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if found is not None:
            return True
        line = session.get(LedgerLine, line_id)
        folder = session.get(Folder, line.folder_id) if line is not None else None
        return folder is not None and folder.awaiting_choice
