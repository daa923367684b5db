"""Room: tests.web.test_account. One's own password, wishes and tokens."""

from nas_asr.services.accounts import set_password
from nas_asr.services.base import House
from nas_asr.services.tokens import list_tokens
from tests.cast import Cast
from tests.web.conftest import Visits

OLD, NEW = "the first long password", "the second long password"


def test_a_token_is_shown_once_and_works(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.bob)
    answer = browser.post("/account/tokens", name="kitchen", scope="read", days="30", team="choir")
    secret = answer.text.split('<code id="secret">')[1].split("<")[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in browser.get("/account").text and "kitchen" in browser.get("/account").text
    assert "<span>read transcripts</span>" in browser.get("/account").text
    assert "<span>读取文字稿</span>" in visit(cast.bob, language="zh-CN").get("/account").text
    call = visit().client.get("/api/v1/teams", headers={"Authorization": f"Bearer {secret}"})
    assert [team["slug"] for team in call.get_json()["items"]] == ["choir"]
    browser.post(f"/account/tokens/{list_tokens(house, cast.bob)[0].id}/revoke")
    assert visit().client.get("/api/v1/teams", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_token_needs_a_name_and_a_scope(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.bob)
    assert browser.post("/account/tokens", name=" ", scope="read").status_code == 422
    assert browser.post("/account/tokens", name="x", scope="everything").status_code == 422
    assert browser.post("/account/tokens", name="x", scope="read", team="garden").status_code == 404


def test_a_new_password_keeps_this_browser_and_ends_the_others(visit: Visits, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", OLD)
    here, there = visit(), visit()
    for browser in (here, there):
        browser.post("/login", name="bob", password=OLD)
    token = here.get("/account").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "old_password": OLD, "password": NEW, "password_again": NEW}
    assert here.client.post("/account/password", data=form).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert visit().post("/login", name="bob", password=NEW).status_code == 302


def test_two_different_new_passwords_change_nothing(visit: Visits, cast: Cast) -> None:
    answer = visit(cast.bob).post("/account/password", old_password=OLD, password=NEW, password_again=OLD)
    assert answer.status_code == 422 and "not the same" in answer.text


def test_language_and_look_are_kept_with_the_person(visit: Visits, cast: Cast) -> None:
    visit(cast.bob).post("/account/wishes", language="zh_Hans", theme="dark")
    page = visit(cast.bob).get("/account").text
    assert '<html lang="zh-Hans" data-theme="dark">' in page and "界面语言" in page
