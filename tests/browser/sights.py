"""Room: tests.browser.sights. Every page with something to see on it, and what lies over it. Looks for nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

Act = Callable[[Page], None]
HOUSE, NOBODY = "an empty house", ""

_FORM = """([path, fields]) => {
  const action = path.startsWith("./") ? location.pathname + path.slice(1) : path;
  const form = Object.assign(document.createElement("form"), { method: "post", action });
  const token = document.querySelector("[name=csrf_token]")?.value;
  for (const [name, value] of Object.entries({ ...fields, ...(token && { csrf_token: token }) }))
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True)
class Sight:
    """What somebody looks at: a page, as whom, and what is done there first. path: with {names} of the filled house.

    answers: the status of the page, or of the one that a form brings; broken: the system check fails meanwhile.
    """

    name: str
    path: str
    who: str = "alice"
    acts: tuple[Act, ...] = ()
    answers: int = 200
    broken: bool = False


def click(*selectors: str) -> Act:
    """One after the other."""

    def act(page: Page) -> None:
        for selector in selectors:
            page.locator(selector).first.click()

    return act


def see(selector: str) -> Act:
    """Wait for it."""
    return lambda page: page.locator(selector).first.wait_for()


def send(path: str, /, **fields: str) -> Act:
    """A form of ours, as a page would send it; ./ stands for the page where one is."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.evaluate(_FORM, [path, fields])

    return act


def _pick_some(page: Page) -> None:
    for number in (0, 1):
        page.locator(".pick").nth(number).click()
    page.locator("#bulk.on").wait_for()


def _choose_an_empty_file(page: Page) -> None:
    page.click("#upload-drawer > summary")
    page.set_input_files("#f-file", {"name": "空.wav", "mimeType": "audio/wav", "buffer": b""})
    page.click("#upload-form button.primary")
    page.locator("#uploads .upload").first.wait_for()


def _make_a_token(page: Page) -> None:
    page.click("#tokens details > summary")
    page.fill("#tokens [name=name]", "备份")
    with page.expect_navigation():
        page.click("#tokens .sheet-in button.primary")


_READ = see("#segments .segment")
_EDITS = see("#edit-switch:not([hidden])")
_MEETING, _HOTWORDS = "/recordings/{meeting}", "/teams/choir/hotwords"
_WRONG = {"old_password": "x", "password": "y", "password_again": "z"}

LONG = Sight("recording-long", "/recordings/{long}", acts=(_READ, _EDITS))
SIGHTS = (
    Sight("login", "/login", NOBODY),
    Sight("login-wrong", "/login", NOBODY, (send("/login", name="nobody", password="not the one"),), 401),
    Sight("error-429", "/login", NOBODY, (send("/login", name="mallory", password="not the one"),), 429),
    Sight("invitation", "/invitations/{invitation}", NOBODY),
    Sight("invitation-signed-in", "/invitations/{invitation}", "eva"),
    Sight("reset", "/reset/{reset}", NOBODY),
    Sight("setup", "/setup", HOUSE),
    Sight("setup-wrong", "/setup", HOUSE, (send("/setup", admin="", password="x", password_again="y", team_name=""),), 422),
    Sight("library", "/"),
    Sight("library-chosen", "/", acts=(_pick_some, click("#bulk-export > summary"))),
    Sight("library-filter", "/?state=done", acts=(click(".narrowing > summary"),)),
    Sight("library-nothing-passes", "/?q=火星"),
    Sight("library-upload", "/", acts=(_choose_an_empty_file,)),
    Sight("library-upload-form", "/", acts=(click("#upload-drawer > summary"),)),
    Sight("library-empty", "/", "eva"),
    Sight("library-no-team", "/", "nina"),
    Sight("library-admin", "/", "ada"),
    Sight("recording", _MEETING, acts=(_READ, _EDITS)),
    Sight("recording-reader", _MEETING, "rita", (_READ,)),
    Sight("recording-find", _MEETING + "?q=显存", acts=(see("#segments mark"),)),
    Sight("recording-doubts", _MEETING + "?doubts=1", acts=(_EDITS, click("#doubts-open"), see("#doubts:not([hidden])"))),
    Sight("recording-keys", _MEETING, acts=(_EDITS, lambda page: page.keyboard.press("?"), see("#keys[open]"))),
    Sight("recording-edit", _MEETING, acts=(_EDITS, click("#edit-switch"), see("#edit-bar:not([hidden])"))),
    Sight("recording-speakers", _MEETING, acts=(_EDITS, click("#speakers > summary"), see("#speakers li"))),
    Sight(
        "recording-rename-speaker", _MEETING,
        acts=(_EDITS, click("#speakers > summary", "#speakers li button"), see("#speaker-dialog[open]")),
    ),
    Sight("recording-export", _MEETING, acts=(_READ, click("details.exports > summary"))),
    Sight("recording-details", _MEETING, acts=(_READ, click("details.more > summary"))),
    Sight("recording-hotword", "/recordings/{english}", acts=(_READ,)),
    Sight("recording-joined", "/recordings/{joined}", acts=(_READ, click("details.more > summary"))),
    Sight("recording-transcribing", "/recordings/{transcribing}"),
    Sight("recording-failed", "/recordings/{failed}"),
    Sight("recording-waits", "/recordings/{waits}"),
    Sight("history", _MEETING + "/history"),
    Sight("difference", _MEETING + "/difference?from=1&to=3"),
    Sight("trash", "/trash"),
    Sight("trash-delete", "/trash", acts=(click(".pick"), click("#bulk .danger"))),
    Sight("trash-empty", "/trash", "eva"),
    Sight("search", "/search"),
    Sight("search-found", "/search?q=显存"),
    Sight("search-nothing", "/search?q=火星"),
    Sight("folders", "/folders"),
    Sight("folders-add", "/folders", "ada", (click("details.drawer > summary"),)),
    Sight("folders-empty", "/folders", "eva"),
    Sight("folder", "/folders/{folder}"),
    Sight("folder-asks", "/folders/{asks}"),
    Sight("folder-offline", "/folders/{offline}", "ada"),
    Sight("folder-question", "/folders/{asks}/choice?since=2026-01-31"),
    Sight("ledger", "/folders/ledger"),
    Sight("ledger-line", "/folders/{folder}/lines/{line}"),
    Sight("archive", "/archive", acts=(click("details.rule > summary"),)),
    Sight("teams", "/teams"),
    Sight("teams-add", "/teams", "ada", (click("details.drawer > summary"),)),
    Sight("team", "/teams/choir"),
    Sight("team-reader", "/teams/choir", "rita"),
    Sight("team-link", "/teams/choir", acts=(send("/teams/choir/invitations", role="reader"),), answers=201),
    Sight("hotwords", _HOTWORDS),
    Sight("hotwords-reader", _HOTWORDS, "rita"),
    Sight("hotwords-conflict", _HOTWORDS, acts=(send(_HOTWORDS, words="显存\n[x]", version="0"),), answers=409),
    Sight("hotwords-reach", _HOTWORDS, acts=(send(_HOTWORDS + "/reach", words="显存条"),)),
    Sight("account", "/account"),
    Sight("account-token", "/account", "rita", (_make_a_token,), 201),
    Sight("account-wrong", "/account", acts=(send("/account/password", **_WRONG),), answers=422),
    Sight("admin", "/admin", "ada"),
    Sight("users", "/admin/users", "ada"),
    Sight("users-manage", "/admin/users", "ada", (click("details.menu > summary"),)),
    Sight("users-add", "/admin/users", "ada", (click("details.drawer > summary"),)),
    Sight("settings", "/admin/settings", "ada"),
    Sight("models", "/admin/models", "ada"),
    Sight("queue", "/admin/queue", "ada"),
    Sight("audit", "/admin/audit", "ada"),
    Sight("storage", "/admin/storage", "ada"),
    Sight("check", "/admin/check", "ada", (see(".findings, .rows"),)),
    Sight("check-findings", "/admin/check/findings", "ada"),
    Sight("error-403", _MEETING, "rita", (_READ, send("./trash")), 403),
    Sight("error-404", "/recordings/nothing", answers=404),
    Sight("error-404-stranger", "/invitations", NOBODY, answers=404),
    Sight("error-413", "/login", NOBODY, (send("/login", name="n" * 1_100_000, password="x"),), 413),
    Sight("error-500", "/admin/check/findings", "ada", answers=500, broken=True),
    Sight("embed", "/embed?token={widget}", NOBODY),
    Sight("embed-refused", "/embed?token=nothing", NOBODY, answers=401),
)  # fmt: skip

# GET routes that are no page: data and pieces for programs, files, streams. Whatever else there is has a sight above.
NO_PAGES = {"static", "events", "events_now", "widgets.glance", "widgets.dashy", "widgets.homer"}
# What lies over a page that another sight shows is looked at in one language, the one that has more to go wrong.
_FIRST = {(sight.path, sight.who): sight for sight in reversed(SIGHTS)}
LOOKS = [(sight, "en") for sight in _FIRST.values()] + [(sight, "zh") for sight in SIGHTS]
