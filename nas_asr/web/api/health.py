"""Room: web.api.health. Whether we are there at all, and whether our parts answer. Open to everybody; says no names."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from nas_asr.services.summary import readiness
from nas_asr.web.api.frame import Answer
from nas_asr.web.viewer import house

HEALTH = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


class Healthy(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """Each part with a sentence on what is the matter, empty where nothing is."""

    status: str
    database: str
    queue: str
    worker: str


@HEALTH.get("/healthz", responses={200: Healthy})
def healthz() -> Response:
    """The process answers. Asks neither database nor queue, so that it may be asked every second."""
    answer = jsonify(status="ok")
    answer.headers["Access-Control-Allow-Origin"] = "*"  # Homer asks from the browser of whoever looks at it
    return answer


@HEALTH.get("/readyz", responses={200: Ready, 503: Ready})
def readyz() -> Answer:
    """Database, queue and worker answer; 503 says which does not."""
    found = readiness(house())
    answer = Ready(
        status="ok" if found.ready else "unavailable", database=found.database, queue=found.queue, worker=found.worker
    )
    return answer.model_dump(), 200 if found.ready else 503
