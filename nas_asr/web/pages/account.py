"""Room: web.pages.account. One's own password, language, theme and tokens. Nobody else's."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from nas_asr.core.access import TokenScope
from nas_asr.core.errors import Invalid, NasAsrError, NotVisible
from nas_asr.services.accounts import change_own_password, session_of, set_wishes
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
    """Language and theme of the pages."""
    language = request.form.get("language", "")
    chosen = language if language in SUPPORTED else ""
    set_wishes(house(), viewer(), chosen, request.form.get("theme", ""))
    if chosen:
        with force_locale(chosen):
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
        change_own_password(house(), me.viewer, request.form.get("old_password", ""), new)
    except Invalid as problem:
        return _page(problem=problem), status_of(problem)
    fresh = session_of(house(), me.viewer.user_id, me.session_version + 1)
    if fresh is not None:
        begin_session(fresh)
    flash(_("The password is changed. Other browsers have to sign in again."))
    return redirect(url_for("account.show"))


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


def _page(problem: NasAsrError | None = None, secret: str = "") -> str:
    me = viewer()
    return render_template(
        "account/account.html", tokens=list_tokens(house(), me), scopes=list(TokenScope), teams=my_teams(me),
        problem=problem, secret=secret,
    )  # fmt: skip
