"""Room: web.api.admin. The house for admins' programs: queue, pause, audit log, storage, system check. No transcript."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.services import pause as pausing
from nas_asr.services import queue as service
from nas_asr.services.audit_log import AuditFilter, list_audit
from nas_asr.services.overview import require_admin
from nas_asr.services.storage import storage as measure
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope, Moment, PageQuery, Since, Until
from nas_asr.web.viewer import current_viewer, house
from nas_asr.web.wiring import wiring

ADMIN = Tag(name="admin", description="For admins; 404 for everybody else.")


class RunPath(BaseModel):
    """Which run."""

    run_id: str


class QueuedOut(BaseModel):
    """A run at work or waiting. title is empty for recordings of teams of which you are no member."""

    run_id: str
    recording_id: str
    title: str
    team: str
    state: str
    duration_ms: int
    progress: float
    worker: str
    waiting_for: str | None
    attempts: int
    first: bool
    created_at: Moment
    started_at: Moment | None
    eta_seconds: int | None = Field(description="Null where nobody can tell.")
    before: int | None = Field(description="How many are done before it.")


class EndedOut(BaseModel):
    """A run of the last week that failed or was stopped. title is empty as in the queue."""

    run_id: str
    recording_id: str
    title: str
    team: str
    state: str
    message: str
    remedy: str
    ended_at: Moment


class PauseOut(BaseModel):
    """Since when no new run begins, and whose wish it was."""

    since: Moment
    by: str


class QueueOut(BaseModel):
    """At work first, then in the order in which they will be done; 200 at most."""

    paused: PauseOut | None
    at_work: int
    waiting: int
    items: list[QueuedOut]
    ended: list[EndedOut] = Field(description="What failed or was stopped in the last week, the newest first.")


class AuditQuery(PageQuery):
    """Which lines."""

    kind: str = Field("", description="What is before the dot of an action, such as login.")
    actor: str = ""
    team: str = Field("", description="A team's slug.")
    since: Since | None = Field(None, alias="from")
    until: Until | None = Field(None, alias="to")


class AuditOut(BaseModel):
    """Who did what."""

    at: Moment
    actor: str
    action: str
    subject: str
    team: str | None
    address: str
    detail: Mapping[str, str]


class AuditPage(BaseModel):
    """Newest first."""

    items: list[AuditOut]
    next: str | None


class PlaceOut(BaseModel):
    """A directory below DATA; whole is false where there was more than was counted."""

    name: str
    size_bytes: int
    files: int
    whole: bool


class TeamRoomOut(BaseModel):
    """What a team has. In bytes; in_folders lies on its shares, trash is part of uploads."""

    slug: str
    name: str
    recordings: int
    duration_ms: int
    in_folders: int
    uploads: int
    trash: int
    archive: int


class StorageOut(BaseModel):
    """What takes room."""

    data: str
    disk_bytes: int
    free_bytes: int
    database: str
    database_bytes: int
    places: list[PlaceOut]
    teams: list[TeamRoomOut]


class FindingOut(BaseModel):
    """One thing that was looked at: ok, note or broken."""

    subject: str
    verdict: str
    message: str
    remedy: str


class CheckOut(BaseModel):
    """What `nas-asr doctor` finds on the server's machine."""

    items: list[FindingOut]


@API.get("/admin/queue", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope})
def queue() -> Answer:
    """What is at work and what waits, of all teams."""
    return _queue()


@API.post("/admin/queue/pause", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope})
def pause_queue() -> Answer:
    """No new run begins; what is at work is finished."""
    pausing.pause(house(), current_viewer())
    return _queue()


@API.post("/admin/queue/resume", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope})
def resume_queue() -> Answer:
    """Runs begin again."""
    pausing.resume(house(), current_viewer())
    return _queue()


@API.post(
    "/admin/queue/<run_id>/first", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
def put_run_first(path: RunPath) -> Answer:
    """Before everything that waits."""
    service.put_first(house(), current_viewer(), path.run_id)
    return _queue()


@API.post("/admin/queue/<run_id>/back", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope})
def let_run_wait(path: RunPath) -> Answer:
    """Undo of first."""
    service.take_its_turn(house(), current_viewer(), path.run_id)
    return _queue()


@API.post("/admin/queue/<run_id>/stop", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope, 409: ErrorEnvelope})
def stop_run(path: RunPath) -> Answer:
    """Stop it; its team can ask for it again."""
    service.stop_run(house(), current_viewer(), path.run_id)
    return _queue()


@API.post(
    "/admin/queue/<run_id>/again", tags=[ADMIN], responses={200: QueueOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
def run_again(path: RunPath) -> Answer:
    """Ask once more for what failed or was stopped."""
    service.run_again(house(), current_viewer(), path.run_id)
    return _queue()


@API.get("/admin/audit", tags=[ADMIN], responses={200: AuditPage, 404: ErrorEnvelope})
def audit_log(query: AuditQuery) -> Answer:
    """Who did what and when."""
    wanted = AuditFilter(query.kind, query.actor, query.team, query.since, query.until)
    page = list_audit(house(), current_viewer(), wanted, query.page)
    items = [AuditOut(**_without(asdict(line), "id")) for line in page.items]
    return AuditPage(items=items, next=page.next).model_dump(mode="json")


@API.get("/admin/storage", tags=[ADMIN], responses={200: StorageOut, 404: ErrorEnvelope})
def storage() -> Answer:
    """What takes room on the disk, by place and by team."""
    return StorageOut(**asdict(measure(house(), current_viewer()))).model_dump(mode="json")


@API.get("/admin/check", tags=[ADMIN], responses={200: CheckOut, 404: ErrorEnvelope})
def check() -> Answer:
    """What works on the server's machine and what does not. Takes seconds."""
    require_admin(house(), current_viewer())
    return CheckOut(items=[FindingOut(**asdict(one)) for one in wiring().examine()]).model_dump(mode="json")


def _queue() -> Answer:
    found = service.list_queue(house(), current_viewer())
    items = [
        QueuedOut(
            **_without(asdict(one), "estimate", "team_name"),
            eta_seconds=one.estimate.seconds if one.estimate else None,
            before=one.estimate.before if one.estimate else None,
        )
        for one in found.items
    ]
    ended = [EndedOut(**_without(asdict(one), "team_name")) for one in found.ended]
    paused = PauseOut(since=found.pause.since, by=found.pause.by) if found.pause else None
    return QueueOut(
        paused=paused, at_work=found.at_work, waiting=found.waiting, items=items, ended=ended
    ).model_dump(mode="json")  # fmt: skip


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
