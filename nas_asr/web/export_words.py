"""Room: web.export_words. What exports say by themselves, and how formats are called, in the viewer's language. No route."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.languages import LANGUAGES
from nas_asr.core.recording import RunState
from nas_asr.export import BundleWords, Format, Words
from nas_asr.services.exports import Reasons
from nas_asr.web.locale import language, language_name, speaker_channel

_NAMES = {
    "txt": lazy("Plain text"),
    "docx": lazy("Word document"),
    "md": lazy("Markdown notes"),
    "srt": lazy("Subtitles"),
    "vtt": lazy("Web subtitles"),
    "csv": lazy("Spreadsheet"),
    "json": lazy("For programs"),
}


def format_name(form: Format) -> str:
    """What a format is called."""
    return str(_NAMES.get(form.name, form.label))


def words() -> Words:
    """What stands in a document beside what was said."""
    return Words(
        channel=speaker_channel(), transcript=_("Transcript"), recorded=_("Recorded"), length=_("Length"), team=_("Team"),
        speakers=_("Speakers"), language=_("Spoken language"), file=_("File"), made_by=_("Transcribed by"),
        version=_("version %(n)s", n="{}"), page=_("Page %(n)s of %(total)s", n="{}", total="{}"),
        nobody=_("Nobody speaks here."), languages={code: language_name(code) for code in LANGUAGES},
        comma="、" if language() == "zh_Hans" else ", ",
    )  # fmt: skip


def bundle_words() -> BundleWords:
    """What an archive of many says about those that are not in it."""
    return BundleWords(
        left_out=_("These recordings were asked for and are not in this archive:"),
        ended=_("Your access ended while this archive was being made. What would have come after that is missing."),
        missing=_("Recordings that were there when this began and were not when their turn came: %(n)s", n="{}"),
    )


def reasons() -> Reasons:
    """Why a recording is not in it."""
    return Reasons(
        states={
            RunState.QUEUED: _("There is no transcript yet: it waits to be transcribed."),
            RunState.TRANSCRIBING: _("There is no transcript yet: it is being transcribed."),
            RunState.FAILED: _("There is no transcript: transcribing it failed."),
            RunState.STOPPED: _("There is no transcript: transcribing it was stopped."),
        },
        gone=_("It is not there, or not within your reach."),
    )


def link() -> str:
    """The address of a recording's page, with {} for its id, for documents that are read far from here."""
    return url_for("recording.show", recording_id="ID", _external=True).removesuffix("ID") + "{}"
