"""Room: core.doorbell. What whoever rings and whoever answers must share: queue, job, limits. Pure; knows no Redis."""

from nas_asr.core.transcript import Milliseconds

QUEUE = "transcribe"
FUNCTION = "nas_asr.worker.job.transcribe"  # its only argument is the run's id

_PREFIX = "transcribe-"


def job_id(run_id: str, again: str = "") -> str:
    """The job of a run in Redis. `again` tells a second ring from a first one that was spent on another run."""
    return f"{_PREFIX}{run_id}-{again}" if again else _PREFIX + run_id


def run_of(job: str) -> str:
    """The run that a job was rung for; the job may have served another one."""
    return job.removeprefix(_PREFIX).partition("-")[0]


def limit_seconds(duration_ms: Milliseconds) -> int:
    """How long one run may take: a minute and four times the audio's length, and never under ten minutes."""
    return max(600, 60 + 4 * duration_ms // 1000)
