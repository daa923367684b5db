"""Room: web.api.trash. Many recordings at once, and the trash: as JSON, through the same services as the pages."""

from pydantic import BaseModel, Field

from nas_asr.services import bulk as service
from nas_asr.services import trash as thrown
from nas_asr.web.api.frame import API, Answer, Body, ErrorEnvelope, Moment, PageQuery, Text
from nas_asr.web.api.recordings import RECORDINGS, RecordingPath
from nas_asr.web.viewer import current_viewer, house


class BulkBody(Body):
    """Which recordings, and what to do with them."""

    ids: list[Text] = Field(min_length=1, max_length=service.AT_ONCE)
    action: service.Wish


class RefusalOut(BaseModel):
    """One that could not be, and why."""

    id: str
    title: str = Field(description="Empty where there is nothing for you under this id.")
    code: str
    message: str
    remedy: str


class OutcomeOut(BaseModel):
    """The ids that went well, and those that could not."""

    done: list[str]
    refused: list[RefusalOut]


class TrashOut(BaseModel):
    """A recording in the trash."""

    id: str
    title: str
    team: str
    recorded_at: Moment
    duration_ms: int
    trashed_at: Moment
    trashed_by: str = Field(description="Empty for the command line.")
    archived: bool = Field(description="Whether the archive has a copy, which stays.")
    may_restore: bool
    may_delete: bool


class TrashPage(BaseModel):
    """What was thrown away last, first."""

    items: list[TrashOut]
    next: str | None


@API.post("/recordings/bulk", tags=[RECORDINGS], responses={200: OutcomeOut})
def bulk(body: BulkBody) -> Answer:
    """One wish for many, in one transaction. Each that cannot be is named with its reason; the others are done."""
    outcome = service.apply(house(), current_viewer(), body.action, body.ids)
    return _outcome(outcome).model_dump(mode="json")


@API.get("/trash", tags=[RECORDINGS], responses={200: TrashPage})
def trashed(query: PageQuery) -> Answer:
    """What lies in the trash of your teams."""
    page = thrown.list_trash(house(), current_viewer(), query.page)
    return TrashPage(items=[_out(view) for view in page.items], next=page.next).model_dump(mode="json")


@API.delete("/trash/<recording_id>", tags=[RECORDINGS], responses={204: {"description": "Gone."}, 404: ErrorEnvelope})
def delete_for_ever(path: RecordingPath) -> Answer:
    """Delete what lies in the trash, for ever. Files in folders stay untouched, and so do copies in the archive."""
    thrown.delete_for_ever(house(), current_viewer(), path.recording_id)
    return "", 204


def _outcome(outcome: service.Outcome) -> OutcomeOut:
    refused = [
        RefusalOut(id=one.id, title=one.title, code=one.error.code, message=one.error.message, remedy=one.error.remedy)
        for one in outcome.refused
    ]
    return OutcomeOut(done=list(outcome.done), refused=refused)


def _out(view: thrown.TrashView) -> TrashOut:
    return TrashOut(
        id=view.id, title=view.title, team=view.team, recorded_at=view.recorded_at, duration_ms=view.duration_ms,
        trashed_at=view.trashed_at, trashed_by=view.by, archived=view.archived, may_restore=view.may_restore,
        may_delete=view.may_delete,
    )  # fmt: skip
