"""Room: tests.watcher. Nothing is silently skipped: every file has its line, and so has every folder that is not looked into."""

import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import event

from nas_asr.core.errors import Conflict
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.media import open_folder
from nas_asr.services.folders import list_folders
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.looks import due_looks
from nas_asr.watcher.mounts import Ground
from tests.cast import Cast
from tests.drops import SOUND, lines, recordings, with_settings
from tests.watcher.walk import Walk


def writes(walk: Walk) -> list[str]:
    """Statements that change the ledger, from now on."""
    found: list[str] = []

    def heard(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if " ledger" in statement and not statement.lstrip().startswith("SELECT"):
            found.append(statement)

    event.listen(walk.house.db.engine, "before_cursor_execute", heard)
    return found


def closed_folder(monkeypatch: pytest.MonkeyPatch, name: bytes) -> None:
    """Root may read everything, so the refusal is made."""

    def closed(root: bytes, below: bytes = b"") -> int:
        if below == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_folder(root, below)

    monkeypatch.setattr("nas_asr.watcher.scan.open_folder", closed)


def test_whatever_lies_there_has_a_line_that_says_why_it_is_not_taken(walk: Walk, share: Path) -> None:
    for name in (".DS_Store", "._talk.m4a", "~$plan.docx", "Thumbs.db", "x.tmp", ".hidden.m4a", "plan.docx"):
        (share / name).write_bytes(b"x")
    (share / "@eaDir").mkdir()
    (share / ".Trashes").mkdir()
    for number in range(200):
        (share / "@eaDir" / f"{number}.m4a").write_bytes(SOUND)
        (share / ".Trashes" / f"{number}.m4a").write_bytes(SOUND)
    (share / "link").symlink_to(share / "@eaDir")
    os.mkfifo(share / "pipe")
    walk.settle()
    found = {path: (line.state, line.reason_code) for path, line in lines(walk.house).items()}
    ignored = LedgerState.IGNORED
    assert found == {
        ".DS_Store": (ignored, "system"), "._talk.m4a": (ignored, "system"), "~$plan.docx": (ignored, "system"),
        "Thumbs.db": (ignored, "system"), "x.tmp": (ignored, "unfinished"), ".hidden.m4a": (ignored, "hidden"),
        "plan.docx": (ignored, "other_kind"), "@eaDir/": (ignored, "system_folder"),
        ".Trashes/": (ignored, "hidden_folder"), "link": (ignored, "link"), "pipe": (ignored, "special"),
    }  # fmt: skip
    assert all(line.reason.endswith(".") for line in lines(walk.house).values())
    assert recordings(walk.house) == []


def test_a_folder_with_a_line_of_its_own_is_written_down_once(walk: Walk, share: Path) -> None:
    (share / "@eaDir").mkdir()
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "@eaDir" / "talk.m4a@SynoEAStream").write_bytes(b"x")
    written = writes(walk)
    walk.wait(600)
    assert written == []
    (share / "@eaDir" / "talk.m4a@SynoEAStream").unlink()
    (share / "@eaDir").rmdir()
    walk.look()
    assert lines(walk.house)["@eaDir/"].presence == Presence.MISSING
    (share / "@eaDir").mkdir()
    walk.look()
    assert lines(walk.house)["@eaDir/"].presence == Presence.PRESENT


def test_a_restart_writes_no_line_of_what_is_as_it_was(walk: Walk, share: Path) -> None:
    (share / "@eaDir").mkdir()
    (share / ".DS_Store").write_bytes(b"x")
    (share / "link.m4a").symlink_to(share / "nowhere")
    walk.settle()
    after = Walk(walk.house, walk.folder_id)
    written = writes(after)
    after.settle()
    assert written == []


def test_a_folder_that_may_not_be_read_names_who_may_not_and_when_it_is_tried_again(
    walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (share / "private").mkdir()
    (share / "private" / "talk.m4a").write_bytes(SOUND)
    (share / "talk.m4a").write_bytes(SOUND + b"2")
    with monkeypatch.context() as patch:
        closed_folder(patch, b"private")
        walk.settle()
        walk.wait(300)
        line = lines(walk.house)["private/"]
        assert (line.state, line.presence) == (LedgerState.FAILED, Presence.PRESENT)
        assert f"user number {os.geteuid()}" in line.reason
        assert line.next_look_at is not None
        assert 0 < (line.next_look_at - walk.house.now()).total_seconds() <= walk.house.options.scan_seconds
        walk.house.now.pass_seconds(3600)  # type: ignore[attr-defined]
        assert due_looks(walk.house) == {}  # looks through the folder try it, not looks at files
        assert [r.path for r in recordings(walk.house)] == ["talk.m4a"]
    walk.wait(60)
    assert sorted(r.path for r in recordings(walk.house)) == ["private/talk.m4a", "talk.m4a"]
    line = lines(walk.house)["private/"]
    assert (line.state, line.presence) == (LedgerState.IGNORED, Presence.MISSING)


def test_what_lies_in_a_folder_that_cannot_be_read_any_more_is_not_missing(
    walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (share / "private").mkdir()
    (share / "private" / "talk.m4a").write_bytes(SOUND)
    (share / "other.m4a").write_bytes(SOUND + b"2")
    walk.settle()
    with monkeypatch.context() as patch:
        closed_folder(patch, b"private")
        walk.wait(60)
        assert lines(walk.house)["private/talk.m4a"].presence == Presence.PRESENT
        assert lines(walk.house)["private/"].state == LedgerState.FAILED
    walk.wait(60)
    with monkeypatch.context() as patch:  # and once more: the old line counts again
        closed_folder(patch, b"private")
        walk.wait(60)
        line = lines(walk.house)["private/"]
        assert (line.state, line.presence) == (LedgerState.FAILED, Presence.PRESENT)


@pytest.mark.parametrize("name", ["@eaDir/", "link", "pipe"])
def test_somebody_who_asks_for_what_is_no_file_is_told_why_not_and_it_stays_ignored(
    walk: Walk, share: Path, cast: Cast, name: str
) -> None:
    (share / "@eaDir").mkdir()
    (share / "link").symlink_to(share / "nowhere")
    os.mkfifo(share / "pipe")
    walk.settle()
    before = lines(walk.house)[name]
    with pytest.raises(Conflict):
        retry_line(walk.house, cast.bob, before.id)
    walk.wait(60)
    line = lines(walk.house)[name]
    assert (line.state, line.reason_code) == (LedgerState.IGNORED, before.reason_code)
    assert due_looks(walk.house) == {}


def test_a_share_with_nothing_left_but_what_every_disk_has_is_not_taken_for_an_emptied_one(
    walk: Walk, share: Path, tmp_path: Path
) -> None:
    (share / "lost+found").mkdir()
    (share / ".DS_Store").write_bytes(b"x")
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    share.rename(tmp_path / "before")
    (share / "lost+found").mkdir(parents=True)
    (share / ".DS_Store").write_bytes(b"x")
    walk.look()
    assert [folder.online for folder in list_folders(walk.house, None)] == [False]
    assert lines(walk.house)["talk.m4a"].presence == Presence.PRESENT


# -- how long a file has to be quiet --------------------------------------------------------------------------------------


@pytest.fixture
def patient(walk: Walk) -> Walk:
    """A walk with a long settle time, so that an hour has fewer steps."""
    return Walk(with_settings(walk.house, settle_seconds=100.0), walk.folder_id)


def test_a_copy_that_takes_an_hour_is_taken_after_the_hour_and_not_before(patient: Walk, share: Path) -> None:
    with (share / "talk.m4a").open("wb", buffering=0) as file:
        for _ in range(40):  # every ninety seconds a piece
            file.write(SOUND)
            os.utime(share / "talk.m4a", (patient.now, patient.now))
            patient.wait(90)
            assert patient.handed_over == []
            assert lines(patient.house)["talk.m4a"].state == LedgerState.GROWING
    patient.settle()
    assert [r.size_bytes for r in recordings(patient.house)] == [40 * len(SOUND)]
    assert patient.handed_over == [b"talk.m4a"]


def test_a_preallocated_file_whose_size_never_changes_is_taken_when_its_time_stands_still(
    patient: Walk, share: Path
) -> None:
    """SMB clients make room first: the size is the final one from the first moment on."""
    path = share / "talk.m4a"
    path.write_bytes(SOUND.ljust(4096, b"\0"))
    for second in range(0, 3600, 90):
        os.utime(path, (second, second))
        patient.wait(90)
        assert patient.handed_over == []
    patient.settle()
    assert [r.size_bytes for r in recordings(patient.house)] == [4096]


def test_an_m4a_without_its_index_grows_until_the_deadline_then_fails_and_is_taken_when_completed(
    walk: Walk, share: Path
) -> None:
    path = share / "talk.m4a"
    path.write_bytes(b"HALF")  # the probe says: the index at its end is missing
    for _minute in range(30):
        with path.open("ab") as file:
            file.write(b"more")
        walk.wait(60)
        assert lines(walk.house)["talk.m4a"].state == LedgerState.GROWING
    walk.wait(700)
    line = lines(walk.house)["talk.m4a"]
    assert (line.state, line.reason_code) == (LedgerState.FAILED, "incomplete")
    path.write_bytes(SOUND)
    walk.settle()
    assert lines(walk.house)["talk.m4a"].state == LedgerState.INGESTED


def test_on_a_share_of_another_machine_a_file_has_to_be_quiet_three_times_as_long(
    walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_asr.watcher.rounds.ground_of", lambda _path: Ground("cifs", network=True, events=False))
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    line = lines(walk.house)["talk.m4a"]
    assert line.next_look_at is not None
    assert (line.next_look_at - walk.house.now()).total_seconds() == 30
    walk.wait(29)
    assert walk.handed_over == []
    walk.wait(2)
    assert walk.handed_over == [b"talk.m4a"]


def test_a_folder_that_becomes_a_share_while_it_is_watched_is_treated_as_one(
    walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk.look()
    assert walk.rounds.ground.network is False
    monkeypatch.setattr("nas_asr.watcher.rounds.ground_of", lambda _path: Ground("nfs", network=True, events=False))
    walk.wait(60)
    assert walk.rounds.every_s == walk.house.options.scan_seconds
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    walk.wait(29)
    assert walk.handed_over == []


def test_looks_come_sooner_after_news_and_at_the_set_interval_later(walk: Walk, share: Path) -> None:
    (share / "plan.txt").write_bytes(b"x")
    walk.look()
    assert walk.rounds.every_s < 3
    walk.wait(300)
    assert walk.rounds.every_s == walk.house.options.scan_seconds


# -- clocks ---------------------------------------------------------------------------------------------------------------


def test_a_file_that_was_growing_when_we_stopped_is_taken_after_its_settle_time_though_the_clock_was_set_back(
    walk: Walk, share: Path
) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    walk.house.now.pass_seconds(-5400)  # type: ignore[attr-defined]
    after = Walk(walk.house, walk.folder_id)
    after.settle()
    assert [r.path for r in recordings(walk.house)] == ["talk.m4a"]


def test_an_unreadable_file_is_tried_again_though_the_clock_was_set_back(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(b"LOST")
    walk.settle()
    tries = len(walk.probe.asked)
    walk.house.now.pass_seconds(-86_400)  # type: ignore[attr-defined]
    walk.wait(2)
    assert len(walk.probe.asked) > tries


def test_a_clock_that_is_set_does_not_hasten_a_file_that_waits(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    walk.house.now.pass_seconds(86_400)  # type: ignore[attr-defined]
    walk.wait(9)
    assert walk.handed_over == []
    walk.wait(2)
    assert walk.handed_over == [b"talk.m4a"]
