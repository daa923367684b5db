"""Room: tests.web.test_settings. The settings page: what it shows, takes, refuses and asks of the workers."""

import pytest
from flask import Flask

from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.ports import Options
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.house_settings import free_memory, overlay
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast
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
    text = visit(cast.ada).get(PAGE).text
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


def test_the_page_hears_what_the_workers_are_at(visit: Visits, house: House, cast: Cast) -> None:
    live = {"HX-Request": "true", "HX-Target": "workers-now"}
    beat(house, Beat("worker", "pc-1", "boot", {"engine": "sphinx", "state": "resting"}))
    part = visit(cast.ada).get(PAGE, headers=live).text
    assert "memory freed" in part and "every 3s" in part and "<html" not in part
    assert visit(cast.alice).get(PAGE, headers=live).status_code == 404
