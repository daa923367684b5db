"""Room: web.pages.person. Who is at the page: always a session. A token opens the API, never a page."""

from typing import Any

from flask import current_app, g, request, url_for
from flask_login import current_user

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotSignedIn
from nas_asr.services import pause, summary
from nas_asr.services.engines import Outlook, outlook
from nas_asr.services.pause import Pause
from nas_asr.services.sessions import SignedIn
from nas_asr.web.security import here
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring


def signed_in() -> SignedIn:
    """The person of this session, with roles as they are now; NotSignedIn where there is none.

    A read token must not reach the form that makes write tokens, so that tokens are not looked at here at all.
    """
    if not current_user.is_authenticated:
        raise NotSignedIn("Please sign in.")
    person = current_user.signed_in
    assert isinstance(person, SignedIn)
    return person


def viewer() -> Viewer:
    """The same as services want it."""
    return signed_in().viewer


def for_templates() -> dict[str, Any]:
    """`me` (None for strangers) and `stage_two`: what the frame of every page shows."""
    me = current_user.signed_in if current_user.is_authenticated else None
    return {"me": me, "stage_two": wiring().stage_two() if me else None, "here": here()}


def engine_outlook() -> Outlook:
    """Which engines there are, asked once for each page that says something about them."""
    if "outlook" not in g:
        g.outlook = outlook(house())
    found = g.outlook
    assert isinstance(found, Outlook)
    return found


def missing_worker() -> str:
    """What to say where recordings of the viewer's teams wait and nobody works; empty otherwise."""
    return summary.missing_worker(house(), viewer())


def paused() -> Pause | None:
    """The pause that holds, for everybody whose recordings wait."""
    return pause.paused(house())


def models_page() -> str:
    """Where an admin gets a model; empty where this version has no such page."""
    return url_for("models.show") if "models.show" in current_app.view_functions else ""


def wants_part(name: str) -> bool:
    """Whether htmx asks for this part of the page only, to put it in the place of the old one."""
    headers = request.headers
    return headers.get("HX-Target") == name and "HX-History-Restore-Request" not in headers
