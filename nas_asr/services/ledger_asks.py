"""Room: services.ledger_asks. Which lines of the ledger a person can have looked at again, and how that is written. Pure rows."""

from datetime import datetime
from enum import StrEnum

from nas_asr.core.errors import Conflict
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.sightings import SETTLING, Rule
from nas_asr.store.models import LedgerLine

ASKED = Rule("asked", "Somebody asked to look again.")
_NEVER = ("link", "special", "marker")  # rules that no wish overrules
_BY_ITSELF = (SETTLING, "asked")  # growing for these reasons, it is looked at in a moment anyway


class Retry(StrEnum):
    """What can be asked of a line."""

    LOOK = "look"  # look again now
    TAKE = "take"  # take it all the same, if it is a recording


def retry_of(line: LedgerLine) -> Retry | None:
    """What can be asked of this line; None where asking changes nothing."""
    if why_not(line) is not None:
        return None
    if line.state in (LedgerState.IGNORED, LedgerState.WAITING_CHOICE):
        return Retry.TAKE
    waits = line.state == LedgerState.GROWING and line.reason_code not in _BY_ITSELF
    return Retry.LOOK if waits or line.state == LedgerState.FAILED else None


def why_not(line: LedgerLine) -> Conflict | None:
    """Why nobody can ask for another look at this line."""
    if line.path.endswith("/"):
        return Conflict("This is a folder; it is looked at with every look.", "Let nas_asr read it.")
    if line.reason_code in _NEVER:
        return Conflict(
            "Links, special files and the folder's marker file are never taken.",
            "Put the recording itself into the folder.",
        )
    if line.presence == Presence.MISSING:
        return Conflict("The file is not in the folder any more.", "When it is back, it is looked at by itself.")
    return None


def ask_again(line: LedgerLine, now: datetime) -> None:
    """Have this line's file looked at now. Conflict where that cannot be."""
    refused = why_not(line)
    if refused is not None:
        raise refused
    line.state, line.reason_code, line.reason = LedgerState.GROWING, ASKED.code, ASKED.sentence
    line.changed_at = line.next_look_at = now
