"""Room: services.ledger_retry. A person asks for another look at files of the ledger. Content decides; opens no file."""

from sqlalchemy import ColumnElement, Select, func, update
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import Act, House, audit
from nas_asr.services.ledger import LedgerFilter, filtered, lines_of
from nas_asr.services.ledger_asks import ASKED, ask_again
from nas_asr.store.models import Folder, LedgerLine
from nas_asr.store.scope import Scope

_LINKED = (LedgerState.INGESTED, LedgerState.DUPLICATE)


def retry_line(house: House, viewer: Viewer | None, line_id: str) -> None:
    """Look at a file again now, whatever was said about it; nothing where its recording is here already.

    NotVisible, NotPermitted (members and managers may), Conflict. viewer None: the command line.
    """
    with house.db.write() as session:
        row = session.execute(lines_of(session, viewer).where(LedgerLine.id == line_id)).first()
        if row is None:
            raise NotVisible("There is nothing here under this address for you.")
        line, folder = row
        if viewer is not None:
            Scope(session, viewer).folder(folder.id, Action.WRITE)
        if line.state in _LINKED:
            return
        ask_again(line, house.now())
        audit(session, house, viewer, Act("ledger.retried", line.path, folder.team_id))


def retry_failed(house: House, viewer: Viewer, wanted: LedgerFilter) -> int:
    """Look again at every file of this filter that failed and that the viewer may ask for; returns how many."""
    with house.db.write() as session:
        failed = _failed(session, viewer, wanted)
        asked = _count(session, failed)
        session.execute(
            update(LedgerLine)
            .where(LedgerLine.id.in_(failed.with_only_columns(LedgerLine.id)))
            .values(
                state=LedgerState.GROWING, reason_code=ASKED.code, reason=ASKED.sentence,
                changed_at=house.now(), next_look_at=house.now(),
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        if asked:
            audit(session, house, viewer, Act("ledger.retried", f"{asked} files"))
    return asked


def count_failed(house: House, viewer: Viewer, wanted: LedgerFilter) -> int:
    """How many files `retry_failed` would look at again."""
    with house.db.read() as session:
        return _count(session, _failed(session, viewer, wanted))


def _count(session: Session, lines: Select[LedgerLine, Folder]) -> int:
    return session.scalar(lines.with_only_columns(func.count())) or 0


def _failed(session: Session, viewer: Viewer, wanted: LedgerFilter) -> Select[LedgerLine, Folder]:
    lines = filtered(session, viewer, wanted).where(
        LedgerLine.state == LedgerState.FAILED,
        LedgerLine.presence == Presence.PRESENT,
        LedgerLine.path.not_like("%/"),
    )
    return lines if viewer.runs_the_house else lines.where(_writable(viewer))


def _writable(viewer: Viewer) -> ColumnElement[bool]:
    return Folder.team_id.in_([team for team in viewer.roles if viewer.may(team, Action.WRITE)])
