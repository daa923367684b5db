"""Room: logs. Log lines are events with ids: `recording.queued recording=… team=…`. Never transcript text, hotwords, tokens."""

import logging
import re
import sys
from typing import TextIO

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# Widgets take a token in the address, and a server that reports a broken request writes the address down.
# Addresses of databases and of Redis hold a password, and may stand in what a driver says.
_SECRET = re.compile(r"(?<=[?&]token=)[^&\s\"']+|\bnas[irp]_[\w-]{8,}|(?<=://)[^\s/@:]*:[^\s@]+(?=@)")

# Addresses and names of files hold what anybody likes: a line break would let them write lines of their own
_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class EventFormatter(logging.Formatter):
    """Time, level, event, and whatever was given as `extra`, as key=value; tokens are blotted out."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever anybody had written into it; a traceback follows where there is one."""
        return _SECRET.sub("…", self._written(record))

    def _written(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
        fields = "".join(f" {key}={value}" for key, value in extra.items())
        line = (
            f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')} {record.levelname.lower():7} {record.getMessage()}{fields}"
        )
        line = _UNPRINTED.sub(lambda found: found[0].encode("unicode_escape").decode(), line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all events to standard error (or the stream); other people's packages only speak up when something is wrong."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("nas_asr").setLevel(level)
    logging.captureWarnings(True)
