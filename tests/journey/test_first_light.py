"""Room: tests.journey. A recording dropped into a team's folder is read in the browser; everything is real."""

import os
import shutil
import signal
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import PASSWORD, SAMPLE, Browser, Live, living, wait_for


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house of this module's own, set up through its first page."""
    with living(tmp_path_factory.mktemp("first light") / "data") as house:
        browser = Browser(house.base)
        answer = browser.post(
            "/setup",
            "/setup",
            admin="ada",
            password=PASSWORD,
            password_again=PASSWORD,
            team_name="Choir",
            language="en",
        )
        assert answer.status == 200, answer.text
        yield house


@pytest.fixture(scope="module")
def ada(live: Live) -> Browser:
    """The admin, signed in through the form."""
    browser = Browser(live.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    assert browser.get("/api/v1/teams").status == 200
    return browser


@pytest.fixture(scope="module")
def dropped(live: Live, ada: Browser) -> str:
    """The sample meeting, dropped into the team's folder and done; the id of its recording."""
    folder = live.data / "recordings" / "choir"
    shutil.copy(SAMPLE, folder / "Monday meeting.flac")
    at = time.monotonic()

    def listed() -> list[dict[str, str]]:
        items: list[dict[str, str]] = ada.get("/api/v1/recordings").json["items"]
        return items

    wait_for(listed, 1 + 3 + 3, "the drop is listed")  # settle time, three seconds, and three for a busy machine
    assert time.monotonic() - at < 10
    done = wait_for(lambda: [r for r in listed() if r["state"] == "done"], 120, f"it is done\n{live.logs()}")
    return done[0]["id"]


def test_after_setup_there_is_no_setup_page(live: Live) -> None:
    assert Browser(live.base).get("/setup").status == 404


def test_the_words_are_on_the_page(ada: Browser, dropped: str) -> None:
    page = ada.get(f"/recordings/{dropped}").text
    spoken = SAMPLE.with_suffix(".txt").read_text("utf-8").lower()
    for word in ("meeting", "berlin"):
        assert word in spoken and word in page.lower()
    assert "built-in English engine" in page


def test_search_finds_the_word_and_opens_at_its_second(ada: Browser, dropped: str) -> None:
    hit = ada.get("/api/v1/search?q=berlin").json["items"][0]
    assert hit["recording_id"] == dropped
    start, end = hit["highlights"][0]
    assert hit["text"][start:end].lower() == "berlin"
    page = ada.get("/search?q=berlin").text
    assert f"/recordings/{dropped}?t=" in page and "<mark>" in page


def test_the_srt_has_the_words_and_times(ada: Browser, dropped: str) -> None:
    answer = ada.get(f"/api/v1/recordings/{dropped}/export?format=srt")
    assert answer.status == 200
    assert answer.text.startswith("1\n00:00:0") and "berlin" in answer.text.lower()


def test_the_audio_is_served_in_parts(ada: Browser, dropped: str) -> None:
    answer = ada.get(f"/api/v1/recordings/{dropped}/audio", Range="bytes=0-99")
    assert answer.status == 206 and len(answer.body) == 100
    assert answer.body == SAMPLE.read_bytes()[:100]


def test_what_was_heard_is_drawn(ada: Browser, dropped: str) -> None:
    """Wherever there are words there was speech."""
    drawn = ada.get(f"/api/v1/recordings/{dropped}/waveform").json
    segments = ada.get(f"/api/v1/recordings/{dropped}/transcript").json["segments"]
    assert drawn["step_ms"] == 50 and len(b64decode(drawn["peaks"])) == -(-drawn["duration_ms"] // 50)
    assert len(drawn["speech"]) > 3
    for segment in segments:
        assert any(start < segment["end_ms"] and end > segment["start_ms"] for start, end in drawn["speech"])


def test_an_outsider_finds_nothing(live: Live, dropped: str) -> None:
    live.run("user", "add", "charlie", "--password-stdin", stdin=PASSWORD)
    charlie = Browser(live.base)
    charlie.post("/login", "/login", name="charlie", password=PASSWORD)
    assert charlie.get(f"/recordings/{dropped}").status == 404
    assert charlie.get(f"/api/v1/recordings/{dropped}/audio").status == 404
    assert charlie.get("/api/v1/search?q=berlin").json["items"] == []


def test_a_recording_nobody_declared_english_waits_and_has_no_text(live: Live, ada: Browser) -> None:
    live.run("team", "add", "garden")
    live.run("member", "add", "garden", "ada", "--role", "manager")
    folder = live.data.parent / "undeclared"
    folder.mkdir()
    live.run("folder", "add", "garden", str(folder))
    shutil.copy(SAMPLE, folder / "会议 录音.flac")

    def waiting() -> list[dict[str, str]]:
        items = ada.get("/api/v1/recordings?team=garden").json["items"]
        return [item for item in items if item["waiting_for"] == "model"]

    one = wait_for(waiting, 15, "it waits for the model")[0]
    assert ada.get(f"/api/v1/recordings/{one['id']}/transcript").status == 404


def test_kill_9_of_the_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    with living(tmp_path / "data") as house:
        before = house.family()
        assert len(before) >= 5, house.words()
        os.kill(house.process.pid, signal.SIGKILL)
        house.process.wait()
        wait_for(lambda: not house.family(), 10, f"all are gone: {house.words()}")


def test_ctrl_c_ends_every_process_and_the_second_start_is_quick(tmp_path: Path) -> None:
    with living(tmp_path / "data") as house:
        house.process.send_signal(signal.SIGINT)
        assert house.process.wait(30) == 0
        assert not house.family(), house.words()
    with living(tmp_path / "data") as again:
        assert again.up()
