"""Room: watcher.edge. The one place where the watcher survives what nobody thought of. Decides nothing else."""

import logging
from collections.abc import Callable
from typing import TypeVar

from nas_asr.core.errors import NasAsrError
from nas_asr.store.database import DatabaseTrouble, is_passing

log = logging.getLogger(__name__)

T = TypeVar("T")


def survive(step: Callable[[], T], **about: str) -> T | None:
    """Do one step; where it fails, keep the evidence and return None: the next look tries again."""
    try:
        return step()
    except NasAsrError as error:
        log.warning("watcher.hindered", extra={"code": error.code, **about})
    except DatabaseTrouble as error:
        if not is_passing(error):
            log.exception("watcher.stumbled", extra=about)
        else:
            log.warning("watcher.database_away", extra={"error": type(error).__name__, **about})
    except Exception:  # edge 2 of 3: one file's or one folder's trouble must not end the watch over all others
        log.exception("watcher.stumbled", extra=about)
    return None
