"""Room: core.findings. What the doctor found: a subject, how it stands, and the remedy. Looks at nothing itself."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended; a note is worth reading but nothing is broken."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    message: str
    remedy: str = ""
