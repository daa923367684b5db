"""Room: web.pages.setup. The first page of a new house. Gone as soon as somebody lives here."""

import ipaddress
import re
import secrets
import unicodedata

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotPermitted, NotVisible
from nas_asr.core.languages import LANGUAGES
from nas_asr.services.accounts import anybody
from nas_asr.services.folders import default_folder
from nas_asr.services.setup import SetupOrder, set_up
from nas_asr.web.browsers import arrival
from nas_asr.web.errors import status_of
from nas_asr.web.locale import spoken_language
from nas_asr.web.security import begin_session, limiter
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("setup", __name__)


@bp.get("/setup")
def form() -> ResponseReturnValue:
    """What the first person here is asked."""
    _only_before_anybody()
    return _page({"code": request.args.get("code", ""), "language": spoken_language()}, None)


@bp.post("/setup")
@limiter.limit("30 per minute")
def save() -> ResponseReturnValue:
    """Admin, team and folder in one go; then the library, signed in."""
    _only_before_anybody()
    given = {name: request.form.get(name, "").strip() for name in ("admin", "team_name", "language", "folder", "code")}
    password = request.form.get("password", "")
    try:
        _check(given["code"], password)
        slug = slug_of(given["team_name"])
        order = SetupOrder(given["admin"], password, slug, given["team_name"], given["language"], given["folder"])
        person = set_up(house(), order, arrival())
    except (Invalid, Conflict, NotPermitted) as problem:
        return _page(given, problem), status_of(problem)
    begin_session(person)
    flash(_("Everything is set up. Copy a recording into the folder below."))
    return redirect(url_for("library.index"))


def slug_of(name: str) -> str:
    """A team's short name made of its name; `team` where nothing of it can stand in an address (Chinese names)."""
    letters = "".join(char for char in unicodedata.normalize("NFKD", name[:200]) if not unicodedata.combining(char))
    slug = re.sub(r"[^a-z0-9]+", "-", letters.casefold()).strip("-")[:64].strip("-")
    return slug or "team"


def _page(given: dict[str, str], problem: NasAsrError | None) -> str:
    return render_template(
        "setup/setup.html", given=given, problem=problem, spoken=LANGUAGES, asks_code=_asks_code(),
        folder_example=default_folder(house(), slug_of(given.get("team_name", ""))),
    )  # fmt: skip


def _only_before_anybody() -> None:
    if anybody(house()):
        raise NotVisible("nas_asr is already set up.", "Sign in.")


def _check(code: str, password: str) -> None:
    if _asks_code() and not secrets.compare_digest(code.encode(), wiring().setup_token.encode()):
        raise NotPermitted("This code is not the one that nas_asr printed when it started.", "Look at its output.")
    if password != request.form.get("password_again", ""):
        raise Invalid("The two passwords are not the same.", field="password_again")


def _asks_code() -> bool:
    """From another machine, whoever comes first could take the house: they show that they read its output."""
    if not wiring().setup_token:
        return False
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return True  # a proxy on this machine makes the whole world look near
    try:
        near = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        near = False
    return not near
