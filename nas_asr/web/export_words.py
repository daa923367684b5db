"""Room: web.export_words. What exports say by themselves, and how formats are called, in the viewer's language. No route."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.languages import LANGUAGES
from nas_asr.export import BundleWords, Format, Words
from nas_asr.services.exports import Reasons
from nas_asr.web.locale import language, language_name, said, speaker_channel

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
    plain = BundleWords()
    return BundleWords(said(plain.left_out), said(plain.ended), said(plain.missing))


def reasons() -> Reasons:
    """Why a recording is not in it."""
    plain = Reasons()
    return Reasons({state: said(reason) for state, reason in plain.states.items()}, said(plain.gone))


def link() -> str:
    """The address of a recording's page, with {} for its id, for documents that are read far from here."""
    return url_for("recording.show", recording_id="ID", _external=True).removesuffix("ID") + "{}"
