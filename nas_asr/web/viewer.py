"""Room: web.viewer. Who is asking: a session cookie (Flask-Login) or a token in a header. Roles are read at each request."""

from collections.abc import Callable

from flask import current_app, g, request
from flask_login import UserMixin, current_user

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NotSignedIn
from nas_asr.services.base import House
from nas_asr.services.sessions import SignedIn, session_of, visit
from nas_asr.services.tokens import viewer_of_token


class SessionUser(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login keeps of a person: what is in the cookie is a random secret, worth nothing without its row."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.signed_in = signed_in

    def get_id(self) -> str:
        """The word in the cookie."""
        return self.signed_in.secret


def house() -> House:
    """The rooms below, as create_app was given them."""
    found = current_app.extensions["nas_asr_house"]
    assert isinstance(found, House)
    return found


def load_session(cookie: str) -> SessionUser | None:
    """Flask-Login's user loader."""
    signed_in = visit(house(), cookie)
    return SessionUser(signed_in) if signed_in else None


def bearer_token() -> str | None:
    """The token of this request, from a header; one in the query string is refused, because it lands in logs.

    web.widgets reads its own: a dashboard may be unable to send headers, and its tokens show totals only.
    """
    if "token" in request.args and request.blueprint != "widgets":
        raise Invalid("A token in the address is refused.", "Send it as Authorization: Bearer … or X-API-Key.")
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    return request.headers.get("X-API-Key") or None


def current_viewer() -> Viewer:
    """Who is asking; NotSignedIn where nobody is, or where the token is unknown or over."""
    if "viewer" not in g:
        g.viewer = _find_viewer()
    viewer = g.viewer
    assert isinstance(viewer, Viewer)
    return viewer


def by_token() -> bool:
    """Whether this request carries a token (then there is no cookie to forge, and CSRF does not apply)."""
    return bearer_token() is not None


def ask_again() -> Callable[[], Viewer | None]:
    """Asks who this is once more, later and outside of the request: None where the session or the token is over by then."""
    rooms, token = house(), bearer_token()
    if token is not None:
        return lambda: viewer_of_token(rooms, token)
    secret = current_user.signed_in.secret

    def by_session() -> Viewer | None:
        person = session_of(rooms, secret)
        return person.viewer if person else None

    return by_session


def _find_viewer() -> Viewer:
    token = bearer_token()
    if token is not None:
        viewer = viewer_of_token(house(), token)
        if viewer is None:
            raise NotSignedIn("This token is unknown, over or revoked.", "Make a new one under Account.")
        return viewer
    if current_user.is_authenticated:
        signed_in = current_user.signed_in
        assert isinstance(signed_in, SignedIn)
        return signed_in.viewer
    raise NotSignedIn("Please sign in.", "Sign in, or send a token.")
