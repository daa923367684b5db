"""Room: core.recording. The states of runs, recordings and ledger lines, and the legal moves between them. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    """A run is one attempt of an engine at a recording; every arrow has one owner (DESIGN, States)."""

    QUEUED = "queued"
    TRANSCRIBING = "transcribing"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


MOVES: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.TRANSCRIBING, RunState.STOPPED, RunState.FAILED}),
    RunState.TRANSCRIBING: frozenset({RunState.DONE, RunState.FAILED, RunState.STOPPED, RunState.QUEUED}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.STOPPED: frozenset(),
}

ENDED = frozenset({RunState.DONE, RunState.FAILED, RunState.STOPPED})
UNDER_WAY = frozenset({RunState.QUEUED, RunState.TRANSCRIBING})


def may_move(old: RunState, new: RunState) -> bool:
    """Whether a run may go from one state to another."""
    return new in MOVES[old]


def recording_state(newest_run: RunState, *, has_machine_version: bool) -> RunState:
    """A recording stays readable while any machine version exists; a failed re-run hides nothing (decision 7)."""
    return RunState.DONE if has_machine_version else newest_run


class Waiting(StrEnum):
    """Why a queued run is not claimed yet."""

    MODEL = "model"  # no engine here serves the recording's language


class LedgerState(StrEnum):
    """Why a file in a watched folder is where it is."""

    GROWING = "growing"
    WAITING_CHOICE = "waiting_choice"
    INGESTED = "ingested"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    FAILED = "failed"


class Presence(StrEnum):
    """Whether the last good scan saw the file. Offline is a property of the folder, not of its files."""

    PRESENT = "present"
    MISSING = "missing"
