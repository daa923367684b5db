"""Room: web.pages.login. Sign in, sign out, and the language switch of every page's foot. Throttled, no roles."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nas_asr.core.errors import NotSignedIn
from nas_asr.services.accounts import anybody, set_wishes, sign_in
from nas_asr.services.login_tries import TooManyTries
from nas_asr.services.sessions import sign_out
from nas_asr.web.browsers import arrival
from nas_asr.web.errors import status_of
from nas_asr.web.locale import COOKIE, SUPPORTED
from nas_asr.web.security import begin_session, forget_session, limiter, safe_next
from nas_asr.web.viewer import house

bp = Blueprint("login", __name__)


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The form; who is signed in already goes on."""
    if not anybody(house()):
        return redirect(url_for("setup.form"))
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")) or url_for("library.index"))
    return render_template("login/login.html", next=safe_next(request.args.get("next")), name="", problem=None)


@bp.post("/login")
@limiter.limit("30 per minute")
def enter() -> ResponseReturnValue:
    """Name and password; the same words for an unknown name and a wrong password."""
    name, target = request.form.get("name", ""), safe_next(request.form.get("next"))
    came = arrival()
    try:
        person = sign_in(house(), name, request.form.get("password", ""), came.address, came.browser)
    except NotSignedIn as problem:
        page = render_template("login/login.html", next=target, name=name, problem=problem)
        headers = {"Retry-After": str(problem.wait_s)} if isinstance(problem, TooManyTries) else {}
        return page, status_of(problem), headers
    begin_session(person)
    return redirect(target or url_for("library.index"))


@bp.post("/logout")
def leave() -> ResponseReturnValue:
    """The end of this session, and of every copy of its cookie."""
    if current_user.is_authenticated:
        sign_out(house(), current_user.signed_in, request.remote_addr or "")
    forget_session()
    return redirect(url_for("login.form"))


@bp.post("/language")
def language() -> ResponseReturnValue:
    """The language of the pages: kept with the person who is signed in, and in a cookie for the next stranger here."""
    choice = request.form.get("language", "")
    answer = redirect(safe_next(request.form.get("next")) or url_for("library.index"))
    if choice in SUPPORTED:
        if current_user.is_authenticated:
            me = current_user.signed_in
            set_wishes(house(), me.viewer, choice, me.theme)
        answer.set_cookie(COOKIE, choice, max_age=365 * 86400, samesite="Lax", httponly=True, secure=request.is_secure)
    return answer
