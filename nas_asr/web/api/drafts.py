"""Room: web.api.drafts. A team's drafts once more, by the model. Never a transcript."""

from flask_openapi3 import Tag

from nas_asr.services.drafts import redo_team
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope
from nas_asr.web.api.hotwords import RerunOut, TeamPath
from nas_asr.web.viewer import current_viewer, house

DRAFTS = Tag(name="drafts")


@API.post("/teams/<slug>/drafts/rerun", tags=[DRAFTS], responses={202: RerunOut, 404: ErrorEnvelope, 409: ErrorEnvelope})
def rerun_drafts(path: TeamPath) -> Answer:
    """Transcribe the team's drafts again with Fun-ASR-Nano, behind everything new. 409 while no worker has it."""
    found = redo_team(house(), current_viewer(), path.slug)
    return RerunOut(queued=found.queued, left=found.left).model_dump(), 202
