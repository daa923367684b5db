"""Room: tests.web.api.test_export. A transcript as a file: right type, right name whatever the title, right version."""

from urllib.parse import unquote

import pytest

from nas_asr.core.ids import new_id
from nas_asr.core.transcript import VersionKind
from nas_asr.export import FORMATS, from_json
from nas_asr.services.base import House
from nas_asr.store.models import AuditLine, Recording, Run, SegmentRow, TranscriptVersion
from tests.cast import START, Cast, make_recording, write_transcript
from tests.export.sources import read_docx
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
    assert "budget" in (answer.text if name != "docx" else read_docx(answer.data))


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


def run_again(house: House, cast: Cast, recording_id: str) -> None:
    """A second run of the recording, ready for its transcript."""
    with house.db.write() as session:
        run = Run(id=new_id(), recording_id=recording_id, team_id=cast.choir, created_at=house.now())
        session.add(run)
        session.get_one(Recording, recording_id).run_id = run.id


def test_an_old_version_can_be_had(rita: Caller, house: House, cast: Cast, meeting: str) -> None:
    run_again(house, cast, meeting)
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
        ("colour=red", 422, "colour"),
        ("layer=fried", 422, "layer"),
        ("layer=raw&version=1", 422, "layer"),
        ("layer=raw&text=written", 422, "layer"),
        ("format=srt&timestamps=0", 422, "timestamps"),
        ("format=csv&timestamps=0", 422, "timestamps"),
        ("format=json&speakers=0", 422, "speakers"),
        ("format=docx&bom=1", 422, "bom"),
        ("format=srt&timestamps=1&speakers=1&bom=0", 200, None),
        ("format=json&text=spoken", 200, None),
    ],
)
def test_what_there_is_not_is_said(query: str, status: int, field: str | None, rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/export?{query}")
    told = answer.json["error"].get("field") if status != 200 else None
    assert (answer.status_code, told) == (status, field)


def test_a_layer_is_the_machines_even_after_an_edit(rita: Caller, house: House, cast: Cast, meeting: str) -> None:
    with house.db.write() as session:
        version = session.query(TranscriptVersion).filter_by(recording_id=meeting).one()
        session.query(SegmentRow).filter_by(version_id=version.id, position=0).one().spoken = "we met at nine o'clock"
    run_again(house, cast, meeting)
    write_transcript(house, meeting, ["we met at ten"])
    with house.db.write() as session:
        session.query(TranscriptVersion).filter_by(recording_id=meeting, number=2).one().kind = VersionKind.EDITED
    texts = {layer: rita.get(f"/recordings/{meeting}/export?layer={layer}").text for layer in ("raw", "itn", "edited")}
    assert "nine o'clock" in texts["raw"]
    assert "nine " in texts["itn"] and "o'clock" not in texts["itn"]
    assert "ten" in texts["edited"]


def test_an_export_is_in_the_audit_log(rita: Caller, house: House, cast: Cast, meeting: str) -> None:
    rita.get(f"/recordings/{meeting}/export?format=srt")
    rita.get(f"/recordings/{meeting}/export?format=exe")
    with house.db.read() as session:
        lines = session.query(AuditLine).filter_by(action="recording.exported").all()
        assert [(one.actor, one.subject, one.team_id, one.detail) for one in lines] == [
            ("rita", meeting, cast.choir, {"format": "srt", "version": "1"})
        ]


def test_notes_link_to_the_page_and_carry_the_day_of_the_place(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, recorded_at=START.replace(hour=23, minute=30))  # 00:30 in Berlin
    write_transcript(house, recording, ["x", "y"])
    notes = rita.get(f"/recordings/{recording}/export?format=md").text
    assert "date: 2026-11-22T00:30:00+01:00\n" in notes
    assert 'team: "Choir"\n' in notes
    assert f"[00:00:00](http://localhost/recordings/{recording}?t=0) x y\n" in notes


def test_old_programs_get_their_byte_order_mark(rita: Caller, meeting: str) -> None:
    assert rita.get(f"/recordings/{meeting}/export?bom=1").data.startswith(b"\xef\xbb\xbf00:00:00\n")
    assert rita.get(f"/recordings/{meeting}/export?format=csv").data.startswith(b"\xef\xbb\xbfsegment,")
    assert rita.get(f"/recordings/{meeting}/export?format=csv&bom=0").data.startswith(
        b"segment,start,end,start_ms,end_ms,"
    )


def test_before_there_is_a_transcript_there_is_none(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    for what in ("transcript", "export"):
        assert rita.get(f"/recordings/{recording}/{what}").status_code == 404
    assert rita.get(f"/recordings/{recording}/versions").json["items"] == []


def test_txt_can_do_without_times(rita: Caller, meeting: str) -> None:
    assert (
        rita.get(f"/recordings/{meeting}/export?timestamps=false").text == "we met at nine the budget is two hundred\n"
    )
