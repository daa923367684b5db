"""Room: web.widgets. What dashboards show of us: a piece of HTML, two kinds of JSON, a small page for frames. Totals, no text.

Only a token opens them, never a cookie; so every origin may read them, and a frame cannot borrow anybody's session.
"""

from collections.abc import Mapping

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.core.errors import NasAsrError, NotPermitted, NotSignedIn
from nas_asr.services.summary import RecentView, Summary, summary
from nas_asr.services.tokens import viewer_of_token
from nas_asr.web.errors import status_of
from nas_asr.web.locale import STATES, ago, lasting, said
from nas_asr.web.viewer import bearer_token, house

bp = Blueprint("widgets", __name__)
_SCOPES = (TokenScope.WIDGET, TokenScope.READ, TokenScope.WRITE)
_THEMES = ("light", "dark")
_HTML = ("widgets.glance", "widgets.embed")


def register(app: Flask) -> None:
    """Everything under /widgets and /embed."""
    app.register_blueprint(bp)


@bp.before_request
def _let_in() -> None:
    if request.method != "OPTIONS":  # a browser asks that without the token
        g.widget_viewer = _viewer()


@bp.after_request
def _headers(response: Response) -> Response:
    """The address may hold a token: nobody keeps it, and no page that is opened from here is told of it."""
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "Widget-Title, Widget-Content-Type"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Headers"] = "Authorization, X-API-Key"
        headers["Access-Control-Max-Age"] = "600"
    return response


@bp.errorhandler(NasAsrError)
def _refused(error: NasAsrError) -> ResponseReturnValue:
    """Readable wherever it is shown: Glance puts any answer on its page, whatever the status."""
    status = status_of(error)
    if request.endpoint in _HTML:
        page = "widgets/glance.html" if request.endpoint == "widgets.glance" else "widgets/embed.html"
        return _html(render_template(page, found=None, problem=error, theme=_theme()), status)
    body = {"code": error.code, "message": error.message, "remedy": error.remedy}
    told = {"style": "is-danger", "title": "nas_asr", "content": f"{said(error.message)} {said(error.remedy)}".strip()}
    return jsonify(error=body, **told), status


@bp.get("/widgets/glance")
def glance() -> ResponseReturnValue:
    """For Glance's widget `extension`: a piece of HTML in its own classes, and headers that name it."""
    found = _summary()
    return _html(render_template("widgets/glance.html", found=found, problem=None, lines=lines(found)))


@bp.get("/widgets/dashy")
def dashy() -> ResponseReturnValue:
    """For Dashy's widget `custom-list`: a list at the top level."""
    found = _summary()
    home = url_for("library.index", _external=True)
    items: list[dict[str, object]] = [
        {"link": {"text": name, "url": home, "title": name}, "value": {"text": value, "title": value}}
        for name, value in lines(found).items()
    ]
    items += [
        {
            "link": {"text": one.name, "url": _page_of(one), "title": one.name},
            "value": {"text": str(STATES[one.label]), "title": str(STATES[one.label])},
            **({"date": one.finished_at.isoformat()} if one.finished_at else {}),
        }
        for one in found.recent
    ]
    return jsonify(items)


@bp.get("/widgets/homer")
def homer() -> ResponseReturnValue:
    """For Homer's message: it renders the content as HTML, so that none but our own words stand there."""
    found = _summary()
    style = "is-warning" if found.status != "ok" or found.failed else "is-info"
    content = " · ".join(f"{name}: {value}" for name, value in lines(found).items())
    return jsonify(style=style, title="nas_asr", content=content)


@bp.get("/embed")
@bp.get("/embed/summary")
def embed() -> ResponseReturnValue:
    """A small page for a frame; each minute it brings itself up to date."""
    found = _summary()
    return _html(render_template("widgets/embed.html", found=found, problem=None, lines=lines(found), theme=_theme()))


def lines(found: Summary) -> Mapping[str, str]:
    """The totals in the viewer's words, in the order of interest."""
    rows = {
        str(_("Queued")): format_decimal(found.queued),
        str(_("Transcribing")): format_decimal(found.running),
        str(_("Done in 24 hours")): format_decimal(found.done_24h),
        str(_("Hours transcribed in 24 hours")): format_decimal(found.hours_done_24h),
        str(_("Failed")): format_decimal(found.failed),
    }
    if found.queue_eta_seconds is not None:
        rows[str(_("Queue done in about"))] = lasting(found.queue_eta_seconds * 1000)
    if found.worker and found.queued:
        rows[str(_("Worker"))] = said(found.worker)
    elif found.last_done is not None:
        rows[str(_("Last one"))] = ago(found.last_done.finished_at, house().now())
    return rows


def _summary() -> Summary:
    viewer = g.widget_viewer
    assert isinstance(viewer, Viewer)
    return summary(house(), viewer)


def _viewer() -> Viewer:
    """Whom the token stands for. In the address, only one that shows no more than totals."""
    in_header, in_address = bearer_token(), request.args.get("token", "")
    viewer = viewer_of_token(house(), token) if (token := in_header or in_address) else None
    if viewer is None:
        raise NotSignedIn(
            "This widget needs a token that is known and not over.", "Make one under Account: only read totals."
        )
    if viewer.token_scope not in _SCOPES:
        raise NotPermitted("This token may only add recordings.", "Make one under Account: only read totals.")
    if not in_header and viewer.token_scope is not TokenScope.WIDGET:
        raise NotPermitted(
            "In an address, only a token that may only read totals is taken.",
            "Make one under Account: only read totals.",
        )
    return viewer


def _html(text: str, status: int = 200) -> Response:
    answer = Response(text, status)
    answer.headers["Widget-Title"] = "nas_asr"
    answer.headers["Widget-Title-URL"] = url_for("library.index", _external=True)
    answer.headers["Widget-Content-Type"] = "html"
    return answer


def _theme() -> str:
    wanted = request.args.get("theme", "")
    return wanted if wanted in _THEMES else ""


def _page_of(one: RecentView) -> str:
    return url_for("recording.show", recording_id=one.id, _external=True)
