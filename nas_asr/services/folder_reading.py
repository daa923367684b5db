"""Room: services.folder_reading. How a folder's recordings are written down: who writes figures, whether channels are people.

Holds for what is transcribed from now on, also again; texts that are there stay as they are.
"""

from nas_asr.core.access import Viewer
from nas_asr.services.base import Act, House, audit
from nas_asr.services.folders import check_itn, folder_to_change


def set_reading(
    house: House, viewer: Viewer | None, folder_id: str, *, itn: str | None = None, apart: bool | None = None
) -> None:
    """Change what is given; viewer None is the command line. Raises Invalid, NotVisible, NotPermitted."""
    mode = None if itn is None else check_itn(itn)
    with house.db.write() as session:
        folder = folder_to_change(session, viewer, folder_id)
        if mode is not None:
            folder.itn = mode
        if apart is not None:
            folder.apart = apart
        detail = {"itn": folder.itn, "apart": "yes" if folder.apart else "no"}
        audit(session, house, viewer, Act("folder.reading_set", folder.name, folder.team_id, detail=detail))
