"""Room: web.api.lists. Teams, folders, the ledger and the summary: how the house stands; a file can be looked at again."""

from flask import url_for
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr import __version__
from nas_asr.core.access import Role
from nas_asr.core.recording import LedgerState, Presence, RunState
from nas_asr.core.transcript import ItnMode
from nas_asr.services.folder_watch import WatchState
from nas_asr.services.folders import FolderView, list_folders
from nas_asr.services.ledger import LedgerFilter, LedgerView, line_view, list_ledger
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.summary import RecentView
from nas_asr.services.summary import summary as count_up
from nas_asr.services.teams import list_teams
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope, Moment, PageQuery
from nas_asr.web.viewer import current_viewer, house

HOUSE = Tag(name="house")


class TeamOut(BaseModel):
    """A team. role: yours in it; null for an admin who is no member."""

    slug: str
    name: str
    role: Role | None
    members: int
    hotwords_version: int


class TeamList(BaseModel):
    """Your teams."""

    items: list[TeamOut]


class FolderOut(BaseModel):
    """A watched folder."""

    id: str
    team: str
    path: str
    name: str
    language: str
    engine: str
    itn: ItnMode = Field(description="Who writes figures: the engine itself, our rules, or nobody.")
    apart: bool = Field(description="Whether each channel of a recording is a speaker of its own.")
    since: Moment | None
    awaiting_choice: bool = Field(description="Whether nobody has chosen yet which of its first files are taken.")
    online: bool = Field(description="As the watcher wrote it last; see watch, too.")
    offline_reason: str
    watch: WatchState = Field(
        description="watched; first: the first look is under way; offline; late: no look for three intervals; stopped: no "
        "watcher gives a sign of life."
    )
    trouble: str = Field(description="What is the matter with the watch, and what to do; empty where nothing is.")
    last_scan_at: Moment | None = Field(description="When the last good look ended.")
    last_scan_ms: int = Field(description="How long it took.")
    scan_every_ms: int = Field(description="The interval in force.")
    files_seen: int = Field(description="Files of the last good look.")
    mount: str = Field(description="Kind of the file system, as the kernel names it; empty where nobody knows.")
    note: str = Field(description="What an admin should know of the watch, such as that no events come.")
    marker: str = Field(description="The file without which the folder is offline; empty for none.")
    files: dict[LedgerState, int] = Field(
        description="How many files are in each state of the ledger, without missing ones."
    )
    unseen: int = Field(description="Those of them that the last looks did not see.")
    missing: int = Field(description="Files that the looks of a whole day did not see.")


class FolderList(BaseModel):
    """The watched folders of your teams; an admin sees all."""

    items: list[FolderOut]


class LedgerOut(BaseModel):
    """A file that was seen in a folder, and why it is in its state."""

    id: str
    folder: str = Field(description="The folder's id.")
    path: str = Field(description="Below the folder; one that ends with a slash is a folder that is not looked into.")
    generation: int = Field(description="Other content under the same name is a new generation.")
    size_bytes: int
    mtime: Moment | None
    first_seen: Moment
    last_change: Moment = Field(description="When a look saw it change last.")
    state: LedgerState
    presence: Presence = Field(description="missing only when the looks of a whole day did not see it.")
    missing_since: Moment | None = Field(description="The first of the looks that do not see it.")
    left: bool = Field(description="Gone and missed by nobody: never taken, replaced, or its recording lies elsewhere.")
    reason: str
    reason_code: str
    rule: str | None = Field(description="The rule by which it is ignored.")
    next_look: Moment | None
    recording_id: str | None
    duplicate_of: str | None = Field(description="The recording that has the same sound already.")


class LinePath(BaseModel):
    """Which line."""

    line_id: str


class LedgerPage(BaseModel):
    """Lines, newest first by when they were first seen."""

    items: list[LedgerOut]
    next: str | None


class LedgerQuery(PageQuery):
    """What narrows the list."""

    folder: str = Field("", description="A folder's id.")
    team: str = Field("", description="A team's short name.")
    state: LedgerState | None = None
    presence: Presence | None = None
    q: str = Field("", description="Words of the path.")
    unseen: bool = Field(False, description="Only files that the last looks did not see and that are not missing yet.")


class Counts(BaseModel):
    """Recordings of your teams."""

    queued: int
    running: int
    done_24h: int
    failed: int
    total: int


class Recent(BaseModel):
    """A recording as a dashboard lists it."""

    id: str
    name: str
    label: RunState
    finished_at: Moment | None
    url: str = Field(description="Its page.")


class WorkerOut(BaseModel):
    """Those that gave a sign of life lately. gpu: the device of one of them, null where it is the processor."""

    online: int
    gpu: str | None
    last_seen: Moment | None


class DiskOut(BaseModel):
    """The disk that holds the server's own files."""

    free_bytes: int


class SummaryOut(BaseModel):
    """For dashboards. With a widget token last_done is null and recent is empty: totals only."""

    app: str
    version: str
    status: str = Field(description="ok, or no_worker where something waits and nobody works.")
    counts: Counts
    hours_done_24h: float
    queue_eta_seconds: int | None
    workers: int
    worker: WorkerOut
    disk: DiskOut
    last_done: Recent | None
    recent: list[Recent]


@API.get("/teams", tags=[HOUSE], responses={200: TeamList})
def teams() -> Answer:
    """Your teams; an admin sees all."""
    items = [
        TeamOut(slug=t.slug, name=t.name, role=t.role, members=t.members, hotwords_version=t.hotwords_version)
        for t in list_teams(house(), current_viewer())
    ]
    return TeamList(items=items).model_dump(mode="json")


@API.get("/folders", tags=[HOUSE], responses={200: FolderList})
def folders() -> Answer:
    """The watched folders of your teams."""
    return FolderList(items=[_folder(one) for one in list_folders(house(), current_viewer())]).model_dump(mode="json")


@API.get("/ledger", tags=[HOUSE], responses={200: LedgerPage})
def ledger(query: LedgerQuery) -> Answer:
    """Every file that was ever seen in your teams' folders, and why it is in its state."""
    wanted = LedgerFilter(query.folder, query.team, query.state, query.presence, query.q, query.unseen)
    page = list_ledger(house(), current_viewer(), wanted, query.page)
    return LedgerPage(items=[_line(one) for one in page.items], next=page.next).model_dump(mode="json")


@API.post("/ledger/<line_id>/retry", tags=[HOUSE], responses={202: LedgerOut, 404: ErrorEnvelope, 409: ErrorEnvelope})
def retry_ledger_line(path: LinePath) -> Answer:
    """Look at this file again now, also at one that is ignored by its name: its content decides."""
    retry_line(house(), current_viewer(), path.line_id)
    return _line(line_view(house(), current_viewer(), path.line_id)).model_dump(mode="json"), 202


@API.get("/summary", tags=[HOUSE], responses={200: SummaryOut})
def summary() -> Answer:
    """A few numbers for a dashboard."""
    found = count_up(house(), current_viewer())
    counts = Counts(
        queued=found.queued, running=found.running, done_24h=found.done_24h, failed=found.failed, total=found.total
    )
    answer = SummaryOut(
        app="nas_asr", version=__version__, status=found.status, counts=counts, hours_done_24h=found.hours_done_24h,
        queue_eta_seconds=found.queue_eta_seconds, workers=found.workers,
        worker=WorkerOut(
            online=found.workers, gpu=None if found.device in ("", "cpu") else found.device, last_seen=found.worker_seen_at
        ),
        disk=DiskOut(free_bytes=found.free_bytes),
        last_done=_recent(found.last_done) if found.last_done else None,
        recent=[_recent(one) for one in found.recent],
    )  # fmt: skip
    return answer.model_dump(mode="json")


def _recent(view: RecentView) -> Recent:
    return Recent(
        id=view.id, name=view.name, label=view.label, finished_at=view.finished_at,
        url=url_for("recording.show", recording_id=view.id, _external=True),
    )  # fmt: skip


def _line(line: LedgerView) -> LedgerOut:
    return LedgerOut(
        id=line.id, folder=line.folder_id, path=line.path, generation=line.generation, size_bytes=line.size_bytes,
        mtime=line.mtime, first_seen=line.first_seen, last_change=line.changed_at, state=line.state, presence=line.presence,
        missing_since=line.missing_since, left=line.left,
        reason=line.reason, reason_code=line.reason_code, rule=line.rule or None,
        next_look=line.next_look, recording_id=line.recording_id, duplicate_of=line.duplicate_of,
    )  # fmt: skip


def _folder(view: FolderView) -> FolderOut:
    return FolderOut(
        id=view.id, team=view.team, path=view.path, name=view.name, language=view.language, engine=view.engine,
        itn=ItnMode(view.itn), apart=view.apart, since=view.since, awaiting_choice=view.awaiting_choice,
        online=view.online, offline_reason=view.offline_reason, watch=view.watch.state,
        trouble=f"{view.watch.trouble} {view.watch.remedy}".strip(),
        last_scan_at=view.last_scan_at, last_scan_ms=view.scan_ms, scan_every_ms=view.watch.every_ms,
        files_seen=view.files_seen, mount=view.mount, note=view.note, marker=view.marker, files=dict(view.files),
        unseen=view.unseen, missing=view.missing,
    )  # fmt: skip
