"""Room: logs. Log lines are events with ids: `recording.queued recording=… team=…`. Never transcript text, hotwords, tokens."""

import logging
import re
import sys
from typing import TextIO

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# Widgets take a token in the address, and a server that reports a broken request writes the address down.
# Addresses of databases and of Redis hold a password, and may stand in what a driver says.
_SECRET = re.compile(r"(?<=[?&]token=)[^&\s\"']+|\bnas[irp]_[\w-]{8,}|(?<=://)[^\s/@:]*:[^\s@]+(?=@)")


class EventFormatter(logging.Formatter):
    """Time, level, event, and whatever was given as `extra`, as key=value; tokens are blotted out."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows where there is one."""
        return _SECRET.sub("…", self._written(record))

    def _written(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
        fields = "".join(f" {key}={value}" for key, value in extra.items())
        line = (
            f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')} {record.levelname.lower():7} {record.getMessage()}{fields}"
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all events to standard error (or the stream); other people's packages only speak up when something is wrong."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("nas_asr").setLevel(level)
    logging.captureWarnings(True)
