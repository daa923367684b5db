"""Room: services.folder_marker. The file that tells the right share from an empty place; without it the folder is offline.

An admin names a file that is there; nas_asr writes none. The ledger ignores it.
"""

import os
import stat

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NotPermitted
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import Act, House, audit
from nas_asr.services.folders import folder_to_change
from nas_asr.services.sightings import MARKER, Rule, newest_lines, settle_line
from nas_asr.store.models import Folder

_WAS = Rule("was_marker", "It was the folder's marker file before.")
_LONGEST = 120


def set_marker(house: House, viewer: Viewer | None, folder_id: str, name: str) -> None:
    """Name the marker file of a folder, or none with an empty name; viewer None is the command line.

    Raises Invalid where no such file is there, NotVisible, NotPermitted: admins only, for it reveals what lies on a disk.
    """
    name = name.strip()
    with house.db.read() as session:
        path = _folder(session, viewer, folder_id).path
    if name:
        _check(name)
        _find(path, name)  # outside of any transaction: a share may take its time
    with house.db.write() as session:
        folder = _folder(session, viewer, folder_id)
        before, folder.marker = folder.marker, name
        _settle(session, folder.id, before, _WAS)
        _settle(session, folder.id, name, MARKER)
        audit(session, house, viewer, Act("folder.marker_set", folder.name, folder.team_id, detail={"marker": name}))


def _folder(session: Session, viewer: Viewer | None, folder_id: str) -> Folder:
    folder = folder_to_change(session, viewer, folder_id)
    if viewer is not None and not viewer.runs_the_house:
        raise NotPermitted("Only an admin may name a folder's marker file.", "Ask an admin.")
    return folder


def _check(name: str) -> None:
    if "/" in name or "\0" in name or name in (".", "..") or not name.isprintable() or len(name) > _LONGEST:
        raise Invalid(
            "A marker is the name of one file, without a slash.",
            "Such as: .nas_asr-root. It lies directly in the folder.", field="marker",
        )  # fmt: skip


def _find(path: str, name: str) -> None:
    try:
        found = os.lstat(f"{path}/{name}")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Invalid(
            f"There is no file “{name}” in the folder.",
            "Make it there first, on the share itself; nas_asr writes nothing into it.", field="marker",
        ) from error  # fmt: skip
    except (OSError, UnicodeEncodeError) as error:
        raise Invalid(
            f"Whether there is a file “{name}” in the folder cannot be seen now.",
            "Set the marker when the share is there and may be read.", field="marker",
        ) from error  # fmt: skip
    if not stat.S_ISREG(found.st_mode):
        raise Invalid(f"“{name}” is no regular file.", "Name a file, not a folder or a link.", field="marker")


def _settle(session: Session, folder_id: str, name: str, rule: Rule) -> None:
    """The line of a marker file says so at once; a recording that somebody chose as marker stays one."""
    raw = os.fsencode(name)
    line = newest_lines(session, folder_id, [raw]).get(raw) if name else None
    if line is not None and line.recording_id is None:
        settle_line(line, LedgerState.IGNORED, rule.code, rule.sentence)
