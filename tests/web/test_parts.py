"""Room: tests.web.test_parts. The offer on the pages, the joined page, and what readers and speakers of Chinese see."""

from datetime import timedelta

import pytest

from nas_asr.core.recording import RunState
from nas_asr.services import parts
from nas_asr.services.base import House
from nas_asr.services.wholes import follow
from nas_asr.store.models import Recording, Run
from tests.cast import START, Cast, make_recording, write_transcript
from tests.web.conftest import Visits


@pytest.fixture
def files(house: House, cast: Cast) -> list[str]:
    """Two files of a recorder, the first of which is transcribed."""
    made = [
        make_recording(
            house, cast.choir, f"REC_00{number}", path=f"REC_00{number}.WAV", recorded_from="container",
            recorded_at=START + timedelta(seconds=40 * number),
        )
        for number in (1, 2)
    ]  # fmt: skip
    write_transcript(house, made[0], ["we met"])
    return made


def test_the_library_and_the_page_of_each_file_offer_it(visit: Visits, cast: Cast, files: list[str]) -> None:
    bob = visit(cast.bob)
    for path in ("/", *(f"/recordings/{one}" for one in files)):
        page = bob.get(path).text
        assert "These 2 files look like one recording: “REC”." in page
        assert "Keep apart</button>" in page
    assert "Join</button>" not in visit(cast.rita).get("/").text
    assert "look like one recording" in visit(cast.rita).get("/").text
    assert "看起来是同一段录音" in visit(cast.bob, language="zh").get("/").text


def test_kept_apart_nobody_is_asked_again(visit: Visits, cast: Cast, files: list[str]) -> None:
    bob = visit(cast.bob)
    assert bob.post(f"/recordings/{files[0]}/keep-apart", next="/").headers["Location"] == "/"
    assert "look like one recording" not in bob.get("/").text


def test_joined_the_page_says_how_many_parts_are_ready(
    visit: Visits, house: House, cast: Cast, files: list[str]
) -> None:
    bob = visit(cast.bob)
    there = bob.post(f"/recordings/{files[0]}/join", part=files).headers["Location"]
    page = bob.get(there).text
    assert "SHA-256" not in page and "SHA-256" in bob.get(f"/recordings/{files[0]}").text
    assert "1 of 2 parts are ready." in page
    assert f'href="/recordings/{files[0]}"' in page
    assert "REC_002" not in bob.get("/").text
    part = bob.get(f"/recordings/{files[0]}").text
    assert there in part
    assert "we met" in part
    assert "To the trash</button>" not in part
    write_transcript(house, files[1], ["and went"])
    with house.db.write() as session:
        row = session.get_one(Recording, files[1])
        follow(session, row, house.now(), text=True)
    page = bob.get(there).text
    assert "are ready" not in page
    assert page.index("we met") < page.index("and went")
    assert 'data-start="40000"' in page


def test_a_failure_says_of_which_part_it_is_in_the_viewers_language(
    visit: Visits, house: House, cast: Cast, files: list[str]
) -> None:
    with house.db.write() as session:
        row = session.get_one(Recording, files[1])
        run = session.get_one(Run, row.run_id)
        row.state = run.state = RunState.FAILED
        run.failure_code, run.failure_message = "unreadable", "The share was away."
    whole = parts.join(house, cast.bob, files[0], files)
    assert "Part 2 of 2, “REC_002”: The share was away." in visit(cast.bob).get(f"/recordings/{whole}").text
    assert "第 2 段（共 2 段）“REC_002”：" in visit(cast.bob, language="zh").get(f"/recordings/{whole}").text


def test_by_hand_a_recording_is_joined_with_the_next_one(visit: Visits, house: House, cast: Cast) -> None:
    one, other = (
        make_recording(house, cast.choir, title, recorded_at=START + timedelta(hours=hours))
        for title, hours in (("morning", 0), ("afternoon", 3))
    )
    bob = visit(cast.bob)
    page = bob.get(f"/recordings/{one}").text
    assert f'<option value="{other}">afternoon' in page
    there = bob.post(f"/recordings/{one}/join", part=[one, other]).headers["Location"]
    assert "morning" in bob.get(there).text
    back = bob.post(f"{there}/unjoin").headers["Location"]
    assert back == f"/recordings/{one}"
