"""Room: services.heartbeats. Signs of life of the long-running parts, kept in the database. Judges nobody."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from nas_asr.core.errors import StorageFull
from nas_asr.services.base import House
from nas_asr.store.models import Heartbeat


@dataclass(frozen=True, slots=True)
class Beat:
    """Who lives: kind (worker, watcher, up), a name that survives restarts, a boot that does not, and what it is at."""

    kind: str
    name: str
    boot: str
    detail: dict[str, Any] = field(default_factory=dict)


def beat(house: House, sign: Beat) -> bool:
    """Write the sign of life. False where the database did not take it: the next one will do."""
    try:
        with house.db.write() as session:
            row = Heartbeat(
                name=sign.name, kind=sign.kind, boot=sign.boot, seen_at=house.now(), detail=dict(sign.detail)
            )
            session.merge(row)
    except (OperationalError, StorageFull):
        return False
    return True


def gone(house: House, name: str, boot: str) -> bool:
    """A polite goodbye, so that nobody has to wait for silence. False where the database did not take it."""
    try:
        with house.db.write() as session:
            session.execute(delete(Heartbeat).where(Heartbeat.name == name, Heartbeat.boot == boot))
    except (OperationalError, StorageFull):
        return False
    return True
