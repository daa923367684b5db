"""Room: web.security. Sessions, CSRF, headers, host names, proxies, body sizes, throttling. No page, no role."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Flask, Response, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NasAsrError, NotVisible
from nas_asr.services.sessions import LONGEST, SignedIn
from nas_asr.store.database import DatabaseTrouble
from nas_asr.web.viewer import SessionUser, by_token, current_viewer, load_session
from nas_asr.web.wiring import WebSetup

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MIB = 1024 * 1024
_STRANGERS_BODY = 1 * _MIB
_FORM_BODY = 16 * _MIB
TAKE_FILES = frozenset({"library.upload", "api.upload", "api.add_piece"})
_NOBODY = "'none'"
FRAMED = "widgets.embed"  # the one page that may be shown in a frame

limiter = Limiter(get_remote_address, strategy="fixed-window", headers_enabled=False)


def whose() -> str:
    """Whom a limit counts: the person, whatever sessions and tokens they use; a stranger by their address."""
    try:
        return f"person:{current_viewer().user_id}"
    except (NasAsrError, DatabaseTrouble):  # the address itself says so in its own words
        return str(get_remote_address())


# Far above what people do, and programs that wait for their answers: they stop what runs in circles.
often = limiter.limit("600 per minute", key_func=whose)
heavy = limiter.shared_limit("30 per minute", scope="zips", key_func=whose)
csrf = CSRFProtect()
login = LoginManager()
login.user_loader(load_session)


def configure(app: Flask, web: WebSetup) -> None:
    """Everything that stands between a stranger and a page."""
    app.config.update(
        SECRET_KEY=web.secret_key,
        TRUSTED_HOSTS=list(web.trusted_hosts) or None,
        MAX_CONTENT_LENGTH=web.max_upload_mb * _MIB + _MIB,
        SESSION_COOKIE_NAME="nas_asr_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LONGEST,
        SESSION_REFRESH_EACH_REQUEST=False,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        WTF_CSRF_CHECK_DEFAULT=False,  # _refuse_forged decides, because token calls have no cookie to forge
        WTF_CSRF_TIME_LIMIT=None,  # a transcript stays open for hours
        RATELIMIT_STORAGE_URI=_limiter_storage(web.redis_url),
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="nas_asr:limit:",
    )
    app.session_interface = _Sessions()
    app.before_request(_limit_body)
    app.before_request(_refuse_forged)
    app.before_request(_refuse_zero_bytes)
    csrf.init_app(app)
    login.init_app(app)
    limiter.init_app(app)
    app.after_request(_Headers(web.frame_ancestors))
    if web.trusted_proxies:
        app.wsgi_app = _BelieveProxies(app.wsgi_app, web.trusted_proxies)  # type: ignore[method-assign]


def begin_session(signed_in: SignedIn) -> None:
    """A new session for a person; nothing of the old one survives, so that nobody can plant one."""
    session.clear()
    session.permanent = True
    login_user(SessionUser(signed_in))


def forget_session() -> None:
    """This browser forgets who it was; the row of the session is ended elsewhere."""
    logout_user()
    session.clear()


def safe_next(target: str | None) -> str:
    """A path of our own to go on to, or empty: one leading slash, no host, no backslash, no control character."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return ""
    if not target.isprintable():
        return ""
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else ""


def here() -> str:
    """The path and query of this page as they were sent, below the prefix that a proxy may have put before them."""
    query = quote(request.query_string, safe="=&%+:/?@!$'()*,;~")
    return quote(request.script_root + request.path) + (f"?{query}" if query else "")


class _Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, Secure exactly where the page came over https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class _BelieveProxies:
    """X-Forwarded-* are believed from the named peers only; from anybody else they are noise."""

    def __init__(self, app: "WSGIApplication", peers: Iterable[str]) -> None:
        self._plain = app
        self._fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
        self._networks = [ipaddress.ip_network(peer, strict=False) for peer in peers]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        believed = self._is_trusted(environ.get("REMOTE_ADDR", ""))
        return (self._fixed if believed else self._plain)(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class _Headers:
    """The headers of every answer. Nothing inline runs, nothing is fetched from elsewhere, nobody may frame us.

    The small page for dashboards alone is framed by those whom the settings name: a click in a frame harms nobody there.
    """

    def __init__(self, frame_ancestors: str) -> None:
        self._ancestors = " ".join(frame_ancestors.replace(";", " ").split()) or _NOBODY
        self._policy = (
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
            "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
        )

    def __call__(self, response: Response) -> Response:
        headers = response.headers
        ancestors = self._ancestors if request.endpoint == FRAMED else _NOBODY
        headers.setdefault("Content-Security-Policy", self._policy + ancestors)
        if ancestors == _NOBODY:
            headers.setdefault("X-Frame-Options", "DENY")
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response


def _limit_body() -> None:
    """A body is read before its sender's wish is weighed: strangers send little, and much only who may hand in files, there."""
    if by_token_of_api() or request.endpoint == "static":  # nobody reads a body there, nor needs to know who asks
        return
    if not current_user.is_authenticated:
        request.max_content_length = _STRANGERS_BODY
    elif request.endpoint not in TAKE_FILES or not hands_in(current_user.signed_in.viewer):
        request.max_content_length = _FORM_BODY


def hands_in(viewer: Viewer) -> bool:
    """Whether there is any team that this viewer may hand recordings to: nobody else's gigabytes are let in."""
    return any(viewer.may_ingest(team) for team in viewer.roles)


def _refuse_forged() -> None:
    """CSRF applies wherever the cookie speaks; a call with a token in its header carries no cookie's authority."""
    if request.endpoint is None or by_token_of_api():
        return
    if request.path.startswith("/api/") and not current_user.is_authenticated:
        return  # nobody's cookie: the API says 401
    csrf.protect()


def _refuse_zero_bytes() -> None:
    """No name, title or search holds a zero byte, and PostgreSQL stores none: said here once, for all pages."""
    if request.path.startswith("/api/"):
        return  # it says so itself, and tells the field
    if any("\0" in str(value) for value in (request.view_args or {}).values()):
        raise NotVisible("There is nothing here under this address for you.")
    for given in (request.args, request.form):
        if any("\0" in name or "\0" in value for name, value in given.items(multi=True)):
            raise Invalid("What was sent holds a zero byte.", "Leave it out.")


def by_token_of_api() -> bool:
    """Whether this is a call of a program, with a token, under /api/."""
    return request.path.startswith("/api/") and by_token()


def _limiter_storage(redis_url: str) -> str:
    if not redis_url:
        return "memory://"
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
