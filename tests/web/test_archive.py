"""Room: tests.web.test_archive. The archive's page: what is due and why others stay, the rule, runs, who sees what."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from nas_asr.services.archive_checks import do_due, verify_known
from nas_asr.services.archive_rules import read_rule
from nas_asr.services.base import House
from tests.archive.shelf import archive_now, bags, record, share_of, switch_on
from tests.cast import Cast, Clock
from tests.web.conftest import Visits


def test_it_is_off_until_a_manager_switches_it_on(visit: Visits, house: House, cast: Cast, tmp_path: Path) -> None:
    _, folder = share_of(house, cast.choir, tmp_path)
    assert "until a manager switches it on" in visit(cast.rita).get("/archive").text
    assert "Change the rule" not in visit(cast.rita).get("/archive").text
    browser = visit(cast.alice)
    answer = browser.post("/archive/choir/rule", on="1", min_minutes="0", untouched_hours="3", folders=[folder])
    assert answer.headers["Location"].endswith("#choir")
    rule = read_rule(house, None, "choir")
    assert (rule.on, rule.folders, rule.min_minutes, rule.untouched_hours) == (True, (folder,), 0, 3)
    assert "nobody has touched for 3 h" in browser.get("/archive").text


def test_a_wrong_number_is_said_beside_the_field(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.alice)
    for wrong in ("-1", "soon", "999999", "²"):
        answer = browser.post("/archive/choir/rule", on="1", min_minutes=wrong, untouched_hours="3")
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert browser.post("/archive/choir/rule", min_minutes="1", untouched_hours="1", folders=["x"]).status_code == 422
    assert not read_rule(house, None, "choir").on


def test_the_page_says_what_is_due_tonight_and_why_others_stay(
    visit: Visits, house: House, cast: Cast, tmp_path: Path, clock: Clock
) -> None:
    switch_on(house, min_minutes=1, untouched_hours=12)
    share = share_of(house, cast.choir, tmp_path)
    record(house, cast.choir, share, "old meeting.wav", duration_ms=90_000)
    clock.pass_seconds(8 * 3600)
    record(house, cast.choir, share, "fresh <meeting>.wav", duration_ms=90_000)
    record(house, cast.choir, share, "memo.wav", duration_ms=9_000)
    page = visit(cast.rita).get("/archive").text
    assert "Due at 22 Nov 2026, 02:00" in page
    due, stay = page.split("These stay")
    assert "old meeting" in due and "memo" not in due
    assert "touched a short while ago" in stay and "too short" in stay and "fresh &lt;meeting&gt;" in stay


def test_somebody_archives_now_and_verifies_and_sees_what_came_of_it(
    visit: Visits, house: House, cast: Cast, tmp_path: Path, clock: Clock
) -> None:
    switch_on(house)
    record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    browser = visit(cast.alice)
    browser.post("/archive/choir/now")
    assert "It is asked for" in browser.get("/archive").text
    browser.post("/archive/choir/now")
    assert "This is under way already." in browser.get("/archive").text
    assert do_due(house) is not None
    assert "1 archived" in browser.get("/archive").text
    browser.post("/archive/choir/verify")
    assert do_due(house) is not None
    assert "everything is as it was written" in browser.get("/archive").text
    (bags(house)[0] / "data/audio.wav").write_bytes(b"flipped")
    clock.pass_seconds(1)
    verify_known(house)
    page = visit(cast.alice, language="zh").get("/archive").text
    assert "上次核对发现 1 处与写入时不同。" in page and "data/audio.wav 已改变" in page


def test_the_page_asks_again_while_a_run_is_under_way_and_no_longer(
    visit: Visits, house: House, cast: Cast, tmp_path: Path
) -> None:
    switch_on(house)
    record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    browser, live = visit(cast.alice), {"HX-Request": "true", "HX-Target": "runs-choir"}
    assert "every 2s" not in browser.get("/archive").text
    browser.post("/archive/choir/now")
    assert 'hx-get="/archive?team=choir" hx-trigger="every 2s"' in browser.get("/archive").text
    assert do_due(house) is not None
    part = browser.get("/archive?team=choir", headers=live).text
    assert "1 archived" in part and "every 2s" not in part and "<html" not in part and "Change the rule" not in part
    assert visit(cast.charlie).get("/archive?team=choir", headers=live).status_code == 404


def test_a_verification_that_found_damage_is_not_green(visit: Visits, house: House, cast: Cast, tmp_path: Path) -> None:
    switch_on(house)
    record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    archive_now(house)
    (bags(house)[0] / "data/audio.wav").write_bytes(b"flipped")
    verify_known(house)
    assert '<span class="pill failed">not as written</span>' in visit(cast.alice).get("/archive").text


def test_a_rule_that_is_off_is_said_when_somebody_asks(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.alice)
    browser.post("/archive/choir/now")
    assert "The archive of team choir is off." in browser.get("/archive").text


def test_titles_and_reasons_are_for_members_only(
    visit: Visits, house: House, cast: Cast, tmp_path: Path, clock: Clock
) -> None:
    switch_on(house)
    share = share_of(house, cast.choir, tmp_path)
    record(house, cast.choir, share, "secret plan.wav")
    record(house, cast.choir, share, "lost plan.wav")
    (share[0] / "lost plan.wav").unlink()
    archive_now(house)
    record(house, cast.choir, share, "third plan.wav")
    assert "lost plan" in visit(cast.rita).get("/archive").text
    admin = visit(cast.ada).get("/archive").text
    assert "Choir" in admin and "1 skipped" in admin and "plan" not in admin
    assert "Choir" not in visit(cast.charlie).get("/archive").text


def test_times_are_the_sites(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    clock.now = datetime(2026, 7, 1, 23, 59, tzinfo=UTC) - timedelta(minutes=1)  # 1:58 in Berlin
    switch_on(house)
    assert "Due at 2 Jul 2026, 02:00" in visit(cast.alice).get("/archive").text
