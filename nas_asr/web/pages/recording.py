"""Room: web.pages.recording. One recording: its transcript with the player, or why there is none yet. No typing here."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.access import Viewer
from nas_asr.core.find_text import find_places, find_terms
from nas_asr.core.flags import SENTENCES
from nas_asr.core.languages import AUTO, LANGUAGES
from nas_asr.core.transcript import Origin, Segment, VersionKind
from nas_asr.export import FORMATS
from nas_asr.services import parts, recordings
from nas_asr.services.estimates import estimates_of
from nas_asr.services.hotwords import read_hotwords
from nas_asr.services.presence import files_of
from nas_asr.services.reading import Place, Reading, read_window
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.sittings import sittings_of
from nas_asr.services.transcripts import VersionView, list_versions
from nas_asr.services.waveforms import has_waveform
from nas_asr.web.pages.history import newer_by_machine
from nas_asr.web.pages.numbers import number
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("recording", __name__, url_prefix="/recordings/<recording_id>")
_SCRIPTS = {"zh": "zh-Hans", "yue": "yue-Hans"}  # how we write what has no script of its own in its code


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
            "recording/state.html",
            recording=view,
            versions=versions,
            seen=seen,
            now=now,
            etas=estimates_of(house(), [view]),
        )
    place = _place()
    reading = read_window(house(), me, recording_id, place) if view.version else None
    machine = [one for one in versions if one.kind == VersionKind.MACHINE]
    return render_template(
        "recording/recording.html", recording=view, seen=now, now=now, reading=reading, query=place.query,
        lines=_lines(reading, place.query), start=place.at_ms / 1000, formats=FORMATS.values(), sentences=SENTENCES,
        versions=versions, hotwords=read_hotwords(house(), me, view.team).number,
        last_list=machine[0].hotwords_version if machine else 0,
        older=_older(reading, versions), newer=newer_by_machine(view.version, versions),
        offer=parts.offer_of(house(), me, recording_id),
        following=parts.following(house(), me, recording_id),
        whole=recordings.one_recording(house(), me, view.whole_id) if view.whole_id else None,
        file=files_of(house(), me, [recording_id]).get(recording_id), lang=_lang(reading, view.language),
        text="spoken" if request.args.get("text") == "spoken" else "written",
        doubts=request.args.get("doubts") == "1", spoken=LANGUAGES, etas=estimates_of(house(), [view]),
        drawn=has_waveform(house(), me, recording_id),
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


def _older(reading: Reading | None, versions: Sequence[VersionView]) -> int:
    """The version before the sitting of the one on the page; 0 where there is nothing to compare with."""
    number = reading.version.number if reading else 0
    sittings = sittings_of(versions)
    here = next((place for place, one in enumerate(sittings) if one.holds(number)), len(sittings))
    if here < len(sittings) and sittings[here].edits_its_base:
        return sittings[here].first.base
    return sittings[here + 1].last.number if here + 1 < len(sittings) else 0


def _place() -> Place:
    """Where the address asks the page to open."""
    words = request.args.get("q", "").strip()
    at_ms = round(_second(request.args.get("t", "")) * 1000)
    return Place(request.args.get("version", type=number), at_ms, words, request.args.get("from", type=number))


def _lines(reading: Reading | None, query: str) -> list[Line]:
    if reading is None:
        return []
    terms = find_terms(query)
    return [
        Line(s, find_places(s.text, terms), find_places(s.spoken, terms) if s.spoken != s.text else ())
        for s in reading.segments
    ]


def _lang(reading: Reading | None, language: str) -> str:
    """The lang attribute of the text, by which browsers choose fonts and break lines; empty where nobody knows."""
    return "" if reading is None or language == AUTO else _SCRIPTS.get(language, language)


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
