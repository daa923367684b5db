"""Room: services.folder_reading. How a folder is read: by which engine, who writes figures, whether channels are people.

Holds for what is transcribed from now on, also again; texts that are there stay as they are.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid
from nas_asr.services.base import Act, House, audit
from nas_asr.services.engines import served
from nas_asr.services.folders import check_itn, folder_to_change


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to change; None leaves it. engine: empty is the server's own setting. itn: an ItnMode."""

    engine: str | None = None
    itn: str | None = None
    apart: bool | None = None


def set_reading(house: House, viewer: Viewer | None, folder_id: str, wanted: Reading) -> None:
    """Change what is given; viewer None is the command line. Raises Invalid, NotVisible, NotPermitted."""
    mode = None if wanted.itn is None else check_itn(wanted.itn)
    with house.db.write() as session:
        folder = folder_to_change(session, viewer, folder_id)
        if mode is not None:
            folder.itn = mode
        if wanted.apart is not None:
            folder.apart = wanted.apart
        if wanted.engine is not None and wanted.engine != folder.engine:
            folder.engine = _offered(session, house, wanted.engine)
        detail = {"engine": folder.engine, "itn": folder.itn, "apart": "yes" if folder.apart else "no"}
        audit(session, house, viewer, Act("folder.reading_set", folder.name, folder.team_id, detail=detail))


def _offered(session: Session, house: House, engine: str) -> str:
    """Only what a worker has: a folder that waits for an engine that never comes helps nobody."""
    if engine and not served(session, house).languages(engine):
        raise Invalid("No worker has this engine.", "Choose one that is offered, or the server's own setting.", field="engine")
    return engine
