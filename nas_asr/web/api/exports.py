"""Room: web.api.exports. Transcripts as files: one, or many in a zip. Which formats there are is nas_asr.export's to say."""

from typing import Any

from flask import Response, request
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.errors import Invalid
from nas_asr.core.recording import RunState
from nas_asr.export import FORMATS, ExportOptions, TextLayer, check_options, format_named
from nas_asr.services.exports import Layer, Many, Wanted, export_one, text_of
from nas_asr.services.listing import RecordingFilter
from nas_asr.web import export_words
from nas_asr.web.api.frame import API, Body, ErrorEnvelope, Since, Text, Until
from nas_asr.web.api.recordings import LONGEST_MS, RecordingPath
from nas_asr.web.exporting import ZIP, as_file, as_zip
from nas_asr.web.security import heavy, often
from nas_asr.web.viewer import ask_again, current_viewer, house

EXPORTS = Tag(name="exports")
_LAYERS = "raw: the machine's, as it was spoken; itn: the machine's, as it writes it; edited: what readers see."


class _Options(BaseModel):
    """How files are to be. What none of the chosen formats can heed is 422 with its name."""

    text: TextLayer = Field(TextLayer.WRITTEN, description="As people write it, or as it was spoken. json has both.")
    timestamps: bool = Field(True, description="Times, in txt, md and docx.")
    speakers: bool = Field(True, description="Speakers' names, where they are known; json always has them.")
    bom: bool | None = Field(None, description="A byte order mark, in txt (else none) and csv (else there is one).")

    def options(self, layer: Layer | None = None) -> ExportOptions:
        """The same for services, in the viewer's words."""
        return ExportOptions(
            text_of(layer, self.text),
            self.timestamps,
            self.speakers,
            self.bom,
            export_words.words(),
            export_words.link(),
        )


class ExportQuery(_Options):
    """Which text, and how the file is to be."""

    format: str = Field("txt", description="The file's format.", json_schema_extra={"enum": list(FORMATS)})
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Leave it out for the one that readers see.")
    layer: Layer | None = Field(None, description=f"Instead of version and text. {_LAYERS}")


class ManyBody(_Options, Body):
    """Which recordings, and how their files are to be: `id`, or `everything` with what narrows the library."""

    id: list[Text] = Field([], description="Ids of recordings.")
    everything: bool = Field(False, description="All recordings that the following fields let pass, instead of `id`.")
    format: list[Text] = Field(["txt"], min_length=1, description=f"Some of: {', '.join(FORMATS)}.")
    team: Text = ""
    folder: Text = ""
    state: RunState | None = None
    q: Text = Field("", description="Words of title or path.")
    drafts: bool = False
    language: Text = ""
    person: Text = Field("", description="Who uploaded it, or speaks in it.")
    min_ms: int | None = Field(None, ge=0, le=LONGEST_MS)
    max_ms: int | None = Field(None, ge=0, le=LONGEST_MS)
    since: Since | None = Field(None, alias="from", description="Recorded at or after.")
    until: Until | None = Field(None, alias="to", description="Recorded before; a date alone includes that day.")

    def filter(self) -> RecordingFilter | None:
        """What narrows the library, where everything is asked for."""
        given = RecordingFilter(
            team=self.team, folder=self.folder, state=self.state, q=self.q, drafts=self.drafts, since=self.since,
            until=self.until, language=self.language, person=self.person, min_ms=self.min_ms, max_ms=self.max_ms,
        )  # fmt: skip
        if self.everything and self.id:
            raise Invalid("Say `id`, or `everything`, not both.", "Leave one of them out.", field="everything")
        if not self.everything and given != RecordingFilter():
            raise Invalid(
                "What narrows the library goes with `everything`.", "Send everything: true.", field="everything"
            )
        return given if self.everything else None


_FILE: dict[str, Any] = {
    "description": "The file, with its name in Content-Disposition.",
    "content": {
        form.media_type: {"schema": {"type": "object"} if "json" in form.media_type else {"type": "string"}}
        for form in FORMATS.values()
    },
}
_ARCHIVE: dict[str, Any] = {
    "description": "A zip: a folder a recording, manifest.json, SHA256SUMS; NOT-EXPORTED.txt where some could not be.",
    "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
}


@API.get("/recordings/<recording_id>/export", tags=[EXPORTS], responses={200: _FILE, 404: ErrorEnvelope})
@often
def export(path: RecordingPath, query: ExportQuery) -> Response:
    """The transcript as a file to keep."""
    for name in request.args:
        if name not in ExportQuery.model_fields:
            raise Invalid(
                f"There is no option “{name}”.", f"There are: {', '.join(ExportQuery.model_fields)}.", field=name
            )
    form = format_named(query.format)
    if query.layer is not None and {"version", "text"} & query.model_fields_set:
        raise Invalid("Say `layer`, or `version` and `text`, not both.", "Leave one out.", field="layer")
    options = query.options(query.layer)
    check_options([form], options)
    wanted = Wanted(query.version, query.layer)
    return as_file(export_one(house(), current_viewer(), path.recording_id, wanted, form), form, options)


@API.post("/recordings/export", tags=[EXPORTS], responses={200: _ARCHIVE, 404: ErrorEnvelope})
@heavy
def export_recordings(body: ManyBody) -> Response:
    """Many transcripts as one zip, sent while it is made. What has none yet is named in it."""
    formats = [format_named(name) for name in dict.fromkeys(body.format)]
    order = Many(
        formats, body.options(), body.id, body.filter(), export_words.bundle_words(), export_words.reasons()
    )  # fmt: skip
    return as_zip(current_viewer(), order, ask_again())
