"""Room: tests.watcher. The first look at a folder that asks: nothing is taken before somebody has chosen, nothing is lost."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nas_asr.core.access import Viewer
from nas_asr.core.clock import utc_now
from nas_asr.core.errors import NotAudio, Unreadable
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.first_look import choose, question
from nas_asr.services.folders import FolderOrder, add_folder, list_folders, watched
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.looks import due_looks, note_news
from nas_asr.services.sightings import News, Sighting, Stat
from nas_asr.watcher.headers import HeaderLooks
from nas_asr.watcher.loop import Loop
from tests.cast import Cast, Clock
from tests.drops import SOUND, FakeProbe, lines, recordings, with_settings
from tests.watcher.test_loop import eventually
from tests.watcher.walk import Walk

ADA = Viewer("ada", "ada", True, {})
NAMES = ("board.m4a", "choir.wav", "2019/old.mp3")


@pytest.fixture
def asked(house: House, cast: Cast, share: Path) -> Walk:
    """The watch over a folder with three recordings and a text, that asks."""
    for name in NAMES:
        (share / name).parent.mkdir(exist_ok=True)
        (share / name).write_bytes(SOUND + name.encode())
        os.utime(share / name, (1_700_000_000, 1_700_000_000))
    (share / "notes.txt").write_text("no sound")
    return Walk(house, add_folder(house, cast.ada, FolderOrder("choir", str(share), language="en", since="ask")).id)


def told(walk: Walk) -> None:
    """Somebody may have chosen: the watch hears it, as the loop lets it."""
    walk.rounds.folder = next(folder for folder in watched(walk.house) if folder.id == walk.folder_id)


def chosen(walk: Walk, since: str) -> int:
    taken = choose(walk.house, None, walk.folder_id, since)
    told(walk)
    return taken


def states(walk: Walk) -> dict[str, LedgerState]:
    return {path: line.state for path, line in lines(walk.house).items()}


def test_the_first_look_writes_every_line_and_takes_nothing(asked: Walk) -> None:
    asked.settle()
    asked.wait(3600)
    wanted = dict.fromkeys(NAMES, LedgerState.WAITING_CHOICE) | {"notes.txt": LedgerState.IGNORED}
    assert states(asked) == wanted
    assert (asked.handed_over, asked.probe.asked, recordings(asked.house)) == ([], [], [])
    assert lines(asked.house)["board.m4a"].reason.endswith("to choose.")


def test_everything_that_was_chosen_is_taken_after_it_was_quiet(asked: Walk) -> None:
    asked.look()
    assert chosen(asked, "all") == 3
    asked.wait(5)
    assert recordings(asked.house) == []
    asked.wait(10)
    assert {recording.path for recording in recordings(asked.house)} == set(NAMES)


def test_a_chosen_file_that_is_still_written_to_grows_first(asked: Walk, share: Path) -> None:
    asked.look()
    chosen(asked, "all")
    asked.wait(8)
    with (share / "board.m4a").open("ab") as file:
        file.write(SOUND)
    asked.look()
    asked.wait(6)
    assert states(asked)["board.m4a"] == LedgerState.GROWING
    asked.wait(10)
    assert states(asked)["board.m4a"] == LedgerState.INGESTED


def test_what_was_not_chosen_is_left_out_and_one_of_it_can_be_taken(asked: Walk, cast: Cast) -> None:
    asked.look()
    assert chosen(asked, "now") == 0
    asked.wait(60)
    assert recordings(asked.house) == []
    retry_line(asked.house, cast.bob, lines(asked.house)["choir.wav"].id)
    asked.wait(20)
    assert [recording.path for recording in recordings(asked.house)] == ["choir.wav"]


def test_older_files_can_be_taken_later(asked: Walk) -> None:
    asked.look()
    chosen(asked, "now")
    asked.wait(60)
    assert chosen(asked, "all") == 3
    asked.wait(60)
    assert len(recordings(asked.house)) == 3


def test_one_file_can_be_taken_while_the_question_is_open(asked: Walk, cast: Cast) -> None:
    asked.look()
    retry_line(asked.house, cast.bob, lines(asked.house)["choir.wav"].id)
    asked.wait(20)
    assert [recording.path for recording in recordings(asked.house)] == ["choir.wav"]
    assert chosen(asked, "all") == 2


def test_what_comes_while_the_question_is_open_is_taken(asked: Walk, share: Path) -> None:
    asked.look()
    (share / "today.m4a").write_bytes(SOUND)
    asked.settle()
    assert [recording.path for recording in recordings(asked.house)] == ["today.m4a"]
    assert states(asked)["board.m4a"] == LedgerState.WAITING_CHOICE


def test_a_nas_that_touches_a_waiting_file_does_not_choose_it(asked: Walk, share: Path) -> None:
    asked.look()
    for name in NAMES:
        os.utime(share / name)
    asked.settle()
    asked.wait(120)
    assert {states(asked)[name] for name in NAMES} == {LedgerState.WAITING_CHOICE}
    assert recordings(asked.house) == []
    chosen(asked, "all")
    asked.wait(60)
    assert len(recordings(asked.house)) == 3


def test_a_file_that_is_still_copied_at_the_first_look_is_new_and_taken_whole(asked: Walk, share: Path) -> None:
    asked.look()
    with (share / "board.m4a").open("ab") as file:
        file.write(SOUND)
    asked.settle()
    assert [recording.size_bytes for recording in recordings(asked.house)] == [2 * len(SOUND) + len("board.m4a")]


def test_a_waiting_file_that_goes_and_comes_back_is_still_taken(asked: Walk, share: Path, tmp_path: Path) -> None:
    asked.look()
    (share / "board.m4a").rename(tmp_path / "board.m4a")
    asked.look()
    assert question(asked.house, ADA, asked.folder_id).files == 2
    chosen(asked, "all")
    asked.wait(60)
    (tmp_path / "board.m4a").rename(share / "board.m4a")
    asked.look()
    asked.wait(60)
    assert states(asked)["board.m4a"] == LedgerState.INGESTED


def test_a_growing_file_that_went_and_came_back_unchanged_is_taken(walk: Walk, share: Path, tmp_path: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    (share / "talk.m4a").rename(tmp_path / "talk.m4a")
    walk.look()
    (tmp_path / "talk.m4a").rename(share / "talk.m4a")
    walk.look()
    walk.wait(60)
    assert states(walk)["talk.m4a"] == LedgerState.INGESTED


@pytest.mark.parametrize(("since", "taken"), [("all", 3), ("now", 0), ("2023-11-01", 3), ("2024-01-01", 0)])
def test_who_chooses_before_the_first_look_gets_the_same(asked: Walk, since: str, taken: int) -> None:
    choose(asked.house, None, asked.folder_id, since)  # the watch has not heard of it when it looks
    asked.look()
    told(asked)
    asked.wait(60)
    assert len(recordings(asked.house)) == taken
    left = [path for path, line in lines(asked.house).items() if line.reason_code == "older"]
    assert len(left) == 3 - taken


def test_an_empty_folder_asks_nothing_and_takes_what_comes(house: House, cast: Cast, share: Path) -> None:
    (share / "notes.txt").write_text("no sound")
    walk = Walk(house, add_folder(house, cast.ada, FolderOrder("choir", str(share), since="ask")).id)
    walk.look()
    (folder,) = list_folders(house, None)
    assert not folder.awaiting_choice
    assert folder.since == folder.last_scan_at
    (share / "talk.m4a").write_bytes(SOUND)
    os.utime(share / "talk.m4a", (0, 0))
    walk.settle()
    assert [recording.path for recording in recordings(house)] == ["talk.m4a"]


def test_the_question_survives_a_restart(asked: Walk, share: Path) -> None:
    asked.look()
    after = Walk(asked.house, asked.folder_id)
    (share / "today.m4a").write_bytes(SOUND)
    after.settle()
    after.wait(120)
    assert states(after)["board.m4a"] == LedgerState.WAITING_CHOICE
    assert after.handed_over == [b"today.m4a"]


def test_ten_thousand_chosen_files_are_taken_without_another_folder_waiting(
    asked: Walk, cast: Cast, tmp_path: Path
) -> None:
    """The wishes that are passed on are so many of each folder, not of all."""
    clock = asked.house.now
    assert isinstance(clock, Clock)
    many = [Sighting(f"{i}.mp3".encode(), Stat(1, 1, i)) for i in range(10_000)]
    for part in News(waiting=many).parts():
        note_news(asked.house, asked.folder_id, part)
    (tmp_path / "other").mkdir()
    other = add_folder(asked.house, cast.ada, FolderOrder("garden", str(tmp_path / "other"))).id
    assert choose(asked.house, None, asked.folder_id, "all") == 10_000
    clock.pass_seconds(11)
    note_news(asked.house, other, News(growing=[Sighting(b"one.mp3", Stat(1, 1, 1))]))
    clock.pass_seconds(11)
    due = due_looks(asked.house)
    assert due[other] == [b"one.mp3"]
    assert 0 < len(due[asked.folder_id]) <= 500


# -- headers ----------------------------------------------------------------------------------------------------------


class Hearing(FakeProbe):
    """Knows lengths by name; stops at a gate that the test opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.at_gate = threading.Event()

    def __call__(self, path: bytes, root: bytes) -> MediaInfo:
        """What is in the header."""
        self.asked.append(path[len(root) + 1 :])
        self.at_gate.set()
        assert self.gate.wait(20)
        if path.endswith(b"wav"):
            raise NotAudio("There is no sound in the file.", "Record again.")
        if path.endswith(b"mp3"):
            raise Unreadable("The share does not answer.")
        return MediaInfo(90_000, "mov", "aac", 16_000, 1)


@pytest.fixture
def live(house: House) -> House:
    """A house in real time."""
    return replace(with_settings(house, settle_seconds=0.5, scan_seconds=3600.0), now=utc_now)


@pytest.fixture
def hearing(live: House) -> Iterator[Hearing]:
    """The loop over all folders, with that probe."""
    probe, stop = Hearing(), threading.Event()
    thread = threading.Thread(target=Loop(live, probe).run, args=(stop,))
    thread.start()
    yield probe
    probe.gate.set()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def fill(share: Path) -> None:
    for name in ("board.m4a", "choir.wav", "old.mp3"):
        (share / name).write_bytes(SOUND + name.encode())


def test_headers_are_looked_into_one_at_a_time_and_hold_up_nothing(
    live: House, cast: Cast, share: Path, hearing: Hearing
) -> None:
    fill(share)
    add_folder(live, cast.ada, FolderOrder("choir", str(share), language="en", since="ask"))
    eventually(hearing.at_gate.is_set)
    (share / "today.m4b").write_bytes(SOUND)
    eventually(lambda: "today.m4b" in lines(live))
    assert len([raw for raw in hearing.asked if raw != b"today.m4b"]) == 1
    hearing.gate.set()
    eventually(lambda: len(hearing.asked) >= 4)
    eventually(lambda: lines(live)["board.m4a"].duration_ms == 90_000 and lines(live)["choir.wav"].duration_ms == 0)
    assert lines(live)["old.mp3"].duration_ms is None  # the share's trouble, not the file's
    assert {line.state for path, line in lines(live).items() if path != "today.m4b"} == {LedgerState.WAITING_CHOICE}


def test_nobody_goes_on_looking_when_somebody_has_chosen(
    live: House, cast: Cast, share: Path, hearing: Hearing
) -> None:
    fill(share)
    folder = add_folder(live, cast.ada, FolderOrder("choir", str(share), language="en", since="ask")).id
    eventually(hearing.at_gate.is_set)
    choose(live, None, folder, "now")
    hearing.gate.set()
    eventually(lambda: not any(thread.name == f"headers-{folder}" for thread in threading.enumerate()))
    assert len(hearing.asked) == 1


def test_a_look_into_headers_ends_with_its_sample(asked: Walk) -> None:
    asked.look()
    probe = FakeProbe()
    folder = asked.rounds.folder
    looks = HeaderLooks(asked.house, folder, probe)
    looks.start()
    eventually(lambda: not any(thread.name == f"headers-{folder.id}" for thread in threading.enumerate()))
    assert sorted(probe.asked) == sorted(name.encode() for name in NAMES)
    assert question(asked.house, ADA, folder.id).choices[0].duration_ms == 3 * 40_000


def test_renaming_files_that_nobody_has_chosen_chooses_none_of_them(asked: Walk, share: Path) -> None:
    asked.settle()
    (share / "2019").rename(share / "archive")
    (share / "board.m4a").rename(share / "2019-03-01 board.m4a")
    asked.settle()
    (share / "2019-03-01 board.m4a").rename(share / "2019-03-02 board.m4a")
    asked.settle()
    asked.wait(3600)
    assert states(asked) | {"2019/old.mp3": LedgerState.WAITING_CHOICE} == states(asked)
    assert states(asked)["archive/old.mp3"] == states(asked)["2019-03-02 board.m4a"] == LedgerState.WAITING_CHOICE
    assert (asked.probe.asked, recordings(asked.house)) == ([], [])
    assert chosen(asked, "all") == 3
    asked.wait(60)
    assert sorted(recording.path for recording in recordings(asked.house)) == [
        "2019-03-02 board.m4a", "archive/old.mp3", "choir.wav"
    ]  # fmt: skip


def test_what_was_left_out_stays_so_under_another_name_until_somebody_asks(asked: Walk, share: Path) -> None:
    asked.settle()
    chosen(asked, "now")
    (share / "2019").rename(share / "archive")
    (share / "copy.m4a").write_bytes(SOUND + b"board.m4a")
    asked.settle()
    line = lines(asked.house)["archive/old.mp3"]
    assert (line.state, line.reason_code) == (LedgerState.IGNORED, "older")
    assert [recording.path for recording in recordings(asked.house)] == ["copy.m4a"]
    retry_line(asked.house, None, line.id)
    asked.rounds.ask(due_looks(asked.house)[asked.folder_id])
    asked.wait(60)
    assert lines(asked.house)["archive/old.mp3"].state == LedgerState.INGESTED
