"""Room: services.ringing. Commit, then ring: wakes a worker after the transaction. A ring that is lost loses nothing."""

import logging

from nas_asr.core.errors import QueueUnavailable
from nas_asr.services.base import House
from nas_asr.store.models import Run

log = logging.getLogger(__name__)


def ring(house: House, run: Run) -> None:
    """Ring for a run that was committed as queued and waits for nothing; sweep rings again where Redis is away."""
    if run.waiting_for is not None:
        return
    try:
        house.queue.ring(run.id, run.duration_ms)
    except QueueUnavailable:
        log.warning("run.not_rung", extra={"run": run.id})
