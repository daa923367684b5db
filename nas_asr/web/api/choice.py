"""Room: web.api.choice. Which of a folder's first files are taken: what each answer means, and the answer. Counts nothing."""

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.services.first_look import choose, question
from nas_asr.web.api.frame import API, Answer, Body, ErrorEnvelope, Text
from nas_asr.web.viewer import current_viewer, house

FOLDERS = Tag(name="folders")


class FolderPath(BaseModel):
    """Which folder, by its id."""

    folder_id: str


class ChoiceQuery(BaseModel):
    """A date of one's own."""

    since: Text = Field("", description="An ISO date: what choosing it would mean is counted too.")


class ChoiceOut(BaseModel):
    """What an answer would mean. duration_ms: of all its audio, an estimate unless exact; null while nothing is known."""

    name: str = Field(description="all, week, month, year, picked, or now (none of them).")
    since: str = Field(description="What to send for it.")
    files: int
    size_bytes: int
    duration_ms: int | None
    exact: bool
    eta_seconds: int | None = Field(description="Until all is done, and what waits already. For those who may choose.")


class QuestionOut(BaseModel):
    """What is asked. open: nobody has chosen yet; otherwise it is about the files that were left out."""

    open: bool
    looked: bool = Field(description="Whether the folder was looked through; before, there are no numbers.")
    files: int
    looked_into: int = Field(description="Headers that tell a length, for the estimate.")
    choices: list[ChoiceOut]


class ChoiceBody(Body):
    """The answer."""

    since: Text = Field(description="all, now (none of them), or an ISO date: what was changed since.")


class ChosenOut(BaseModel):
    """What it came to."""

    taken: int = Field(description="So many files are taken; 0 for an answer that was given before.")


@API.get("/folders/<folder_id>/choice", tags=[FOLDERS], responses={200: QuestionOut, 404: ErrorEnvelope})
def asked(path: FolderPath, query: ChoiceQuery) -> Answer:
    """What can be chosen about the files that were in a folder first, with numbers."""
    found = question(house(), current_viewer(), path.folder_id, query.since)
    choices = [
        ChoiceOut(
            name=one.name, since=one.since, files=one.files, size_bytes=one.size_bytes, duration_ms=one.duration_ms,
            exact=one.exact, eta_seconds=one.eta_seconds,
        )
        for one in found.choices
    ]  # fmt: skip
    answer = QuestionOut(
        open=found.open, looked=found.looked, files=found.files, looked_into=found.looked_into, choices=choices
    )
    return answer.model_dump(mode="json")


@API.post("/folders/<folder_id>/choice", tags=[FOLDERS], responses={200: ChosenOut, 404: ErrorEnvelope})
def answered(path: FolderPath, body: ChoiceBody) -> Answer:
    """Choose, for managers of the team and admins in person; again later, to take older files too."""
    return ChosenOut(taken=choose(house(), current_viewer(), path.folder_id, body.since)).model_dump()
