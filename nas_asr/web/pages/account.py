"""Room: web.pages.account. One's own profile, password, sessions, wishes and tokens. Nobody else's."""

from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from nas_asr.core.access import TokenScope
from nas_asr.core.errors import Invalid, NasAsrError, NotVisible
from nas_asr.services.accounts import Wishes, change_own_password, read_wishes, save_wishes
from nas_asr.services.login_tries import TooManyTries
from nas_asr.services.sessions import IDLE, LONGEST, end_others, end_session, list_sessions
from nas_asr.services.tokens import NewToken, create_token, list_tokens, revoke_token
from nas_asr.web.errors import status_of
from nas_asr.web.locale import SUPPORTED
from nas_asr.web.pages.library import my_teams
from nas_asr.web.pages.person import signed_in, viewer
from nas_asr.web.security import begin_session, limiter
from nas_asr.web.viewer import house

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    return _page()


@bp.post("/wishes")
def wishes() -> ResponseReturnValue:
    """Language, theme and time zone of the pages, and the e-mail address; what the form does not ask stays."""
    me, form = viewer(), request.form
    had = read_wishes(house(), me)
    language = form.get("language", had.language)
    wished = Wishes(
        language if language in SUPPORTED else "", form.get("theme", had.theme), form.get("zone", had.zone).strip(),
        form.get("email", had.email),
    )  # fmt: skip
    try:
        save_wishes(house(), me, wished)
    except Invalid as problem:
        return _page(problem=problem, given=wished), status_of(problem)
    if wished.language:
        with force_locale(wished.language):
            flash(_("Saved."))
    else:
        flash(_("Saved."))
    return redirect(url_for("account.show"))


@bp.post("/password")
@limiter.limit("10 per minute")
def password() -> ResponseReturnValue:
    """A new password; ends one's sessions everywhere else."""
    me, new = signed_in(), request.form.get("password", "")
    try:
        if new != request.form.get("password_again", ""):
            raise Invalid("The two passwords are not the same.", field="password_again")
        fresh = change_own_password(house(), me, request.form.get("old_password", ""), new)
    except (Invalid, TooManyTries) as problem:
        return _page(problem=problem), status_of(problem)
    begin_session(fresh)
    flash(_("The password is changed. Other browsers have to sign in again."))
    return redirect(url_for("account.show"))


@bp.post("/sessions/<session_id>/end")
def end(session_id: str) -> ResponseReturnValue:
    """The end of one of one's sessions, at once."""
    end_session(house(), viewer(), session_id)
    flash(_("That session is ended."))
    return redirect(url_for("account.show", _anchor="sessions"))


@bp.post("/sessions/end-others")
def end_the_others() -> ResponseReturnValue:
    """The end of all sessions but this one."""
    ended = end_others(house(), signed_in())
    flash(ngettext("%(num)s other session is ended.", "%(num)s other sessions are ended.", ended))
    return redirect(url_for("account.show", _anchor="sessions"))


@bp.post("/tokens")
def add_token() -> ResponseReturnValue:
    """A new token; this answer is the only place where it can be read."""
    me = viewer()
    form = request.form
    days = form.get("days", "")
    try:
        if form.get("scope", "") not in list(TokenScope):
            raise Invalid("A token is for read, write, ingest or widget.", field="scope")
        order = NewToken(
            form.get("name", ""), TokenScope(form["scope"]), form.get("team") or None,
            int(days) if days.isdecimal() else None,
        )  # fmt: skip
        secret = create_token(house(), me, me.name, order)
    except (Invalid, NotVisible) as problem:
        return _page(problem=problem), status_of(problem)
    return _page(secret=secret), 201


@bp.post("/tokens/<token_id>/revoke")
def end_token(token_id: str) -> ResponseReturnValue:
    """The end of a token, at once."""
    revoke_token(house(), viewer(), token_id)
    flash(_("The token is revoked."))
    return redirect(url_for("account.show"))


def _page(problem: NasAsrError | None = None, secret: str = "", given: Wishes | None = None) -> str:
    me = signed_in()
    return render_template(
        "account/account.html", tokens=list_tokens(house(), me.viewer), scopes=list(TokenScope), teams=my_teams(me.viewer),
        problem=problem, secret=secret, wishes=given or read_wishes(house(), me.viewer), now=house().now(),
        sessions=list_sessions(house(), me.viewer), this=me.session_id, idle=IDLE.days, longest=LONGEST.days,
        zones=sorted(available_timezones()),
    )  # fmt: skip
