"""Room: tests.services.test_drafts. What the built-in engine wrote for want of the model, and the better version after it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from nas_asr.core.errors import Conflict, NotAudio, NotPermitted, NotVisible
from nas_asr.core.offers import MODEL
from nas_asr.core.recording import RunState
from nas_asr.core.transcript import EngineLabel, Transcript, VersionKind
from nas_asr.services.base import House
from nas_asr.services.drafts import list_drafts, redo_by_itself, redo_team
from nas_asr.services.recordings import one_recording, retry
from nas_asr.services.sweep import sweep
from nas_asr.services.transcribe import Claim, Claimant, Incarnation, claim, fail, finish
from nas_asr.services.versions import restore_version
from nas_asr.settings import Settings
from nas_asr.store.models import AuditLine, Folder, Recording, TranscriptVersion
from tests.cast import Cast, make_folder, make_recording, write_transcript
from tests.services.test_engines import LARGE, SMALL, alive
from tests.services.test_transcribe import change, recording_of, run_of, spoken

LITTLE = Claimant(Incarnation("w", "1"), SMALL)
BIG = Claimant(Incarnation("w", "2"), LARGE)


def by_model(*lines: str) -> Transcript:
    """What the model says."""
    return replace(spoken(*lines), engine=EngineLabel(MODEL, "Fun-ASR-Nano-2512", "r", "cpu"))


def claimed(house: House, claimant: Claimant) -> Claim:
    """The next claim; there has to be one."""
    held = claim(house, claimant)
    assert held is not None
    return held


def make_draft(house: House, cast: Cast, title: str = "meeting") -> str:
    """English that a house without the model transcribed."""
    recording = make_recording(house, cast.choir, title)
    finish(house, claimed(house, LITTLE), spoken("roughly this"))
    return recording


def test_english_by_the_built_in_engine_is_a_draft_only_where_nobody_chose_that_engine(house: House, cast: Cast) -> None:
    draft = make_draft(house, cast)
    assert one_recording(house, cast.rita, draft).draft
    chosen = make_recording(house, cast.choir, "chosen")
    change(house, chosen, engine="sphinx")
    finish(house, claimed(house, LITTLE), spoken("roughly this"))
    assert not one_recording(house, cast.rita, chosen).draft
    by_house = Claimant(LITTLE.who, replace(SMALL, choice="sphinx"))
    make_recording(house, cast.choir, "house's choice")
    assert not claimed(house, by_house).draft


def test_a_claim_says_the_engine_and_a_named_one_is_kept_to(house: House, cast: Cast) -> None:
    best, named = make_recording(house, cast.choir, "best"), make_recording(house, cast.choir, "named", duration_ms=90_000)
    change(house, named, engine="sphinx")
    first, second = claimed(house, BIG), claimed(house, BIG)
    assert (first.recording_id, first.engine, first.draft) == (best, MODEL, False)
    assert (second.recording_id, second.engine, second.draft) == (named, "sphinx", False)


def test_a_small_worker_makes_no_drafts_beside_one_that_has_the_model(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    alive(house, LARGE, "pc")
    assert claim(house, LITTLE) is None
    change(house, make_recording(house, cast.choir, "named"), engine="sphinx")
    assert claimed(house, LITTLE).engine == "sphinx"


@pytest.mark.parametrize("choice", ["sphinx", "sensevoice", "openai"])
def test_a_worker_that_has_the_model_and_would_not_use_it_keeps_nobody_waiting(house: House, cast: Cast, choice: str) -> None:
    make_recording(house, cast.choir)
    alive(house, replace(LARGE, choice=choice), "pc")
    assert claimed(house, LITTLE).engine == "sphinx"


def test_a_draft_asked_for_again_is_done_by_the_model_and_by_nothing_less(house: House, cast: Cast) -> None:
    draft = make_draft(house, cast)
    alive(house, LARGE)
    retry(house, cast.bob, draft)
    assert run_of(house, draft).engine == MODEL
    alive(house, SMALL)
    sweep(house)
    assert run_of(house, draft).waiting_for == "model" and claim(house, LITTLE) is None
    alive(house, LARGE)
    sweep(house)
    finish(house, claimed(house, BIG), by_model("exactly this"))
    view = one_recording(house, cast.rita, draft)
    assert (view.draft, view.version, view.engine) == (False, 2, MODEL)


def test_what_the_model_did_is_never_done_again_by_less(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house, BIG), by_model("exactly this"))
    alive(house, SMALL)
    retry(house, cast.bob, recording)
    run = run_of(house, recording)
    assert (run.engine, run.waiting_for) == (MODEL, "model")
    assert claim(house, LITTLE) is None


def test_a_person_s_work_stays_and_the_better_version_is_offered(house: House, cast: Cast) -> None:
    draft = make_draft(house, cast)
    with house.db.write() as session:
        session.scalars(select(TranscriptVersion)).one().kind = VersionKind.EDITED
    alive(house, LARGE)
    retry(house, cast.bob, draft)
    finish(house, claimed(house, BIG), by_model("exactly this"))
    view = one_recording(house, cast.rita, draft)
    assert (view.draft, view.version) == (False, 1)
    restore_version(house, cast.bob, draft, 2)
    assert one_recording(house, cast.rita, draft).version == 2


def test_a_second_draft_is_a_draft_again(house: House, cast: Cast) -> None:
    draft = make_draft(house, cast)
    retry(house, cast.bob, draft)
    finish(house, claimed(house, LITTLE), spoken("roughly that"))
    assert recording_of(house, draft).draft


def test_a_team_s_drafts_go_through_the_model_together_behind_new_ones(house: House, cast: Cast) -> None:
    drafts = {make_draft(house, cast, f"draft {n}") for n in range(3)}
    assert list_drafts(house, cast.bob) == []
    with pytest.raises(Conflict):
        redo_team(house, cast.bob, "choir")
    alive(house, LARGE)
    assert [(one.team, one.count) for one in list_drafts(house, cast.bob)] == [("choir", 3)]
    assert list_drafts(house, cast.rita) == list_drafts(house, cast.charlie) == []
    found = redo_team(house, cast.bob, "choir")
    assert (found.queued, found.left) == (3, 0) and list_drafts(house, cast.bob) == []
    new = make_recording(house, cast.choir, "new", duration_ms=900_000)
    assert [claimed(house, BIG).recording_id in want for want in ({new}, drafts, drafts, drafts)] == [True] * 4
    with house.db.read() as session:
        assert "drafts.rerun" in session.scalars(select(AuditLine.action)).all()


def test_who_may_not_write_may_not_ask_for_the_team_s_drafts(house: House, cast: Cast) -> None:
    alive(house, LARGE)
    with pytest.raises(NotPermitted):
        redo_team(house, cast.rita, "choir")
    for stranger in (cast.charlie, cast.ada):
        with pytest.raises(NotVisible):
            redo_team(house, stranger, "choir")


def test_drafts_are_redone_by_themselves_only_where_an_admin_wants_it(house: House, cast: Cast) -> None:
    draft = make_draft(house, cast)
    alive(house, LARGE)
    assert redo_by_itself(house) == 0
    eager = replace(house, options=replace(_settings(house), redo_drafts=True))
    assert sweep(eager).redone == 1
    assert sweep(eager).redone == 0
    fail(house, claimed(house, BIG), NotAudio("no"))
    assert run_of(house, draft).state == RunState.FAILED
    assert redo_by_itself(eager) == 0, "what failed waits for a person"
    assert one_recording(house, cast.rita, draft).draft


def test_redoing_by_itself_goes_few_at_a_time(house: House, cast: Cast) -> None:
    for n in range(25):
        write_transcript(house, recording := make_recording(house, cast.choir, f"{n}"), ["roughly"])
        with house.db.write() as session:
            session.get_one(Recording, recording).draft = True
    alive(house, LARGE)
    eager = replace(house, options=replace(_settings(house), redo_drafts=True))
    assert [redo_by_itself(eager), redo_by_itself(eager)] == [20, 0]
    claimed(house, BIG)
    assert redo_by_itself(eager) == 1


def test_running_again_keeps_the_folder_s_engine(house: House, cast: Cast) -> None:
    folder = make_folder(house.db, cast.choir, house.options.data / "share")
    with house.db.write() as session:
        session.get_one(Folder, folder).engine = "sphinx"
    recording = make_recording(house, cast.choir, folder_id=folder)
    finish(house, claimed(house, LITTLE), spoken("this"))
    retry(house, cast.bob, recording)
    assert run_of(house, recording).engine == "sphinx"


def _settings(house: House) -> Settings:
    assert isinstance(house.options, Settings)
    return house.options
