"""Room: tests.browser.test_every_page. Every page in both languages and themes, wide and on a phone: WCAG, weight, words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize, expect

from tests.browser.conftest import Complaints
from tests.browser.filled_house import Filled, empty, filled
from tests.browser.looking import HEAVIEST, Weighed, left_in_english, sideways, violations
from tests.browser.sights import HOUSE, LONG, LOOKS, NO_PAGES, SIGHTS, Sight

pytestmark = pytest.mark.browser
WIDE, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
PICTURES = Path(__file__).parents[2] / "artifacts" / "screenshots"


_FOCUS = """() => {
  const look = ({ outlineStyle, outlineWidth, boxShadow }) => [outlineStyle === "none" ? "" : outlineWidth, boxShadow].join();
  document.activeElement.blur();
  const found = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  let seen = 0;
  const unseen = [];
  for (const one of document.querySelectorAll(found)) {
    const before = look(getComputedStyle(one));
    one.focus({ preventScroll: true });
    if (document.activeElement !== one) continue;
    if (look(getComputedStyle(one)) === before) unseen.push(one.outerHTML.slice(0, 120));
    seen += 1;
    one.blur();
  }
  return [seen, unseen];
}"""


@dataclass
class Window:
    """A tab of somebody, and what was heard in it."""

    page: Page
    complaints: Complaints
    weight: Weighed
    status: int = 0

    def __post_init__(self) -> None:
        self.page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.status not in (301, 302, 303):
            self.status = response.status


@dataclass
class Visitors:
    """The house and the windows of those who look at it, opened when first needed."""

    browser: Browser
    it: Filled
    empty: str
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def window(self, who: str, language: str) -> Window:
        """Somebody's window in a language."""
        if (who, language) not in self.windows:
            own = self.empty if who == HOUSE else self.it.url
            page = self._profile(who, language, own).new_page()
            self.windows[who, language] = Window(page, Complaints(page, own), Weighed(page, language == "en"))
        return self.windows[who, language]

    def address(self, sight: Sight) -> str:
        """Where it is to be seen."""
        return self.empty + sight.path if sight.who == HOUSE else self.it.address(sight.path)

    def _profile(self, who: str, language: str, own: str) -> BrowserContext:
        context = self.browser.new_context(locale=LANGUAGES[language], viewport=WIDE, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        if who in self.it.cookies:
            context.add_cookies([{"name": "nas_asr_session", "value": self.it.cookies[who], "url": own}])
        return context


@pytest.fixture(scope="module")
def visitors(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """One house for all sights."""
    directory = tmp_path_factory.mktemp("every_page")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with filled(directory) as it, empty(directory / "empty") as nobodys:
        them = Visitors(chromium, it, nobodys)
        yield them
        for window in them.windows.values():
            window.page.context.close()


def test_every_page_is_looked_at(visitors: Visitors) -> None:
    """A new route is a sight, or says in NO_PAGES that it is none."""
    there = {rule.endpoint for rule in visitors.it.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = {endpoint for endpoint in there if not endpoint.startswith(("api.", "health.", "openapi."))}
    places = visitors.it.app.url_map.bind("127.0.0.1")
    seen = {_endpoint(places, sight) for sight in SIGHTS} - {""}
    assert pages - seen == NO_PAGES


def _endpoint(places: Any, sight: Sight) -> str:
    path = sight.path.split("?")[0].replace("{", "").replace("}", "")
    return str(places.match(path)[0]) if places.test(path) else ""


@pytest.mark.parametrize(("sight", "language"), LOOKS, ids=[f"{sight.name}-{language}" for sight, language in LOOKS])
def test_a_page_is_for_everybody(visitors: Visitors, sight: Sight, language: str) -> None:
    window = visitors.window(sight.who, language)
    wrong = _arrive(visitors, sight, window)
    page = window.page
    if window.weight.total > HEAVIEST:
        wrong.append(f"{window.weight.total} bytes (at most {HEAVIEST}): {window.weight.heaviest()}")
    wrong += _wide(page, sight) if language == "en" else _on_a_phone(page, sight)
    assert wrong == [], "\n".join(wrong)


def _wide(page: Page, sight: Sight) -> list[str]:
    page.evaluate("scrollTo(0, 0)")  # what lies under a bar that stays in view is no target just then
    wrong = violations(page)
    page.screenshot(path=PICTURES / f"{sight.name}-1280-en-light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {one}" for one in violations(page, colours_only=True)]
    page.set_viewport_size(PHONE)
    wrong += sideways(page)
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    return wrong


def _on_a_phone(page: Page, sight: Sight) -> list[str]:
    wrong = left_in_english(page)  # wide, where more is to be seen
    page.set_viewport_size(PHONE)
    page.evaluate("scrollTo(0, 0)")
    wrong += sideways(page) + violations(page)
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {one}" for one in violations(page, colours_only=True)]
    page.screenshot(path=PICTURES / f"{sight.name}-390-zh-dark.png", full_page=True)
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    return wrong


def test_an_hour_of_talk_is_no_heavier(visitors: Visitors) -> None:
    window = visitors.window("alice", "en")
    assert _arrive(visitors, LONG, window) == []
    window.page.wait_for_function("document.querySelectorAll('#segments .segment').length > 0")
    assert window.weight.total <= HEAVIEST


@pytest.mark.parametrize("path", ["/", "/recordings/{meeting}", "/search?q=显存", "/teams/choir", "/account"])
def test_one_sees_where_the_keyboard_is(visitors: Visitors, path: str) -> None:
    page = visitors.window("alice", "en").page
    page.goto(visitors.it.address(path))
    page.keyboard.press("Tab")  # from now on the browser knows that somebody uses the keyboard
    seen, unseen = page.evaluate(_FOCUS)
    assert unseen == []
    assert seen > 8


@pytest.mark.parametrize(
    ("who", "path", "words"),
    [
        ("alice", "/", "1 transcribing"),
        ("alice", "/recordings/{transcribing}", "transcribing"),
        ("ada", "/admin/queue", "1 at work"),
        ("ada", "/admin/models", "downloading"),
    ],
)
def test_what_changes_by_itself_is_said_to_screen_readers(visitors: Visitors, who: str, path: str, words: str) -> None:
    visitors.it.breathe()
    page = visitors.window(who, "en").page
    page.goto(visitors.it.address(path))
    page.wait_for_function("'htmx' in window")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('recordings-changed'))")  # /admin/models asks by itself
    expect(page.locator("#said[aria-live=polite]")).to_contain_text(words, timeout=20_000)


def _arrive(visitors: Visitors, sight: Sight, window: Window) -> list[str]:
    """Open the page and do what is done there first; what the browser had to complain about."""
    visitors.it.broken = sight.broken
    visitors.it.breathe()
    page, heard = window.page, window.complaints.heard
    heard.clear()
    window.weight.anew()
    page.goto(visitors.address(sight))
    for act in sight.acts:
        act(page)
    assert window.status == sight.answers
    # Chromium reports every answer that is no success; where that is the sight, it is none of our faults.
    return [one for one in heard if sight.answers < 400 or "Failed to load resource" not in one]
