"""Room: web.pages.difference. What changed from one version of a transcript to another. Only shows."""

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nas_asr.services.difference import read_difference
from nas_asr.services.sittings import sittings_of
from nas_asr.services.transcripts import VersionView, list_versions
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("difference", __name__, url_prefix="/recordings/<recording_id>/difference")


@bp.get("")
def show(recording_id: str) -> ResponseReturnValue:
    """`from` and `to` are numbers of versions; without them the newest and the one before."""
    me = viewer()
    old, new = (request.args.get(name, type=int) for name in ("from", "to"))
    view = read_difference(house(), me, recording_id, old, new)
    stretches = [
        (changed, list(passages)) for changed, passages in groupby(view.passages, lambda passage: passage.changed)
    ]
    return render_template(
        "difference/difference.html", view=view, stretches=stretches,
        versions=_offered(list_versions(house(), me, recording_id), {view.old.number, view.new.number}),
    )  # fmt: skip


def _offered(versions: Sequence[VersionView], chosen: set[int]) -> list[VersionView]:
    """What each sitting came to: somebody who types makes a version every two seconds. And what is on the page."""
    ends = {one.last.number for one in sittings_of(versions)} | chosen
    return [one for one in versions if one.number in ends]
