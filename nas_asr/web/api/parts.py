"""Room: web.api.parts. Files that a recorder split: the offer, joining them, undoing it, keeping them apart. Never text."""

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.services import parts as service
from nas_asr.web.api.frame import API, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.viewer import current_viewer, house

PARTS = Tag(name="parts")


class OfferedOut(BaseModel):
    """A recording that may be a part."""

    id: str
    title: str
    path: str
    recorded_at: Moment
    duration_ms: int


class OfferOut(BaseModel):
    """Files that look like one recording, in order."""

    title: str
    duration_ms: int = Field(description="Of all of them, with what is joined already.")
    whole: str | None = Field(
        description="The joined recording that they seem to continue; null where there is none yet."
    )
    parts: list[OfferedOut]


class SplitOut(BaseModel):
    """What this recording seems to be a part of, or what seems to continue it."""

    offer: OfferOut | None


class JoinBody(Body):
    """The files, in order. For a joined recording: those that come after its last."""

    parts: list[Text] = Field(min_length=1, max_length=service.MOST_PARTS)


class JoinedOut(BaseModel):
    """The joined recording."""

    id: str


class ApartOut(BaseModel):
    """Recordings that stand by themselves."""

    parts: list[str]


@API.get("/recordings/<recording_id>/split", tags=[PARTS], responses={200: SplitOut, 404: ErrorEnvelope})
def split(path: RecordingPath) -> Answer:
    """Files that look like one recording with this one, by name, form and time; null where none do."""
    offer = service.offer_of(house(), current_viewer(), path.recording_id)
    return SplitOut(offer=None if offer is None else _out(offer)).model_dump(mode="json")


@API.post(
    "/recordings/<recording_id>/join",
    tags=[PARTS],
    responses={200: JoinedOut, 404: ErrorEnvelope, 409: ErrorEnvelope, 422: ErrorEnvelope},
)
def join(path: RecordingPath, body: JoinBody) -> Answer:
    """Make one recording of these files, whose time line runs through; add them to one that is joined already."""
    return JoinedOut(id=service.join(house(), current_viewer(), path.recording_id, body.parts)).model_dump()


@API.post(
    "/recordings/<recording_id>/unjoin", tags=[PARTS], responses={200: ApartOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
def unjoin(path: RecordingPath) -> Answer:
    """Make the files recordings of their own again. The joined one goes to the trash, with what was changed in it."""
    return ApartOut(parts=list(service.unjoin(house(), current_viewer(), path.recording_id))).model_dump()


@API.post("/recordings/<recording_id>/keep-apart", tags=[PARTS], responses={200: SplitOut, 404: ErrorEnvelope})
def keep_apart(path: RecordingPath) -> Answer:
    """Never offer to join these again."""
    service.keep_apart(house(), current_viewer(), path.recording_id)
    return SplitOut(offer=None).model_dump()


def _out(offer: service.Offer) -> OfferOut:
    parts = [
        OfferedOut(
            id=file.id, title=file.title, path=file.path, recorded_at=file.recorded_at, duration_ms=file.duration_ms
        )
        for file in offer.parts
    ]
    return OfferOut(title=offer.title, duration_ms=offer.duration_ms, whole=offer.whole, parts=parts)
