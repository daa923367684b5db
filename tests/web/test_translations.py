"""Room: tests.web.test_translations. Every sentence that a page can say is said in every language."""

import re

import pytest
from flask import Flask

from nas_asr.services.accounts import set_wishes
from nas_asr.services.base import House
from nas_asr.web.locale import clock, language_name, lasting, moment, said, size
from tests.cast import START, Cast, make_recording
from tests.web.catalogue import TRANSLATIONS, is_translated, locales, update
from tests.web.conftest import Visits


@pytest.mark.parametrize("locale", locales())
def test_the_translations_are_current_and_complete(locale: str) -> None:
    text, catalog = update(locale)
    left = [message.id for message in catalog if message.id and (message.fuzzy or not is_translated(message.string))]
    assert left == [], "translate these: python -m tests.web.catalogue puts them into the .po"
    file = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    assert file.read_bytes() == text, "run: python -m tests.web.catalogue"


@pytest.mark.parametrize("locale", locales())
def test_a_translation_has_the_places_of_its_sentence(locale: str) -> None:
    _, catalog = update(locale)
    for message in catalog:
        msgids = message.id if isinstance(message.id, list | tuple) else [message.id]
        strings = message.string if isinstance(message.string, list | tuple) else [message.string or ""]
        assert _places(msgids[-1]) == _places(strings[0]) or not all(strings), message.id


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.5", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("en-GB", "en"),
        ("fr,zh;q=0.4", "zh-Hans"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_a_stranger_is_spoken_to_as_the_browser_asks(visit: Visits, cast: Cast, asked: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in visit(language=asked).get("/login").text


def test_the_switch_wins_over_the_browser_and_the_wish_over_the_switch(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(language="en")
    answer = browser.post("/language", language="zh_Hans", next="/login")
    assert answer.headers["Location"] == "/login"
    assert "登录" in browser.get("/login").text
    browser.post("/language", language="klingon")
    assert "登录" in browser.get("/login").text
    set_wishes(house, cast.bob, "zh_Hans", "")
    assert "录音库" in visit(cast.bob, language="en").get("/").text


def test_sentences_of_the_floors_below_are_translated(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "zh"}):
        assert said("There is no user called 王小明.") == "没有名为 王小明 的用户。"
        assert said("The file is empty. Copy it again.") == "文件是空的。请重新复制。"
        assert said("Nobody ever translated this.") == "Nobody ever translated this."
        assert said("100% of it.") == "100% of it."
    with app.test_request_context("/"):
        assert said("The file is empty.") == "The file is empty."


def test_a_constant_in_a_template_is_not_settled_in_the_language_of_its_first_reader(app: Flask) -> None:
    template = app.jinja_env.from_string('{{ "queued"|state_name }}')
    for asked, word in (("en", "queued"), ("zh", "排队中"), ("en", "queued")):
        with app.test_request_context("/", headers={"Accept-Language": asked}):
            assert template.render() == word


def test_times_lengths_and_names_are_the_viewers(app: Flask) -> None:
    with app.test_request_context("/"):
        assert moment(START) == "21 Nov 2026, 10:00"  # the site's zone: Berlin
        assert [lasting(ms) for ms in (0, 59_000, 61_000, 600_000, 3_900_000)] == [
            "0 s",
            "59 s",
            "1 min 01 s",
            "10 min",
            "1 h 05 min",
        ]
        assert [clock(ms) for ms in (0, 59_999, 61_000, 3_723_000)] == ["0:00", "0:59", "1:01", "1:02:03"]
        assert [size(n) for n in (0, 999, 1500, 25_000_000)] == ["0 B", "999 B", "1.5 kB", "25 MB"]
        assert (language_name("zh"), language_name("auto"), language_name("yue")) == (
            "Chinese",
            "not declared",
            "Cantonese",
        )
    with app.test_request_context("/", headers={"Accept-Language": "zh-CN"}):
        assert moment(START) == "2026年11月21日 10:00"
        assert (lasting(3_900_000), language_name("en")) == ("1 小时 05 分", "英语")


def test_chinese_on_an_english_page_says_so_and_japanese_is_not_called_chinese(
    visit: Visits, house: House, cast: Cast
) -> None:
    for title in ("季度会议", "会議のメモ", "minutes"):
        make_recording(house, cast.choir, title)
    english, chinese = (visit(cast.rita, language=language).get("/").text for language in ("en", "zh"))
    assert re.findall(r'<a class="title"[^>]* lang="zh-Hans">(.*)</a>', english) == ["季度会议"]
    assert not re.search(r'<a class="title"[^>]* lang=', chinese)
