"""Room: tests.web.test_audit. The audit log: filtered, in pages, and without what its reader may not see."""

from nas_asr.services.audit_log import AuditFilter, list_audit
from nas_asr.services.base import Act, House, audit
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import trash
from tests.cast import Cast, Clock, make_recording
from tests.web.conftest import Visits


def write(house: House, cast: Cast, clock: Clock, count: int) -> None:
    for number in range(count):
        clock.pass_seconds(1)
        with house.db.write() as session:
            who = cast.bob if number % 2 else cast.alice
            audit(
                session, house, who, Act("token.created" if number % 3 else "login.accepted", f"n{number}", cast.choir)
            )


def test_pages_show_every_line_once_newest_first(house: House, cast: Cast, clock: Clock) -> None:
    write(house, cast, clock, 23)
    seen: list[str] = []
    cursor = ""
    while True:
        page = list_audit(house, cast.ada, AuditFilter(), PageOrder(5, cursor))
        seen += [line.subject for line in page.items]
        if page.next is None:
            break
        cursor = page.next
    assert seen == [f"n{number}" for number in reversed(range(23))]


def test_it_is_filtered_by_what_who_team_and_day(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    write(house, cast, clock, 6)
    browser = visit(cast.ada)
    assert browser.get("/admin/audit").text.count("<q>n") == 6
    assert browser.get("/admin/audit?kind=login").text.count("<q>n") == 2
    assert browser.get("/admin/audit?actor=bob&kind=token").text.count("<q>n") == 2
    assert browser.get("/admin/audit?team=garden").text.count("<q>n") == 0
    assert "Nothing fits this filter" in browser.get("/admin/audit?to=2001-01-01").text
    assert browser.get("/admin/audit?from=2001-01-01").text.count("<q>n") == 6
    wrong = browser.get("/admin/audit?from=yesterday")
    assert wrong.status_code == 422 and "This is no day" in wrong.text


def test_hostile_names_stay_text_and_titles_of_others_stay_theirs(visit: Visits, house: House, cast: Cast) -> None:
    with house.db.write() as session:
        audit(session, house, cast.bob, Act("user.created", "<img src=x onerror=alert(1)>", detail={"<b>": "</td>"}))
    trash(house, cast.alice, make_recording(house, cast.choir, "secret plans"))
    page = visit(cast.ada).get("/admin/audit").text
    assert "<img src=x" not in page and "&lt;img src=x" in page and "<b>:" not in page
    assert "secret plans" not in page


def test_what_was_kept_beside_an_action_is_said_in_the_readers_words(visit: Visits, house: House, cast: Cast) -> None:
    with house.db.write() as session:
        audit(session, house, cast.bob, Act("archive.rule_set", "choir", detail={"on": "True", "role": "manager"}))
    english, chinese = (visit(cast.ada, language).get("/admin/audit").text for language in ("en", "zh"))
    assert "switched on: yes" in english and "role: manager" in english
    assert "开启: 是" in chinese and "角色: 负责人" in chinese
