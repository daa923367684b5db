"""Room: tests.web.api.test_export. A transcript as a file: right type, right name whatever the title, right version."""

from urllib.parse import unquote

import pytest

from nas_asr.export import FORMATS, from_json
from nas_asr.services.base import House
from tests.cast import START, Cast, make_recording, write_transcript
from tests.web.api.conftest import ByToken, Caller


@pytest.fixture
def rita(by_token: ByToken, cast: Cast) -> Caller:
    """A reader."""
    return by_token(cast.rita)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_comes_with_its_type_and_name(name: str, rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/export?format={name}")
    assert answer.headers["Content-Type"] == FORMATS[name].media_type
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert f"2026-11-21_meeting.{name}" in answer.headers["Content-Disposition"]
    assert "budget" in answer.text


def test_json_is_whole(rita: Caller, meeting: str) -> None:
    source = from_json(rita.get(f"/recordings/{meeting}/export?format=json").data)
    assert (source.id, source.team, source.version) == (meeting, "choir", 1)
    assert [segment.text for segment in source.transcript.segments] == ["we met at nine", "the budget is two hundred"]


@pytest.mark.parametrize(
    "title",
    [
        "周例会 预算",
        "🎙️ 👩‍👩‍👧 memo",
        'a"; filename="evil.exe',
        "line\r\nSet-Cookie: x=1",
        "../../etc/passwd",
        "CON",
        "a" * 300,
        "会" * 300,
        "...",
        "\u202egnp.exe",
        "\ufffd\ufffd",
    ],
)
def test_no_title_breaks_the_name(title: str, rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, title)
    write_transcript(house, recording, ["x"])
    answer = rita.get(f"/recordings/{recording}/export?format=srt")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    plain, _, encoded = answer.headers["Content-Disposition"].partition("; filename*=UTF-8''")
    name = unquote(encoded)
    assert plain.count('"') == 2
    assert plain.isascii()
    assert name.startswith("2026-11-21_")
    assert name.endswith(".srt")
    assert not set(name) & set('/\\:*?"<>|\r\n\u202e')
    assert len(name.encode()) <= 140


def test_the_day_is_the_one_of_the_place(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, recorded_at=START.replace(hour=23, minute=30))  # 00:30 in Berlin
    write_transcript(house, recording, ["x"])
    assert "2026-11-22_meeting" in rita.get(f"/recordings/{recording}/export").headers["Content-Disposition"]


def test_an_old_version_can_be_had(rita: Caller, house: House, cast: Cast, meeting: str) -> None:
    with house.db.write() as session:
        from nas_asr.core.ids import new_id
        from nas_asr.store.models import Recording, Run

        recording = session.get_one(Recording, meeting)
        run = Run(id=new_id(), recording_id=meeting, team_id=cast.choir, created_at=house.now())
        session.add(run)
        recording.run_id = run.id
    write_transcript(house, meeting, ["the second hearing"])
    assert "second" in rita.get(f"/recordings/{meeting}/export").text
    assert "budget" in rita.get(f"/recordings/{meeting}/export?version=1").text
    assert rita.get(f"/recordings/{meeting}/transcript?version=1").json["version"] == 1
    assert rita.get(f"/recordings/{meeting}/transcript").headers["ETag"] == '"2"'
    assert [one["version"] for one in rita.get(f"/recordings/{meeting}/versions").json["items"]] == [2, 1]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("format=exe", 422, "format"),
        ("text=sung", 422, "text"),
        ("version=0", 422, "version"),
        ("version=x", 422, "version"),
        ("version=99999999999999999999", 422, "version"),
        ("version=7", 404, None),
    ],
)
def test_what_there_is_not_is_said(query: str, status: int, field: str | None, rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/export?{query}")
    assert (answer.status_code, answer.json["error"].get("field")) == (status, field)


def test_before_there_is_a_transcript_there_is_none(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    for what in ("transcript", "export"):
        assert rita.get(f"/recordings/{recording}/{what}").status_code == 404
    assert rita.get(f"/recordings/{recording}/versions").json["items"] == []


def test_txt_can_do_without_times(rita: Caller, meeting: str) -> None:
    assert (
        rita.get(f"/recordings/{meeting}/export?timestamps=false").text == "we met at nine the budget is two hundred\n"
    )
