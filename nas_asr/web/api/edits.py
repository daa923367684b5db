"""Room: web.api.edits. Changing a transcript: edits, an older version once more, edits carried over. Never its export."""

from dataclasses import asdict

from flask import Response, jsonify
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.edits import LONGEST_TEXT, Edit, EditOp, SpeakerScope
from nas_asr.core.errors import Invalid
from nas_asr.services import edits as service
from nas_asr.services.carry_over import carry_edits
from nas_asr.services.changes import changes_since
from nas_asr.services.versions import restore_version
from nas_asr.web.api.frame import API, Answer, Body, ErrorBody, ErrorEnvelope, Text
from nas_asr.web.api.hotwords import VersionMade, transcript_seen
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.api.transcripts import SegmentOut, segment_json
from nas_asr.web.errors import in_their_words
from nas_asr.web.viewer import current_viewer, house

EDITS = Tag(name="edits")
_BIG = 2**53 - 1


class EditIn(Body):
    """One edit. `id` is a segment's; which other fields say something depends on `op`."""

    op: EditOp = Field(EditOp.TEXT, description="right: a person says that the text is right as it is; its doubts go.")
    id: Text = Field("", description="Of the segment; replace_all needs none.")
    text: Text | None = Field(
        None, description=f"text: the new one, at most {LONGEST_TEXT} characters; empty is allowed."
    )
    speaker: Text | None = Field(None, description="speaker: the name, null for none.")
    scope: SpeakerScope = Field(SpeakerScope.ONE, description="speaker: here, or all with the same speaker.")
    at: int | None = Field(None, ge=-_BIG, le=_BIG, description="split: how many characters stand before the cut.")
    at_ms: int | None = Field(None, ge=-_BIG, le=_BIG, description="split: when, if no word times tell.")
    find: Text = Field("", description="replace_all: letter by letter.")
    replace: Text | None = Field(None, description="replace_all: what stands there then; empty takes the words out.")
    whole_words: bool = Field(False, description="replace_all: not within longer words.")


class EditsBody(Body):
    """All of them or none."""

    edits: list[EditIn] = Field(description=f"1 to {service.MOST_EDITS}, made one after the other.")


class ChangedOut(SegmentOut):
    """A segment as it is now."""

    after: str | None = Field(None, description="Of one that came: the id of the segment before it.")


class EditedOut(BaseModel):
    """The version that readers see now, and what is different in it."""

    version: int
    changed: list[ChangedOut] = Field(description="In their order.")
    removed: list[str] = Field(description="Ids of segments that are not there any more.")
    count: int = Field(description="How many places were changed.")


class ConflictOut(BaseModel):
    """Somebody was quicker: what changed since the version of If-Match. Nothing of the call was applied."""

    error: ErrorBody
    version: int = Field(description="The version that readers see now.")
    author: str | None = Field(description="Who made it; null for the machine.")
    changed: list[ChangedOut]
    removed: list[str]


class SinceQuery(BaseModel):
    """Which version the page shows."""

    since: int = Field(0, ge=0, le=2**31 - 1)


class ChangesOut(BaseModel):
    """What a page that shows an older version has to do to show what readers see."""

    version: int = Field(description="The version that readers see now.")
    author: str | None = Field(description="Who made it; null for the machine.")
    whole: bool = Field(
        description="True: too much is different, read the transcript anew; then nothing is listed here."
    )
    changed: list[ChangedOut]
    removed: list[str]


class RestoreBody(Body):
    """Which version."""

    version: int = Field(ge=1, le=2**31 - 1)


class CarryBody(Body):
    """Onto which version by the machine."""

    onto: int | None = Field(None, ge=1, le=2**31 - 1, description="Leave it out for its newest.")


class NotCarriedOut(BaseModel):
    """An edit that a person has to look at: the newer text says something else there."""

    start_ms: int
    was: str = Field(description="What the machine had written.")
    mine: str = Field(description="What a person made of it.")
    now: str = Field(description="What the newer text says.")
    op: EditOp = Field(
        EditOp.TEXT, description="text, split or merge; of the latter two the texts have ` | ` at a border."
    )


class CarriedOut(BaseModel):
    """The version that readers see now."""

    version: int
    count: int = Field(description="How many edits stand in the newer text.")
    left: list[NotCarriedOut]


@API.patch(
    "/recordings/<recording_id>/transcript", tags=[EDITS],
    responses={200: EditedOut, 404: ErrorEnvelope, 409: ConflictOut},
)  # fmt: skip
def edit(path: RecordingPath, body: EditsBody) -> Answer:
    """Change the text that readers see: a new version. If-Match names the version you saw; 409 where it is another by now."""
    seen = transcript_seen()
    edits = [_edit(index, one) for index, one in enumerate(body.edits)]
    try:
        made = service.edit_transcript(house(), current_viewer(), path.recording_id, seen, edits)
    except service.EditConflict as conflict:
        return _conflict(conflict)
    answer = EditedOut(version=made.version, changed=_changed(made), removed=list(made.removed), count=made.count)
    return answer.model_dump(mode="json"), {"ETag": f'"{made.version}"'}


@API.get("/recordings/<recording_id>/transcript/changes", tags=[EDITS], responses={200: ChangesOut, 404: ErrorEnvelope})
def changes(path: RecordingPath, query: SinceQuery) -> Answer:
    """What people changed since a version. For pages that stay open: of a long text only what is different is read."""
    found = changes_since(house(), current_viewer(), path.recording_id, query.since)
    since = found.since
    answer = ChangesOut(
        version=found.version, author=found.author, whole=since is None, changed=_changed(since) if since else [],
        removed=list(since.removed) if since else [],
    )  # fmt: skip
    return answer.model_dump(mode="json"), {"ETag": f'"{found.version}"'}


@API.post(
    "/recordings/<recording_id>/restore",
    tags=[EDITS],
    responses={200: VersionMade, 404: ErrorEnvelope, 409: ErrorEnvelope},
)
def restore(path: RecordingPath, body: RestoreBody) -> Answer:
    """Let an older version be what readers see again. Nothing is removed, so this can be undone the same way."""
    number = restore_version(house(), current_viewer(), path.recording_id, body.version)
    return VersionMade(version=number).model_dump(), {"ETag": f'"{number}"'}


@API.post(
    "/recordings/<recording_id>/carry",
    tags=[EDITS],
    responses={200: CarriedOut, 404: ErrorEnvelope, 409: ErrorEnvelope},
)
def carry(path: RecordingPath, body: CarryBody) -> Answer:
    """Make the edits that readers see again on a newer version by the machine, and list those that find no place there."""
    view = carry_edits(house(), current_viewer(), path.recording_id, body.onto)
    left = [NotCarriedOut(**asdict(one)) for one in view.left]
    return CarriedOut(version=view.version, count=view.places, left=left).model_dump(), {"ETag": f'"{view.version}"'}


def _edit(index: int, one: EditIn) -> Edit:
    if one.op == EditOp.SPEAKER and "speaker" not in one.model_fields_set:
        raise Invalid(
            f"Edit {index + 1} ({one.op}): The speaker is missing.", "Send the name, or null for none.",
            field=f"edits.{index}.speaker",
        )  # fmt: skip
    return Edit(**one.model_dump())


def _conflict(conflict: service.EditConflict) -> Response:
    message, remedy = in_their_words(conflict)
    since = conflict.since
    out = ConflictOut(
        error=ErrorBody(code=conflict.code, message=message, remedy=remedy, field=None), version=since.version,
        author=conflict.author, changed=_changed(since), removed=list(since.removed),
    )  # fmt: skip
    answer = jsonify(out.model_dump(mode="json"))
    answer.status_code = 409
    answer.headers["ETag"] = f'"{since.version}"'
    return answer


def _changed(made: service.Edited) -> list[ChangedOut]:
    return [ChangedOut(**segment_json(segment), after=made.after.get(segment.id)) for segment in made.changed]
