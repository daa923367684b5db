"""Room: tests.web.test_settings. The settings page: what it shows, takes, refuses and asks of the workers."""

from dataclasses import replace

import pytest
from flask import Flask

from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.ports import Options
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.house_settings import Wishes, free_memory, overlay, wishes
from nas_asr.services.transcribe import Claimant, Incarnation, claim, finish
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, Clock, make_recording
from tests.services.test_engines import LARGE
from tests.services.test_transcribe import spoken
from tests.web.conftest import SECRET, Visits, visitor

PAGE = "/admin/settings"


def app_where(house: House, sentence: str) -> Flask:
    """An application whose engine does not load."""

    def refuse(_wanted: Options) -> None:
        raise ModelUnavailable(sentence, "Choose another.")

    return create_app(house, WebSetup(secret_key=SECRET, trial=refuse))


def test_a_change_is_taken_over_and_shown(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.ada)
    answer = browser.post(PAGE, generation="0", settle_seconds="12", archive_at="03:15", language="zh")
    assert answer.status_code == 302
    text = browser.get(PAGE).text
    assert "The settings are taken over." in text and 'value="12"' in text and 'value="03:15"' in text
    assert overlay(house.options, house.db).language == "zh"
    assert "changed the settings <q>language, settle_seconds, archive_at</q>" in browser.get("/admin").text


def test_the_language_of_new_folders_is_preset(visit: Visits, cast: Cast, house: House) -> None:
    visit(cast.ada).post(PAGE, language="ja")
    live = create_app(House(house.db, house.queue, overlay(house.options, house.db), house.now), WebSetup(SECRET))
    assert '<option value="ja" selected>' in visitor(live, cast.ada).get("/folders").text


def test_a_mistake_is_said_beside_its_field_and_keeps_what_was_typed(visit: Visits, cast: Cast) -> None:
    answer = visit(cast.ada).post(PAGE, threads="1000", model="my/model")
    assert answer.status_code == 422
    assert 'id="h-threads">This value cannot be used: it must lie between 0 and 256.' in answer.text
    assert 'value="my/model"' in answer.text
    chinese = visit(cast.ada, language="zh").post(PAGE, threads="1000").text
    assert "此值不可用：必须在 0 和 256 之间。" in chinese


def test_an_engine_that_does_not_load_is_not_taken(house: House, cast: Cast) -> None:
    browser = visitor(app_where(house, "The weights are not here."), cast.ada)
    answer = browser.post(PAGE, engine="sensevoice")
    assert answer.status_code == 422 and "The weights are not here." in answer.text
    assert '<option value="sensevoice" selected>' in answer.text
    assert overlay(house.options, house.db).engine == "auto"


def test_what_the_environment_says_is_locked_with_its_name(
    visit: Visits, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAS_ASR_DEVICE", "cpu")
    monkeypatch.setenv("NAS_ASR_REDO_DRAFTS", "true")
    text = visit(cast.ada).get(PAGE).text
    assert 'value="offer to transcribe them again" disabled' in text, "in words, as the choice would say it"
    assert "Set by NAS_ASR_DEVICE, and changed only there." in text
    assert 'name="device"' not in text
    assert visit(cast.ada).post(PAGE, device="mps").status_code == 422


def test_two_admins_do_not_undo_each_other(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post(PAGE, generation="0", settle_seconds="12")
    answer = browser.post(PAGE, generation="0", settle_seconds="13")
    assert answer.status_code == 409 and "Somebody else changed the settings meanwhile." in answer.text


def test_free_memory_is_asked_for_and_seen_at_the_workers(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.ada)
    beat(house, Beat("worker", "w", "boot", {"state": "busy", "settings": 0, "freed": 0, "engine": "sphinx"}))
    assert "takes over a change" not in browser.get(PAGE).text
    browser.post(PAGE + "/free-memory")
    text = browser.get(PAGE).text
    assert "unload their models" in text and "takes over a change after its run" in text
    beat(house, Beat("worker", "w", "boot", {"state": "resting", "settings": 0, "freed": 1, "engine": "sphinx"}))
    for page in (PAGE, "/admin"):
        text = browser.get(page).text
        assert "memory freed" in text and "takes over a change" not in text


def test_a_worker_without_its_model_says_why_on_the_page(visit: Visits, house: House, cast: Cast) -> None:
    free_memory(house, cast.ada)
    beat(house, Beat("worker", "w", "boot", {"state": "failed", "trouble": "The weights are not here."}))
    assert "The weights are not here." in visit(cast.ada).get("/admin").text


def test_a_worker_whose_last_engine_did_not_load_is_not_shown_as_ready(visit: Visits, house: House, cast: Cast) -> None:
    beat(house, Beat("worker", "w", "boot", {"state": "idle", "trouble": "The weights are not here."}))
    page = visit(cast.ada).get(PAGE).text
    assert '<span class="pill failed">failed</span>' in page and '<span class="pill done">ready</span>' not in page
    beat(house, Beat("worker", "w", "boot", {"state": "idle", "trouble": ""}))
    assert '<span class="pill done">ready</span>' in visit(cast.ada).get(PAGE).text


def test_a_worker_s_engine_is_shown_with_its_device_memory_and_speed(
    visit: Visits, house: House, cast: Cast, clock: Clock
) -> None:
    recording = make_recording(house, cast.choir, duration_ms=60_000)
    held = claim(house, Claimant(Incarnation("w", "boot"), LARGE))
    assert held is not None and held.recording_id == recording
    finish(house, held, replace(spoken("a talk"), duration_ms=60_000, elapsed_ms=2_000))
    loaded = {
        "engine": "fun-asr-nano", "model": "Fun-ASR-Nano-2512", "revision": "v1.0", "device": "cuda:0",
        "memory_used": 3_400_000_000, "memory_free": 8_000_000_000, "loaded_at": "2026-11-21T08:30:00.000Z",
    }  # fmt: skip
    beat(house, Beat("worker", "w", "boot", {"state": "idle", **LARGE.told(), "loaded": [loaded]}))
    text = visit(cast.ada).get(PAGE).text
    for word in ("Fun-ASR-Nano-2512, v1.0", "cuda:0", "3.4 GB used", "8 GB free", "21 Nov 2026, 09:30", "30.0 times"):
        assert word in text, word
    assert "works on the processor" not in text
    clock.pass_seconds(3601)
    beat(house, Beat("worker", "w", "boot", {"state": "idle", **LARGE.told(), "loaded": []}))
    text = visit(cast.ada).get(PAGE).text
    assert "no recording finished" in text and "nothing; the next recording loads what it needs" in text


@pytest.mark.parametrize(("card", "said"), [(True, "although this machine has an NVIDIA card"), (False, "takes 20 minutes")])
def test_the_model_on_the_processor_is_said_loudly(
    visit: Visits, house: House, cast: Cast, card: bool, said: str
) -> None:
    loaded = [{"engine": "fun-asr-nano", "device": "cpu", "loaded_at": "some day", "memory_used": "much"}]
    beat(house, Beat("worker", "w", "boot", {"state": "idle", **LARGE.told(), "loaded": loaded, "nvidia": card}))
    assert said in visit(cast.ada).get(PAGE).text


def test_drafts_and_idle_minutes_are_settings_that_restart_nobody(visit: Visits, house: House, cast: Cast) -> None:
    visit(cast.ada).post(PAGE, idle_minutes="15", redo_drafts="true")
    now = overlay(house.options, house.db)
    assert (now.idle_minutes, now.redo_drafts) == (15, True) and wishes(house) == Wishes()
    text = visit(cast.ada).get(PAGE).text
    assert 'value="15' in text and '<option value="true" selected>' in text
    assert visit(cast.ada).post(PAGE, redo_drafts="perhaps").status_code == 422


def test_the_page_hears_what_the_workers_are_at(visit: Visits, house: House, cast: Cast) -> None:
    live = {"HX-Request": "true", "HX-Target": "workers-now"}
    beat(house, Beat("worker", "pc-1", "boot", {"engine": "sphinx", "state": "resting"}))
    part = visit(cast.ada).get(PAGE, headers=live).text
    assert "memory freed" in part and "every 3s" in part and "<html" not in part
    assert visit(cast.alice).get(PAGE, headers=live).status_code == 404
