"""Room: web.pages.choice. Which of a folder's first files are taken: the question, and the answer. Counts nothing."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_timedelta, ngettext
from flask_babel import gettext as _

from nas_asr.core.errors import Invalid
from nas_asr.services.first_look import choose, question
from nas_asr.services.folders import list_folders
from nas_asr.web.errors import status_of
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

_HOURS_UNTIL_S = 48 * 3600
bp = Blueprint("choice", __name__, url_prefix="/folders/<folder_id>/choice")


@bp.app_template_filter("spoken_hours")
def spoken_hours(milliseconds: int) -> str:
    """A length of audio in whole hours, or in minutes where it is short."""
    minutes = round(milliseconds / 60_000)
    if minutes < 100:
        return str(ngettext("%(num)s minute", "%(num)s minutes", max(minutes, 1 if milliseconds else 0)))
    hours = round(minutes / 60)
    return str(ngettext("%(n)s hour", "%(n)s hours", hours, n=format_decimal(hours)))


@bp.app_template_filter("roughly")
def roughly(seconds: int) -> str:
    """So long, as one says it: 35 hours, 6 days."""
    if seconds < _HOURS_UNTIL_S:
        return spoken_hours(seconds * 1000)
    return str(format_timedelta(timedelta(seconds=seconds), granularity="day", threshold=1.2))


@bp.get("")
def show(folder_id: str) -> ResponseReturnValue:
    """The question alone, with the number for a date of one's own."""
    try:
        return _page(folder_id, request.args.get("since", "").strip())
    except Invalid as problem:
        return _page(folder_id, problem=problem), status_of(problem)


@bp.post("")
def answer(folder_id: str) -> ResponseReturnValue:
    """Choose."""
    try:
        taken = choose(house(), viewer(), folder_id, request.form.get("since", ""))
    except Invalid as problem:
        return _page(folder_id, problem=problem), status_of(problem)
    if taken:
        flash(ngettext("%(num)s file is taken now.", "%(num)s files are taken now.", taken))
    else:
        flash(_("None of these files is taken. What comes from now on is."))
    return redirect(url_for("folders.ledger", folder_id=folder_id))


def _page(folder_id: str, picked: str = "", problem: Invalid | None = None) -> str:
    me = viewer()
    asked = question(house(), me, folder_id, picked)
    folder = next(one for one in list_folders(house(), me) if one.id == folder_id)
    part = "choice/question.html" if wants_part("question") else "choice/choice.html"
    return render_template(part, question=asked, folder=folder, picked=picked, problem=problem)
