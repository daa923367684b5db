"""Room: tests.web.test_setup. The first page of a new house, once."""

from pathlib import Path

import pytest
from flask import Flask

from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.web.app import WebSetup, create_app
from nas_asr.web.pages.setup import slug_of
from tests.web.conftest import SECRET, Visitor, Visits, visitor

FORM = {
    "admin": "ada", "password": "a sentence that is long enough", "password_again": "a sentence that is long enough",
    "team_name": "Sales Team", "language": "en",
}  # fmt: skip


def test_an_empty_house_asks_to_be_set_up(visit: Visits) -> None:
    assert visit().get("/").headers["Location"] == "/setup"
    assert visit().get("/login").headers["Location"] == "/setup"


def test_setting_up_makes_admin_team_and_folder_and_signs_in(visit: Visits, house: House) -> None:
    browser = visit()
    assert browser.post("/setup", **FORM).headers["Location"] == "/"
    page = browser.get("/").text
    folder = list_folders(house, None)[0]
    assert (folder.team, folder.language) == ("sales-team", "en")
    assert Path(folder.path).is_dir()
    assert "Drop the first recording" in page and folder.path in page
    assert "Admin" in page


def test_afterwards_the_page_is_gone(visit: Visits) -> None:
    browser = visit()
    browser.post("/setup", **FORM)
    assert visit().get("/setup").status_code == 404
    assert visit().post("/setup", **FORM | {"admin": "eve"}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "short", "password_again": "short"}, "at least 10 characters"),
        ({"password_again": "another sentence"}, "not the same"),
        ({"admin": ""}, "1 to 80 printable characters"),
        ({"language": "klingon"}, "is not a language we know"),
        ({"folder": "relative/path"}, "must be absolute"),
        ({"folder": "/no/such/place/at/all"}, "There is no folder"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_made(visit: Visits, wrong: dict[str, str], words: str) -> None:
    browser = visit()
    answer = browser.post("/setup", **FORM | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Sales Team"' in answer.text
    assert browser.get("/").headers["Location"] == "/setup"


@pytest.mark.parametrize(
    ("wrong", "focused"),
    [
        ({}, "f-admin"), ({"admin": ""}, "f-admin"), ({"password_again": "another"}, "f-password_again"),
        ({"folder": "relative/path"}, "f-folder"),
    ],
)  # fmt: skip
def test_one_goes_on_where_the_mistake_is(visit: Visits, wrong: dict[str, str], focused: str) -> None:
    browser = visit()
    page = browser.post("/setup", **FORM | wrong).text if wrong else browser.get("/setup").text
    (field,) = [piece for piece in page.split("<input ") if " autofocus" in piece.partition(">")[0]]
    assert f'id="{focused}"' in field
    assert (' aria-invalid="true"' in field) == bool(wrong)


def test_nothing_is_promised_for_other_languages(visit: Visits) -> None:
    page = visit().get("/setup").text
    assert "Other languages wait for Fun-ASR-Nano" in page and "until the model" not in page


def test_the_spoken_language_is_preset_from_the_pages(visit: Visits) -> None:
    assert '<option value="en" selected>' in visit().get("/setup").text
    assert '<option value="zh" selected>' in visit(language="zh-CN").get("/setup").text


@pytest.fixture
def guarded(house: House) -> Flask:
    """A house that prints a code."""
    return create_app(house, WebSetup(secret_key=SECRET, setup_token="open-sesame"))


def from_afar(app: Flask) -> Visitor:
    browser = visitor(app)
    browser.client.environ_base["REMOTE_ADDR"] = "192.168.1.9"
    return browser


def test_from_another_machine_the_printed_code_is_asked(guarded: Flask) -> None:
    browser = from_afar(guarded)
    assert 'name="code"' in browser.get("/setup").text
    assert browser.post("/setup", **FORM).status_code == 403
    assert browser.post("/setup", **FORM, code="guess").status_code == 403
    assert browser.post("/setup", **FORM, code="open-sesame").status_code == 302


def test_on_the_machine_itself_it_is_not(guarded: Flask) -> None:
    assert 'name="code"' not in visitor(guarded).get("/setup").text


def test_a_proxy_on_the_machine_does_not_make_the_world_near(guarded: Flask) -> None:
    answer = visitor(guarded).get("/setup", headers={"X-Forwarded-For": "203.0.113.9"})
    assert 'name="code"' in answer.text


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Sales Team", "sales-team"),
        ("销售部", "team"),
        ("  R&D! ", "r-d"),
        ("Sales & Söhne", "sales-sohne"),
        ("Café Größe", "cafe-grosse"),
        ("x" * 90, "x" * 64),
    ],
)
def test_a_short_name_is_made_of_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug
