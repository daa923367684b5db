"""Room: install.desk. Where a pull works: DATA/models held by one at a time, and its progress told. Brings no file itself."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nas_asr.core.clock import utc_now
from nas_asr.core.errors import Conflict, ModelUnavailable, NasAsrError, StorageFull
from nas_asr.core.pulls import PullState, PullStatus, read_status, write_status
from nas_asr.install.exclusive import exclusive
from nas_asr.install.fetch import Web
from nas_asr.install.hub import HubPlace


@dataclass(slots=True)
class Desk:
    """models: DATA/models. places: the hubs in order of preference. heard: told everything, for a bar on a terminal.

    free: bytes that the disk has left, None for the disk's own word.
    """

    models: Path
    places: Sequence[HubPlace] = ()
    web: Web = field(default_factory=Web)
    heard: Callable[[PullStatus], None] = lambda status: None
    now: Callable[[], datetime] = utc_now
    free: Callable[[Path], int] | None = None
    said: PullStatus = PullStatus(PullState.PULLING, "")
    said_at: datetime | None = None

    def say(self, **changes: Any) -> None:
        """Tell how far it is, now. A full disk takes no status; the pull itself will say so."""
        self.said = replace(self.said, **changes)
        self.said_at = self.now()
        with suppress(OSError):
            write_status(self.models, self.said, self.said_at)
        self.heard(self.said)

    def beat(self, done: int | None = None) -> None:
        """The same, once a second at most."""
        self.said = self.said if done is None else replace(self.said, done=done)
        if self.said_at is None or (self.now() - self.said_at).total_seconds() >= 1:
            self.say()
        else:
            self.heard(self.said)

    @contextmanager
    def alone(self, model: str, wish: int) -> Iterator[None]:
        """Hold DATA/models, and leave a last word whatever comes. Raises Conflict where another pull is under way."""
        self.models.mkdir(parents=True, exist_ok=True)
        with exclusive(self.models, self._busy):
            before = read_status(self.models, self.now())
            heard = max(wish, before.wish if before else 0)  # what the page wished is heard, whoever pulls last
            self.said = PullStatus(PullState.PULLING, model, wish=heard)
            try:
                self.say()
                yield
            except OSError as error:
                trouble = self._of_the_system(error)
                self.say(state=PullState.FAILED, message=trouble.message, remedy=trouble.remedy)
                raise trouble from error
            except NasAsrError as error:
                self.say(state=PullState.FAILED, message=error.message, remedy=error.remedy)
                raise
            except (KeyboardInterrupt, SystemExit):
                words = "The download of the model was interrupted."
                self.say(state=PullState.INTERRUPTED, message=words, remedy="Start it again: it goes on where it stopped.")
                raise

    def _busy(self) -> None:
        other = read_status(self.models, self.now())
        raise Conflict(
            f"Another download is under way here{f': {other.model}' if other else ''}.",
            "Wait for it; `nas-asr model list` and the page Admin -> Models show how far it is.",
        )

    def _of_the_system(self, error: OSError) -> NasAsrError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StorageFull(
                f"The disk of {self.models.absolute()} is full.",
                "Make room there, then start it again: what was downloaded is kept.",
            )
        return ModelUnavailable(
            f"The download met a problem of the system: {error.strerror or error}.", "Correct it, then start it again."
        )
