"""Room: tests.services. Which of a folder's first files are taken: the numbers of each answer, and what an answer does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from nas_asr.core.errors import Invalid, NotPermitted, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence, RunState
from nas_asr.services.base import House
from nas_asr.services.first_look import Choice, choose, question
from nas_asr.services.header_looks import headers_to_look_into, note_header
from nas_asr.services.looks import due_looks
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine, Folder, LedgerLine, Recording, Run
from tests.cast import START, Cast, make_cast, make_folder, make_recording
from tests.drops import with_settings

DAY_NS = 86_400 * 10**9
NOW_NS = int(START.timestamp()) * 10**9


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, house: House) -> Iterator[House]:
    """The tests' house on either database."""
    if request.param == "postgres":
        database: Database = request.getfixturevalue("postgres")
        house = House(db=database, queue=house.queue, options=house.options, now=house.now)
    yield with_settings(house, settle_seconds=10.0)


@pytest.fixture
def cast(house: House) -> Cast:
    """Everybody, in that database."""
    return make_cast(house.db)


def waiting(house: House, folder_id: str, names: dict[str, tuple[int, int]]) -> None:
    """Lines as the first look leaves them: name -> (age in days, bytes)."""
    with house.db.write() as session:
        folder = session.get_one(Folder, folder_id)
        folder.awaiting_choice, folder.last_scan_at = True, house.now()
        session.add_all(
            LedgerLine(
                id=new_id(), folder_id=folder_id, raw_path=name.encode(), path=name, size_bytes=size,
                mtime_ns=NOW_NS - age * DAY_NS, inode=1, state=LedgerState.WAITING_CHOICE, first_seen_at=START,
                changed_at=START,
            )
            for name, (age, size) in names.items()
        )  # fmt: skip


@pytest.fixture
def folder(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder of the choir that asks, with files of several ages."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "share")
    names = {"today.mp3": (0, 1_000), "week.mp3": (5, 2_000), "month.WAV": (20, 64_000), "old.wav": (400, 32_000)}
    waiting(house, folder_id, names)
    return folder_id


def states(house: House, folder_id: str) -> dict[str, LedgerState]:
    with house.db.read() as session:
        lines = session.scalars(select(LedgerLine).where(LedgerLine.folder_id == folder_id)).all()
        return {line.path: line.state for line in lines}


def named(house: House, cast: Cast, folder_id: str, picked: str = "") -> dict[str, Choice]:
    return {choice.name: choice for choice in question(house, cast.alice, folder_id, picked).choices}


def look_into(house: House, folder_id: str, ms_per_byte: float) -> int:
    found = headers_to_look_into(house, folder_id)
    with house.db.read() as session:
        sizes = {line.id: line.size_bytes for line in session.scalars(select(LedgerLine))}
    return sum(note_header(house, line_id, round(sizes[line_id] * ms_per_byte)) for line_id, _ in found.files)


def test_each_answer_says_how_many_files_and_how_large(house: House, cast: Cast, folder: str) -> None:
    told = {name: (one.files, one.size_bytes) for name, one in named(house, cast, folder, "2026-11-15").items()}
    assert told == {
        "all": (4, 99_000), "week": (2, 3_000), "month": (3, 67_000), "year": (3, 67_000), "picked": (2, 3_000), "now": (0, 0),
    }  # fmt: skip


def test_hours_are_known_when_headers_were_looked_into(house: House, cast: Cast, folder: str) -> None:
    assert named(house, cast, folder)["all"].duration_ms is None
    assert look_into(house, folder, 36.0) == 4
    told = named(house, cast, folder)
    assert (told["all"].duration_ms, told["all"].exact) == (99_000 * 36, True)
    assert told["week"].duration_ms == 3_000 * 36
    assert question(house, cast.alice, folder).looked_into == 4


def test_what_was_not_looked_into_counts_by_the_bytes_of_its_kind(house: House, cast: Cast, folder: str) -> None:
    with house.db.write() as session:
        for name, rate in (("today.mp3", 100), ("old.wav", 1)):
            line = session.scalars(select(LedgerLine).where(LedgerLine.path == name)).one()
            line.duration_ms = line.size_bytes * rate
    told = named(house, cast, folder)["all"]
    assert told.duration_ms == 3_000 * 100 + 96_000 * 1
    assert not told.exact


def test_the_time_until_it_is_done_is_by_the_measured_speed_and_counts_what_waits(
    house: House, cast: Cast, folder: str
) -> None:
    look_into(house, folder, 1000.0)  # 99 000 s
    assert named(house, cast, folder)["all"].eta_seconds == 99_000 / 4  # the usual speed, until some was measured
    done = make_recording(house, cast.garden, duration_ms=600_000)
    make_recording(house, cast.garden, duration_ms=1_000_000)
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, done).run_id)
        run.state, run.started_at, run.ended_at = RunState.DONE, START - timedelta(seconds=60), START
    assert named(house, cast, folder)["all"].eta_seconds == (99_000 + 1_000) / 10


def test_who_may_not_choose_learns_nothing_of_what_other_teams_have_to_do(
    house: House, cast: Cast, folder: str
) -> None:
    look_into(house, folder, 1000.0)
    for viewer in (cast.bob, cast.rita):
        assert {choice.eta_seconds for choice in question(house, viewer, folder).choices} == {None}


def test_no_time_is_promised_where_no_engine_serves_the_language(house: House, cast: Cast, folder: str) -> None:
    look_into(house, folder, 1000.0)
    with house.db.write() as session:
        session.get_one(Folder, folder).language = "zh"
    asked = question(house, cast.alice, folder)
    assert asked.waits_for_model
    assert {choice.eta_seconds for choice in asked.choices} == {None}


def test_everything_settles_as_usual_before_it_is_taken(house: House, cast: Cast, folder: str) -> None:
    assert choose(house, cast.alice, folder, "all") == 4
    assert set(states(house, folder).values()) == {LedgerState.GROWING}
    assert due_looks(house) == {}
    later = House(house.db, house.queue, house.options, lambda: house.now() + timedelta(seconds=11))
    assert len(due_looks(later)[folder]) == 4


def test_newer_than_a_date_leaves_the_others_out_with_a_sentence(house: House, cast: Cast, folder: str) -> None:
    assert choose(house, cast.ada, folder, "2026-11-01") == 3
    assert states(house, folder)["old.wav"] == LedgerState.IGNORED
    with house.db.read() as session:
        line = session.scalars(select(LedgerLine).where(LedgerLine.path == "old.wav")).one()
        assert (line.reason_code, line.reason[-1]) == ("older", ".")


def test_from_now_on_takes_none_and_they_can_be_taken_later(house: House, cast: Cast, folder: str) -> None:
    assert choose(house, None, folder, "now") == 0
    assert set(states(house, folder).values()) == {LedgerState.IGNORED}
    left_out = question(house, cast.alice, folder)
    assert (left_out.open, left_out.files) == (False, 4)
    assert "now" not in {choice.name for choice in left_out.choices}
    assert choose(house, cast.alice, folder, "2026-11-01") == 3
    assert choose(house, cast.alice, folder, "all") == 1
    assert question(house, cast.alice, folder).files == 0


def test_the_same_answer_twice_takes_nothing_twice_and_is_audited_once(house: House, cast: Cast, folder: str) -> None:
    assert [choose(house, cast.alice, folder, "all") for _ in range(2)] == [4, 0]
    with house.db.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "folder.files_chosen")).all()
        assert [(line.actor, line.detail) for line in lines] == [("alice", {"since": "all", "files": "4"})]


def test_a_later_now_takes_back_nothing(house: House, cast: Cast, folder: str) -> None:
    choose(house, cast.alice, folder, "all")
    assert choose(house, cast.alice, folder, "now") == 0
    assert set(states(house, folder).values()) == {LedgerState.GROWING}


def test_members_cannot_choose_and_outsiders_see_no_question(house: House, cast: Cast, folder: str) -> None:
    for viewer in (cast.bob, cast.rita):
        assert not question(house, viewer, folder).may_choose
        with pytest.raises(NotPermitted):
            choose(house, viewer, folder, "all")
    for deed in (lambda: choose(house, cast.charlie, folder, "all"), lambda: question(house, cast.charlie, folder)):
        with pytest.raises(NotVisible):
            deed()
    assert set(states(house, folder).values()) == {LedgerState.WAITING_CHOICE}


@pytest.mark.parametrize("since", ["", "  ", "ask", "yesterday"])
def test_what_is_no_answer_is_refused_and_changes_nothing(house: House, cast: Cast, folder: str, since: str) -> None:
    if since.startswith("0001"):
        assert (
            choose(house, cast.alice, folder, "0002-01-01") == 4
        )  # before any file, and before 64 bits of nanoseconds
        return
    with pytest.raises(Invalid) as refused:
        choose(house, cast.alice, folder, since)
    assert refused.value.field == "since" and refused.value.remedy
    assert set(states(house, folder).values()) == {LedgerState.WAITING_CHOICE}


def test_a_date_that_no_file_system_has_is_before_every_file(house: House, cast: Cast, folder: str) -> None:
    assert choose(house, cast.alice, folder, "0002-01-01") == 4


def test_a_file_that_is_gone_is_not_counted_and_is_taken_when_it_comes_back(
    house: House, cast: Cast, folder: str
) -> None:
    with house.db.write() as session:
        session.scalars(select(LedgerLine).where(LedgerLine.path == "old.wav")).one().presence = Presence.MISSING
    assert named(house, cast, folder)["all"].files == 3
    assert choose(house, cast.alice, folder, "all") == 3
    assert states(house, folder)["old.wav"] == LedgerState.GROWING


def test_ten_thousand_files_are_chosen_in_a_handful_of_statements(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "large")
    waiting(house, folder, {f"{i}.mp3": (i % 400, 1000 + i) for i in range(10_000)})
    said: list[str] = []
    event.listen(house.db.engine, "before_cursor_execute", lambda *about: said.append(about[2]))
    taken = choose(house, cast.alice, folder, "2026-11-01")
    assert len(said) < 15
    with house.db.read() as session:
        left = session.scalar(select(func.count()).where(LedgerLine.state == LedgerState.IGNORED))
    assert taken == 21 * 25 and left == 10_000 - taken


def test_the_sample_is_bounded_and_holds_every_kind_and_size(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "large")
    many = {f"{i}.mp3": (1, 5_000_000) for i in range(900)}
    rare = {"a.b/no ending": (1, 4), "one.m4a": (1, 10**9), "two.MP3": (1, 10), "日.opus": (1, 7_000)}
    waiting(house, folder, many | rare)
    files = headers_to_look_into(house, folder).files
    assert len(files) == 500
    assert {raw.decode() for _, raw in files} > set(rare)
    for line_id, _ in files[:100]:
        note_header(house, line_id, 1)
    assert set(headers_to_look_into(house, folder).files) == set(files[100:])


def test_nobody_looks_into_headers_once_somebody_has_chosen(house: House, cast: Cast, folder: str) -> None:
    ((line_id, _), *_) = headers_to_look_into(house, folder).files
    choose(house, cast.alice, folder, "now")
    assert not note_header(house, line_id, 5)
    assert not headers_to_look_into(house, folder).open
