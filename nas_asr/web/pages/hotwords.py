"""Room: web.pages.hotwords. A team's hotword list: read by its members, kept by its managers, with its history."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.errors import Conflict, Invalid, NasAsrError, Unexpected
from nas_asr.core.hotwords import LONGEST_WORD, MOST_WORDS, clean_text
from nas_asr.services.hotword_reach import list_reach
from nas_asr.services.hotwords import HotwordsView, list_changes, read_hotwords, set_hotwords
from nas_asr.services.reruns import AT_ONCE, MOST_DAYS, rerun_chosen, rerun_team
from nas_asr.web.errors import status_of
from nas_asr.web.pages.numbers import number
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("hotwords", __name__, url_prefix="/teams/<slug>/hotwords")


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """The list that applies; `version` puts an older one into the form, to look at or to save again."""
    view = read_hotwords(house(), viewer(), slug)
    asked = request.args.get("version", type=number)
    text = read_hotwords(house(), viewer(), slug, asked).text if asked else view.text
    return _page(view, text, older=asked if asked != view.number else None)


@bp.post("")
def save(slug: str) -> ResponseReturnValue:
    """A new version; what was refused is explained line by line."""
    me, text = viewer(), request.form.get("words", "")
    cleaned = clean_text(text)
    try:
        view = set_hotwords(house(), me, slug, cleaned, request.form.get("version", -1, type=number))
    except Conflict as problem:  # what was written stays in the form
        return _page(read_hotwords(house(), me, slug), text, problem=problem), 409
    if view.refused:
        return _page(view, view.text)
    flash(_("Version %(n)s of the list is saved. New recordings use it.", n=view.number))
    return redirect(url_for("hotwords.show", slug=slug))


@bp.post("/reach")
def reach(slug: str) -> ResponseReturnValue:
    """Which recordings the words of the form would change; nothing is saved."""
    me, text = viewer(), request.form.get("words", "")
    view = read_hotwords(house(), me, slug)
    cleaned = clean_text(text)
    try:
        found = list_reach(house(), me, slug, cleaned, wiring().listen)
    except (Invalid, Conflict, Unexpected) as problem:
        return _page(view, text, problem=problem), status_of(problem)
    saved = [word.line for word in cleaned.words] == list(view.words)
    return render_template("hotwords/reach.html", list=view, text=text, found=found, saved=saved)


@bp.post("/rerun/chosen")
def rerun_these(slug: str) -> ResponseReturnValue:
    """Those that were ticked, with the newest list."""
    found = rerun_chosen(house(), viewer(), slug, request.form.getlist("id")[:AT_ONCE])
    flash(ngettext("%(num)s recording is in the queue again.", "%(num)s recordings are in the queue again.", found.queued))
    return redirect(url_for("hotwords.show", slug=slug))


@bp.post("/rerun")
def rerun(slug: str) -> ResponseReturnValue:
    """The team's last days once more, with the newest list."""
    days = request.form.get("days", 0, type=number)
    found = rerun_team(house(), viewer(), slug, days)
    if not found.queued:
        flash(
            _(
                "There is nothing to run again: what was recorded in the last %(n)s days has this list or is under way.",
                n=days,
            )
        )
        return redirect(url_for("hotwords.show", slug=slug))
    said = ngettext(
        "%(num)s recording is in the queue again.", "%(num)s recordings are in the queue again.", found.queued
    )
    if found.left:
        said += " " + _("%(n)s more are left for the next time.", n=found.left)
    flash(said)
    return redirect(url_for("hotwords.show", slug=slug))


def _page(
    view: HotwordsView, text: str, problem: NasAsrError | None = None, older: int | None = None
) -> str:  # fmt: skip
    return render_template(
        "hotwords/hotwords.html", list=view, text=text, problem=problem, older=older, most_words=MOST_WORDS,
        longest=LONGEST_WORD, most_days=MOST_DAYS, changes=list_changes(house(), viewer(), view.team),
    )  # fmt: skip
