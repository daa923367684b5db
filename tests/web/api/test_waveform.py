"""Room: tests.web.api.test_waveform. What a page draws: small, kept by the browser, and asked for again without being sent."""

import gzip
import random
from base64 import b64decode

import pytest

from nas_asr.core.transcript import Span, Waveform
from nas_asr.core.waveform import MOST_SPANS, MOST_STEPS
from nas_asr.services.base import House
from nas_asr.services.waveforms import keep_waveform
from nas_asr.store.models import Recording
from tests.cast import Cast, a_waveform, make_recording
from tests.web.api.conftest import ByToken, Caller

FIVE_HOURS = 5 * 3_600_000


@pytest.fixture
def rita(by_token: ByToken, cast: Cast) -> Caller:
    """A reader."""
    return by_token(cast.rita)


def test_a_waveform_is_peaks_and_speech(rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/waveform")
    drawn = a_waveform(40_000)
    assert answer.json == {
        "duration_ms": 40_000, "step_ms": 500, "peaks": answer.json["peaks"],
        "speech": [[span.start_ms, span.end_ms] for span in drawn.speech],
    }  # fmt: skip
    assert b64decode(answer.json["peaks"]) == drawn.peaks


def test_a_second_visit_costs_nothing(rita: Caller, house: House, meeting: str) -> None:
    first = rita.get(f"/recordings/{meeting}/waveform")
    assert "private" in first.headers["Cache-Control"]
    known = {"If-None-Match": first.headers["ETag"]}
    again = rita.get(f"/recordings/{meeting}/waveform", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    with house.db.write() as session:
        keep_waveform(session, session.get_one(Recording, meeting), a_waveform(41_000))
    assert rita.get(f"/recordings/{meeting}/waveform", headers=known).status_code == 200


def test_five_hours_of_talk_are_forty_kilobytes_to_a_browser(rita: Caller, house: House, meeting: str) -> None:
    chance, at, speech = random.Random(3), 0, []
    for _ in range(MOST_SPANS):
        start = at + chance.randrange(300, 2500)
        at = start + chance.randrange(500, 9000)
        speech.append(Span(start, at))
    peaks = chance.randbytes(MOST_STEPS)
    with house.db.write() as session:
        drawn = Waveform(FIVE_HOURS, FIVE_HOURS // MOST_STEPS, peaks, tuple(speech))
        keep_waveform(session, session.get_one(Recording, meeting), drawn)
    packed = rita.get(f"/recordings/{meeting}/waveform", headers={"Accept-Encoding": "gzip, br"})
    plain = rita.get(f"/recordings/{meeting}/waveform")
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 40_000
    assert "Accept-Encoding" in packed.headers["Vary"]
    known = {"Accept-Encoding": "gzip, br", "If-None-Match": packed.headers["ETag"]}
    assert rita.get(f"/recordings/{meeting}/waveform", headers=known).status_code == 304


def test_what_was_not_transcribed_since_there_are_waveforms_has_none(rita: Caller, house: House, cast: Cast) -> None:
    answer = rita.get(f"/recordings/{make_recording(house, cast.choir)}/waveform")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "no_waveform")
