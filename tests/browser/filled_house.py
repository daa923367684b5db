"""Room: tests.browser.filled_house. A house in which every page has something to show, and a browser window for everybody."""

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from nas_asr.core.access import Role, TokenScope, Viewer
from nas_asr.core.archive_rule import last_night
from nas_asr.core.clock import utc_now
from nas_asr.core.edits import Edit, EditOp, SpeakerScope
from nas_asr.core.findings import Finding, Verdict
from nas_asr.core.hotwords import clean
from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence, RunState, Waiting
from nas_asr.services import parts
from nas_asr.services.accounts import NewUser, create_user, disable_user, set_password
from nas_asr.services.archive_rules import RuleOrder, save_rule
from nas_asr.services.base import House
from nas_asr.services.edits import edit_transcript
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.invitations import make_invitation
from nas_asr.services.looks import note_offline
from nas_asr.services.password_resets import make_reset
from nas_asr.services.recordings import retry, trash
from nas_asr.services.teams import add_member, create_team, rename_team
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.services.transcripts import read_transcript
from nas_asr.services.waveforms import keep_waveform
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import ArchiveRun, Folder, LedgerLine, LoginFailure, Recording, Run, SegmentRow, User
from nas_asr.store.schema import migrate
from nas_asr.web.app import StageTwoView, WebSetup, create_app
from tests.browser.conftest import PASSWORD, SAMPLE
from tests.cast import (
    Cast,
    RememberingQueue,
    a_waveform,
    make_cast,
    make_folder,
    make_recording,
    replace_something,
    write_transcript,
)
from tests.drops import write_wav
from tests.long_meeting import write_meeting
from tests.people import quick_hashes
from tests.services.test_first_look import waiting
from tests.web.conftest import cookie_of

KEY = "a key for tests, forty characters long"
GIGA = 10**9


@dataclass
class Filled:
    """A running house, what is where in it, and who is signed in how. broken: the system check fails as nobody foresaw."""

    house: House
    cast: Cast
    directory: Path
    app: Flask = field(init=False)
    url: str = ""
    names: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    newcomers: dict[str, Viewer] = field(default_factory=dict)

    def viewers(self) -> dict[str, Viewer]:
        """Those of the cast who look, and three who have next to nothing to see."""
        return {"alice": self.cast.alice, "rita": self.cast.rita, "ada": self.cast.ada} | self.newcomers

    def breathe(self) -> None:
        """Worker, watcher and supervisor give a sign of life, so that no page calls them silent on a slow machine."""
        offers = [
            {"engine": "fun-asr-nano", "languages": ["auto", "zh", "en"]},
            {"engine": "sphinx", "languages": ["en"]},
        ]
        loaded = [{"engine": "fun-asr-nano", "model": "Fun-ASR-Nano-2512", "revision": "v1.2", "device": "cuda:0",
                   "memory_used": 3 * GIGA, "memory_free": 5 * GIGA}]  # fmt: skip
        pull = {"state": "pulling", "model": "Fun-ASR-Nano-2512", "done": GIGA // 2, "total": 2 * GIGA, 
                "message": "Downloading from ModelScope.", "remedy": "", "wish": 1}  # fmt: skip
        models = {"shelf": "nas:/data", "machine": "nas", "here": [], "pull": pull, "heard": 1}
        told = {
            "state": "busy",
            "offers": offers,
            "choice": "auto",
            "engine": "fun-asr-nano",
            "loaded": loaded,
            "models": models,
        }
        beat(self.house, Beat("worker", "nas-1", "boot", told))
        beat(self.house, Beat("watcher", "nas-watch", "boot", {}))
        beat(self.house, Beat("up", "nas", "boot", {}))

    def examine(self) -> Sequence[Finding]:
        """What the system check finds: something of each verdict."""
        if self.broken:
            raise ZeroDivisionError("nobody foresaw this")
        return (
            Finding("python", Verdict.OK, "3.11.2, Linux x86_64"),
            Finding("database", Verdict.NOTE, "There is none yet.", "It is made by the first start: make run"),
            Finding("redis", Verdict.BROKEN, "Redis does not answer.", "It is brought up to date by the next start."),
        )

    def address(self, path: str) -> str:
        """The address of a page, with what stands in {braces} filled in."""
        return self.url + re.sub(r"\{(\w+)\}", lambda found: self.names[found[1]], path)

    def sign_in(self) -> None:
        """Everybody once, and two newcomers: eva whose team is empty, nina who is in none."""
        for name in ("eva", "nina"):
            create_user(self.house, None, NewUser(name, PASSWORD, email=f"{name}@example.org"))
        create_team(self.house, None, "tenor", "男高音")
        add_member(self.house, None, "tenor", "eva", Role.MANAGER)
        with self.house.db.read() as session:
            ids = {user.name: user.id for user in session.query(User).filter(User.name.in_(["eva", "nina"]))}
        self.newcomers = {name: Viewer(user_id, name, False, {}) for name, user_id in ids.items()}
        for name, viewer in self.viewers().items():
            client = self.app.test_client()
            with client.session_transaction(base_url="http://127.0.0.1/") as cookie:
                cookie["_user_id"] = cookie_of(self.house, viewer)
            found = client.get_cookie("nas_asr_session", domain="127.0.0.1")
            assert found is not None
            self.cookies[name] = found.value


@contextmanager
def filled(directory: Path) -> Iterator[Filled]:
    """The house, and a server that answers for it."""
    with pytest.MonkeyPatch.context() as patch:
        quick_hashes(patch)
        house = _new_house(directory)
        it = Filled(house, make_cast(house.db), directory)
        for fill in (_fill_teams, _fill_library, _fill_folders, _fill_archive, _fill_people):
            fill(it)
        setup = WebSetup(
            KEY, trusted_hosts=("127.0.0.1",), examine=it.examine, listen=_listen, streams=40, stage_two=_ready
        )
        it.app = create_app(house, setup)
        it.sign_in()
        with serving(it.app) as it.url:
            yield it
        house.db.close()


@contextmanager
def empty(directory: Path) -> Iterator[str]:
    """The address of a house in which nobody lives yet."""
    directory.mkdir()
    house = _new_house(directory)
    with serving(create_app(house, WebSetup(KEY, trusted_hosts=("127.0.0.1",)))) as url:
        yield url
    house.db.close()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application behind a socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    app.extensions["nas_asr_streams"].closing.set()
    server.shutdown()
    thread.join(10)


def _new_house(directory: Path) -> House:
    db = Database(f"sqlite:///{directory / 'nas_asr.sqlite3'}")
    migrate(db)
    return House(
        db=db, queue=RememberingQueue(), options=Settings(data=directory, timezone="Europe/Berlin"), now=utc_now
    )


def _ready() -> StageTwoView:
    return StageTwoView("ready")


def _listen(_lines: Sequence[str], texts: Sequence[str]) -> list[list[Any]]:
    return [[(text.index("显存"), text.index("显存") + 2, "显存条")] if "显存" in text else [] for text in texts]


def _fill_teams(it: Filled) -> None:
    rename_team(it.house, it.cast.ada, "choir", "销售部")
    rename_team(it.house, it.cast.ada, "garden", "研发中心")
    add_member(it.house, None, "garden", "alice", Role.READER)
    set_hotwords(it.house, it.cast.alice, "choir", clean(["显存", "李娜"]))
    set_hotwords(it.house, it.cast.alice, "choir", clean(["显存", "李娜", "Kubernetes", "IPO = I P O"]))


def _fill_library(it: Filled) -> None:
    share = it.directory / "share"
    it.names["folder"] = folder = make_folder(it.house.db, it.cast.choir, share, language="zh")
    with it.house.db.write() as session:
        session.get_one(Folder, folder).name = "会议录音"
    shutil.copy(SAMPLE, share / "meeting.flac")
    file: dict[str, Any] = {
        "folder_id": folder, "raw_path": b"meeting.flac", "path": "meeting.flac", "container": "flac", "codec": "flac",
        "size_bytes": SAMPLE.stat().st_size, "language": "zh", "recorded_at": it.house.now() - timedelta(days=2),
    }  # fmt: skip
    it.names["meeting"] = meeting = make_recording(it.house, it.cast.choir, "第三季度周例会", **file)
    write_meeting(it.house, meeting, 24, step_ms=1700)
    it.names["long"] = make_recording(it.house, it.cast.choir, "一小时的年会", **file)
    write_meeting(it.house, it.names["long"], 600, step_ms=6000)
    _edit(it, meeting)
    plain = file | {"recorded_at": it.house.now()}
    for state in (RunState.QUEUED, RunState.TRANSCRIBING, RunState.FAILED, RunState.STOPPED):
        name = {"queued": "客户访谈", "transcribing": "产品评审会", "failed": "电话录音", "stopped": "备忘"}[state]
        it.names[state.value] = make_recording(it.house, it.cast.choir, name, **plain)
        _put_into(it, it.names[state.value], state)
    it.names["waits"] = make_recording(it.house, it.cast.choir, "未声明语言的采访", **(plain | {"language": "auto"}))
    with it.house.db.write() as session:
        session.get_one(Run, session.get_one(Recording, it.names["waits"]).run_id).waiting_for = Waiting.MODEL
    it.names["trashed"] = make_recording(it.house, it.cast.choir, "旧的测试录音", **plain)
    write_transcript(it.house, it.names["trashed"], ["测试一下"])
    trash(it.house, it.cast.alice, it.names["trashed"])
    it.names["joined"] = _joined(it, folder)
    it.names["english"] = make_recording(
        it.house, it.cast.choir, "季度英语会议", draft=True, **(file | {"language": "en"})
    )
    write_transcript(it.house, it.names["english"], ["we talk about memory", "we sold a lot"])
    replace_something(it.house, it.names["english"])
    retry(it.house, it.cast.alice, it.names["english"])


def _edit(it: Filled, meeting: str) -> None:
    with it.house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=meeting).order_by(SegmentRow.position).limit(8).all()
        recording = session.get_one(Recording, meeting)
        keep_waveform(session, recording, a_waveform(recording.duration_ms))
        for row in rows[:3]:
            row.confidence, row.flags = 0.3, ["loop"]
    ids = [row.id for row in read_transcript(it.house, it.cast.alice, meeting).transcript.segments]
    edits = [Edit(EditOp.TEXT, id=ids[4], text="我先说一下显存的采购情况。"), Edit(EditOp.SPLIT, id=ids[5], at=4)]
    edit_transcript(it.house, it.cast.alice, meeting, 1, edits)
    edit = Edit(EditOp.SPEAKER, id=ids[6], speaker="赵敏", scope=SpeakerScope.ONE)
    edit_transcript(it.house, it.cast.bob, meeting, 2, [edit])


def _put_into(it: Filled, recording_id: str, state: RunState) -> None:
    with it.house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        run = session.get_one(Run, recording.run_id)
        run.state = recording.state = state
        if state is RunState.TRANSCRIBING:
            run.progress, run.started_at, run.lease_until = 0.4, it.house.now(), it.house.now() + timedelta(hours=2)
        if state is RunState.FAILED:
            run.failure_code, run.failure_message = "internal", "The file is empty."


def _joined(it: Filled, folder: str) -> str:
    made: list[str] = []
    for number in (1, 2, 3, 4):
        name = f"REC00{(number + 1) // 2}_P00{2 - number % 2}.WAV"
        path = write_wav(it.directory / "share" / name, 4)
        recorded = it.house.now() - timedelta(hours=20 if number < 3 else 9) + timedelta(seconds=4 * number)
        one = make_recording(
            it.house, it.cast.choir, name.removesuffix(".WAV"), folder_id=folder, raw_path=name.encode(), path=name,
            container="wav", codec="pcm_s16le", sample_rate=16_000, channels=1, size_bytes=path.stat().st_size,
            duration_ms=4000, recorded_from="container", language="zh", recorded_at=recorded,
        )  # fmt: skip
        write_transcript(it.house, one, [f"第{number}部分", "我们接着说"])
        made.append(one)
    return parts.join(it.house, it.cast.alice, made[0], made[:2])


def _fill_folders(it: Filled) -> None:
    now, folder = it.house.now(), it.names["folder"]
    lines = {
        "2026-11-19 周会.m4a": (LedgerState.INGESTED, ""), "下载中.mp3": (LedgerState.GROWING, "incomplete"),
        "坏文件.wav": (LedgerState.FAILED, "incomplete"), "副本.m4a": (LedgerState.DUPLICATE, ""),
        "._隐藏.m4a": (LedgerState.IGNORED, "hidden"), "丢失.m4a": (LedgerState.INGESTED, ""),
    }  # fmt: skip
    with it.house.db.write() as session:
        for name, (state, code) in lines.items():
            line = LedgerLine(
                id=new_id(), folder_id=folder, raw_path=name.encode(), path=name, size_bytes=1_234_567, mtime_ns=10**18,
                inode=1, state=state, first_seen_at=now, changed_at=now, reason_code=code,
                reason="The file is empty." if state is LedgerState.FAILED else "",
            )  # fmt: skip
            if name == "丢失.m4a":
                line.presence, line.missing_since = Presence.MISSING, now - timedelta(days=3)
            if state is LedgerState.FAILED:
                it.names["line"] = line.id
            session.add(line)
        session.get_one(Folder, folder).last_scan_at = now
    asks = make_folder(it.house.db, it.cast.choir, it.directory / "旧录音", language="zh")
    waiting(it.house, asks, {f"会议 {n:02}.m4a": (n * 9, 14_000_000 + n) for n in range(40)})
    offline = make_folder(it.house.db, it.cast.garden, it.directory / "离线", language="en")
    note_offline(it.house, offline, "The share does not answer.")
    it.names |= {"asks": asks, "offline": offline}


def _fill_archive(it: Filled) -> None:
    save_rule(it.house, it.cast.alice, "choir", RuleOrder(on=True, min_minutes=0, untouched_hours=12))
    night = last_night(it.house.now(), it.house.options.archive_at, it.house.options.timezone)
    with it.house.db.write() as session:
        for days, state in enumerate(("done", "failed", "done"), 1):
            session.add(
                ArchiveRun(
                    id=new_id(), team_id=it.cast.choir, due_at=night - timedelta(days=days), state=state,
                    ended_at=night - timedelta(days=days) + timedelta(minutes=4),
                    failure="The archive's root /volume1/archive is not there." if state == "failed" else "",
                )
            )  # fmt: skip


def _fill_people(it: Filled) -> None:
    for name in ("alice", "bob", "charlie"):
        set_password(it.house, None, name, PASSWORD)
    disable_user(it.house, it.cast.ada, "charlie")
    it.names["invitation"] = make_invitation(it.house, it.cast.alice, "choir", Role.READER).secret
    it.names["reset"] = make_reset(it.house, it.cast.ada, "bob").secret
    it.names["widget"] = create_token(it.house, None, "alice", NewToken("仪表盘", TokenScope.WIDGET))
    it.names["reader"] = create_token(it.house, None, "alice", NewToken("备份脚本", TokenScope.READ, "choir", 30))
    with it.house.db.write() as session:
        session.add(LoginFailure(key="user:mallory", failures=100, last_at=it.house.now()))
