"""Room: services.part_views. The parts of a joined recording as pages and the API show them. Never a query, never text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nas_asr.core.playable import is_playable
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.core.transcript import Milliseconds
from nas_asr.services.wholes import Part


@dataclass(frozen=True, slots=True)
class FailureView:
    """Why a run failed, in words."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PartView:
    """A part: its place on the joined time line, how its newest run is, whether there is text of its own and browsers play it."""

    id: str
    number: int
    title: str
    path: str
    start_ms: Milliseconds
    duration_ms: Milliseconds
    state: RunState
    ready: bool
    busy: bool
    progress: float
    waiting_for: str | None
    failure: FailureView | None
    trouble: str
    next_try_at: datetime | None
    playable: bool


def part_views(parts: Sequence[Part]) -> tuple[PartView, ...]:
    """The parts of one whole in their order; a failure says which part it is of."""
    return tuple(_view(part, number, len(parts)) for number, part in enumerate(parts, 1))


def progress_of(parts: Sequence[PartView]) -> float:
    """How much of the sound is transcribed; what is done once more counts anew."""
    total = sum(part.duration_ms for part in parts)
    return sum(part.progress * part.duration_ms for part in parts) / total if total else 0.0


def _view(part: Part, number: int, count: int) -> PartView:
    row, run = part.recording, part.run
    busy = run is not None and run.state in UNDER_WAY
    again = run is not None and run.state == RunState.QUEUED
    failure = None
    if run is not None and run.state == RunState.FAILED:
        title, message = row.title, run.failure_message
        failure = FailureView(run.failure_code, f"Part {number} of {count}, “{title}”: {message}", run.failure_remedy)
    return PartView(
        id=row.id, number=number, title=row.title, path=row.path, start_ms=part.start_ms, duration_ms=row.duration_ms,
        state=row.state, ready=row.version > 0, busy=busy,
        progress=run.progress if run and busy else float(row.version > 0),
        waiting_for=run.waiting_for if run and busy else None, failure=failure,
        trouble=run.failure_message if run and again else "", next_try_at=run.not_before if run and again else None,
        playable=is_playable(row.container, row.codec, row.channels),
    )  # fmt: skip
