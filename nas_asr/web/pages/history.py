"""Room: web.pages.history. Who changed a transcript and when, an older version once more, one more run, edits carried over."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import ENGINES
from nas_asr.core.transcript import Origin, VersionKind
from nas_asr.services import recordings
from nas_asr.services.again import Wish
from nas_asr.services.carry_over import carry_edits, not_carried
from nas_asr.services.hotwords import read_hotwords
from nas_asr.services.sittings import sittings_of
from nas_asr.services.transcripts import VersionView, list_versions
from nas_asr.services.versions import restore_version
from nas_asr.web.pages.numbers import number
from nas_asr.web.pages.person import viewer
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("history", __name__, url_prefix="/recordings/<recording_id>/history")
_UNDONE_BY_ITS_BASE = (Origin.EDIT, Origin.HOTWORD)


@bp.get("")
def show(recording_id: str) -> ResponseReturnValue:
    """Sittings, newest first; `version` is one whose edits could not all be carried over, else the one that readers see."""
    me = viewer()
    view = recordings.one_recording(house(), me, recording_id)
    versions = list_versions(house(), me, recording_id)
    shown = next((one for one in versions if one.number == view.version), None)
    carried = request.args.get("version", view.version, type=number)
    return render_template(
        "history/history.html", recording=view, sittings=sittings_of(versions), shown=shown,
        undo=shown.base if shown and shown.origin in _UNDONE_BY_ITS_BASE else 0,
        left=not_carried(house(), me, recording_id, carried) if carried else (),
        newer=newer_by_machine(view.version, versions), hotwords=read_hotwords(house(), me, view.team).number,
        engines=ENGINES, spoken=LANGUAGES,
    )  # fmt: skip


@bp.post("/restore")
def restore(recording_id: str) -> ResponseReturnValue:
    """An older version is what readers see again."""
    restore_version(house(), viewer(), recording_id, request.form.get("version", 0, type=number))
    flash(_("Everybody sees that version now. The one before it is in the history."))
    return redirect(safe_next(request.form.get("next")) or url_for("history.show", recording_id=recording_id))


@bp.post("/carry")
def carry(recording_id: str) -> ResponseReturnValue:
    """The edits that readers see, on the machine's newest version."""
    view = carry_edits(house(), viewer(), recording_id, request.form.get("onto", 0, type=number) or None)
    flash(ngettext("%(num)s edit was carried over.", "%(num)s edits were carried over.", view.places))
    page = "history.show" if view.left else "recording.show"
    return redirect(url_for(page, recording_id=recording_id))


@bp.post("/again")
def again(recording_id: str) -> ResponseReturnValue:
    """One more run, with what was chosen."""
    form = request.form
    wish = Wish(form.get("engine", ""), form.get("language", ""), form.get("hotwords_version", None, type=number))
    recordings.retry(house(), viewer(), recording_id, wish)
    flash(_("It is in the queue again."))
    return redirect(url_for("recording.show", recording_id=recording_id))


def newer_by_machine(shown: int, versions: list[VersionView]) -> VersionView | None:
    """The machine's newest version, where readers see what a person made of an older one."""
    seen = next((one for one in versions if one.number == shown), None)
    newest = next((one for one in versions if one.kind == VersionKind.MACHINE), None)
    if seen is None or newest is None or seen.kind == VersionKind.MACHINE:
        return None
    return newest if newest.number > _machine_under(seen, versions) else None


def _machine_under(version: VersionView, versions: list[VersionView]) -> int:
    known = {one.number: one for one in versions}
    while version.kind != VersionKind.MACHINE and version.base in known:
        version = known[version.base]
    return version.number
