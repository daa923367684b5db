"""Room: web.pages.recording. One recording: its transcript with the player, or why there is none yet. No typing here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.access import Viewer
from nas_asr.core.flags import SENTENCES
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.search_text import highlights, parse_query
from nas_asr.core.transcript import Origin, Segment, VersionKind
from nas_asr.export import FORMATS
from nas_asr.services import parts, recordings
from nas_asr.services.hotwords import read_hotwords
from nas_asr.services.presence import files_of
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.sittings import sittings_of
from nas_asr.services.transcripts import TranscriptView, VersionView, list_versions, read_transcript
from nas_asr.web.pages.history import newer_by_machine
from nas_asr.web.pages.numbers import number
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("recording", __name__, url_prefix="/recordings/<recording_id>")


@dataclass(frozen=True, slots=True)
class Line:
    """A segment as the page shows it: both texts, each with the places of the words that were looked for."""

    segment: Segment
    written_marks: Sequence[tuple[int, int]]
    spoken_marks: Sequence[tuple[int, int]]

    @property
    def found(self) -> bool:
        """Whether a word that was looked for stands here."""
        return bool(self.written_marks or self.spoken_marks)

    @property
    def doubts(self) -> list[str]:
        """A sentence for each flag that is known."""
        return [SENTENCES[flag] for flag in self.segment.flags if flag in SENTENCES]


@bp.get("")
def show(recording_id: str) -> ResponseReturnValue:
    """The page; `t` opens at that second, `q` marks words, `text=spoken` shows what was said before ITN."""
    me = viewer()
    view = recordings.one_recording(house(), me, recording_id)
    versions = list_versions(house(), me, recording_id)
    now = _seen(view.version, versions)
    if wants_part("state"):
        seen = now if _is_ones_own(view.version, versions, me) else request.args.get("seen", "0")
        if seen == "0" != now:
            return Response(status=204, headers={"HX-Refresh": "true"})
        return render_template(
            "recording/state.html", recording=view, versions=versions, seen=seen, now=now, spoken=LANGUAGES
        )
    asked = request.args.get("version", type=number)
    transcript = read_transcript(house(), me, recording_id, asked) if view.version else None
    query = request.args.get("q", "").strip()
    lines = _lines(transcript, query)
    machine = [one for one in versions if one.kind == VersionKind.MACHINE]
    return render_template(
        "recording/recording.html", recording=view, seen=now, now=now, transcript=transcript, query=query,
        lines=lines, start=_second(request.args.get("t", "")), formats=FORMATS.values(),
        versions=versions, hotwords=read_hotwords(house(), me, view.team).number,
        last_list=machine[0].hotwords_version if machine else 0,
        older=_older(transcript, versions), newer=newer_by_machine(view.version, versions),
        offer=parts.offer_of(house(), me, recording_id),
        following=parts.following(house(), me, recording_id),
        whole=recordings.one_recording(house(), me, view.whole_id) if view.whole_id else None,
        file=files_of(house(), me, [recording_id]).get(recording_id),
        same=Counter((made.hotword, made.undone) for line in lines for made in line.segment.replacements),
        two_texts=any(line.segment.spoken != line.segment.text for line in lines),
        text="spoken" if request.args.get("text") == "spoken" else "written", spoken=LANGUAGES,
    )  # fmt: skip


@bp.post("/replacements")
def turn(recording_id: str) -> ResponseReturnValue:
    """What a hotword replaced is put back, or replaced again."""
    form = request.form
    order = Turn(
        form.get("segment", ""),
        form.get("index", -1, type=number),
        form.get("version", 0, type=number),
        bool(form.get("everywhere")),
    )
    turn_replacement(house(), viewer(), recording_id, order)
    return redirect(url_for("recording.show", recording_id=recording_id, _anchor=f"s-{order.segment}"))


@bp.post("/retry")
def retry(recording_id: str) -> ResponseReturnValue:
    """A new run."""
    recordings.retry(house(), viewer(), recording_id)
    flash(_("It is in the queue again."))
    return _back(recording_id)


@bp.post("/language")
def language(recording_id: str) -> ResponseReturnValue:
    """A person says what is spoken; a run that waited for that goes on."""
    recordings.declare_language(house(), viewer(), recording_id, request.form.get("language", ""))
    return _back(recording_id)


@bp.post("/title")
def title(recording_id: str) -> ResponseReturnValue:
    """Another title."""
    recordings.rename(house(), viewer(), recording_id, request.form.get("title", ""))
    return _back(recording_id)


@bp.post("/stop")
def stop(recording_id: str) -> ResponseReturnValue:
    """Stop the run under way."""
    recordings.stop(house(), viewer(), recording_id)
    return _back(recording_id)


@bp.post("/trash")
def trash(recording_id: str) -> ResponseReturnValue:
    """To the trash; the file on the share stays."""
    recordings.trash(house(), viewer(), recording_id)
    flash(_("The recording is in the trash. The file in the folder was not touched."))
    return redirect(url_for("library.index"))


def _back(recording_id: str) -> ResponseReturnValue:
    return redirect(safe_next(request.form.get("next")) or url_for("recording.show", recording_id=recording_id))


def _is_ones_own(shown: int, versions: Sequence[VersionView], me: Viewer) -> bool:
    """Whether what is new is what this person typed just now: nobody wants to hear of that, or have the page load anew."""
    newest = versions[0] if versions else None
    return newest is not None and (newest.number, newest.origin, newest.author_id) == (shown, Origin.EDIT, me.user_id)


def _seen(shown: int, versions: Sequence[VersionView]) -> str:
    """A word that changes when readers see another version, or when there is a new one; 0 while there is none."""
    return f"{shown}-{versions[0].number}" if shown else "0"


def _older(view: TranscriptView | None, versions: Sequence[VersionView]) -> int:
    """The version before the sitting of the one on the page; 0 where there is nothing to compare with."""
    number = view.version.number if view else 0
    sittings = sittings_of(versions)
    here = next((place for place, one in enumerate(sittings) if one.holds(number)), len(sittings))
    if here < len(sittings) and sittings[here].edits_its_base:
        return sittings[here].first.base
    return sittings[here + 1].last.number if here + 1 < len(sittings) else 0


def _lines(view: TranscriptView | None, query: str) -> list[Line]:
    if view is None:
        return []
    phrases = parse_query(query)
    return [
        Line(s, highlights(s.text, phrases), highlights(s.spoken, phrases) if s.spoken != s.text else ())
        for s in view.transcript.segments
    ]


def _second(text: str) -> float:
    """A `t` of 12, 12.5 or 1:02:03 in seconds; 0 for anything else, because addresses are typed by hand."""
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        return 0.0
    seconds = 0.0
    for part in numbers[:3]:
        seconds = seconds * 60 + part
    return seconds if 0 <= seconds < 1e7 else 0.0
