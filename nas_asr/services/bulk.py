"""Room: services.bulk. One wish for many recordings: again, to the trash, back from it. Each is refused by itself, aloud.

All in one transaction: whoever looks sees none of it or all of it, and a crash leaves nothing half.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NasAsrError
from nas_asr.services.base import House
from nas_asr.services.listing import RecordingFilter, counts, passing
from nas_asr.services.recordings import retry_within, trash_within
from nas_asr.services.ringing import ring
from nas_asr.services.trash import delete_for_ever, restore_within
from nas_asr.store.models import Recording, Run
from nas_asr.store.scope import Scope

AT_ONCE = 500
_AMONG_THE_NEW = 0  # priority: one that a person asks for by itself goes first, a hundred of them do not


class Wish(StrEnum):
    """What can be asked for many."""

    RETRY = "retry"
    TRASH = "trash"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One that could not be, and why. title: empty where there is nothing for the viewer under this id."""

    id: str
    title: str
    error: NasAsrError


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ids that went well, those that could not, and how many more there are for the next time."""

    done: Sequence[str]
    refused: Sequence[Refusal]
    left: int = 0


def apply(house: House, viewer: Viewer, wish: Wish, ids: Sequence[str]) -> Outcome:
    """Do it with these recordings. Invalid for none, or for more than AT_ONCE."""
    named = list(dict.fromkeys(ids))
    if not named:
        raise Invalid("No recording is chosen.", "Choose at least one.", field="ids")
    if len(named) > AT_ONCE:
        raise Invalid(f"At most {AT_ONCE} recordings at once.", "Choose fewer of them.", field="ids")
    with house.db.write() as session:
        outcome, runs = _apply(session, house, viewer, (wish, named))
    for run in runs:
        ring(house, run)
    return outcome


def apply_to_all(house: House, viewer: Viewer, wish: Wish, wanted: RecordingFilter) -> Outcome:
    """Do it with everything that passes the filter, the newest AT_ONCE of it; `left` says how many more there were."""
    total = sum(number for state, number in counts(house, viewer, wanted).items() if wanted.state in (None, state))
    with house.db.write() as session:
        named = passing(session, viewer, wanted, AT_ONCE)
        outcome, runs = _apply(session, house, viewer, (wish, named))
    for run in runs:
        ring(house, run)
    return Outcome(outcome.done, outcome.refused, max(total - len(named), 0))


def delete_many(house: House, viewer: Viewer, ids: Sequence[str]) -> Outcome:
    """Out of the trash for ever, each by itself: what is gone is gone, whatever becomes of the next one."""
    done: list[str] = []
    refused: list[Refusal] = []
    for recording_id in dict.fromkeys(ids):
        try:
            delete_for_ever(house, viewer, recording_id)
        except NasAsrError as error:
            with house.db.read() as session:
                refused.append(Refusal(recording_id, _title(session, viewer, recording_id), error))
        else:
            done.append(recording_id)
    return Outcome(done, refused)


def _apply(
    session: Session, house: House, viewer: Viewer, order: tuple[Wish, Sequence[str]]
) -> tuple[Outcome, list[Run]]:
    wish, ids = order
    done: list[str] = []
    refused: list[Refusal] = []
    runs: list[Run] = []
    for recording_id in ids:
        try:
            with session.begin_nested():  # what one of them began is undone where it is refused
                runs += _one(session, house, viewer, (wish, recording_id))
        except NasAsrError as error:
            refused.append(Refusal(recording_id, _title(session, viewer, recording_id), error))
        else:
            done.append(recording_id)
    return Outcome(done, refused), runs


def _one(session: Session, house: House, viewer: Viewer, order: tuple[Wish, str]) -> list[Run]:
    wish, recording_id = order
    if wish is Wish.RETRY:
        return retry_within(session, house, viewer, recording_id, _AMONG_THE_NEW)
    if wish is Wish.TRASH:
        trash_within(session, house, viewer, recording_id)
    else:
        restore_within(session, house, viewer, recording_id)
    session.flush()
    return []


def _title(session: Session, viewer: Viewer, recording_id: str) -> str:
    scope = Scope(session, viewer)
    for there in (scope.recordings(), scope.trash()):
        title = session.scalar(there.where(Recording.id == recording_id).with_only_columns(Recording.title))
        if title is not None:
            return str(title)
    return ""
