"""Room: tests.web.test_models. The models page: what is here, a wish for what is not, progress, failure and retry."""

from typing import Any

import pytest

from nas_asr.core.errors import NotVisible
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.models import PullWish, list_models, pull_wish
from tests.cast import Cast
from tests.web.conftest import Visits

PAGE = "/admin/models"
NANO = "Fun-ASR-Nano-2512"


def tell(house: House, name: str = "one", shelf: str = "box:/data", **said: Any) -> None:
    """A worker's sign of life."""
    told = {"shelf": shelf, "machine": shelf.partition(":")[0], "here": [], "pull": None, "heard": 0, **said}
    beat(house, Beat("worker", name, "boot", {"state": "idle", "models": told}))


def pulling(state: str = "pulling", **more: Any) -> dict[str, Any]:
    return {"state": state, "model": NANO, "done": 500_000_000, "total": 2_000_000_000, "message": "Downloading from ModelScope.",
            "remedy": "", "wish": 1, **more}  # fmt: skip


def test_the_button_leaves_a_wish_that_the_worker_hears(visit: Visits, house: House, cast: Cast) -> None:
    tell(house)
    browser = visit(cast.ada)
    text = browser.get(PAGE).text
    assert NANO in text and "licence: Apache-2.0" in text and text.count("Get the model") == 3
    answer = browser.post(PAGE + "/pull", model=NANO, hub="modelscope")
    assert answer.status_code == 302
    assert pull_wish(house) == PullWish(1, NANO, "modelscope")
    text = browser.get(PAGE).text
    assert "is asked for. A worker starts the download" in text and 'hx-trigger="every 2s"' in text
    assert text.count("Get the model") == 2
    assert f"asked for the model <q>{NANO}</q>" in browser.get("/admin").text


def test_progress_is_shown_in_bytes(visit: Visits, house: House, cast: Cast) -> None:
    tell(house, heard=1, pull=pulling())
    text = visit(cast.ada).get(PAGE, headers={"HX-Target": "models"}).text
    assert 'max="2000000000" value="500000000"' in text and "500 MB of 2 GB" in text
    assert "<html" not in text
    assert "正在从 ModelScope 下载。" in visit(cast.ada, language="zh").get(PAGE).text


def test_a_failure_says_what_and_what_to_do_and_offers_another_try(visit: Visits, house: House, cast: Cast) -> None:
    remedy = "Make room there, then start it again: what was downloaded is kept."
    tell(house, heard=1, pull=pulling("failed", message="The disk of /d is full.", remedy=remedy))
    text = visit(cast.ada).get(PAGE).text
    assert "The disk of /d is full." in text and "Make room there" in text and "Try again" in text
    assert 'hx-trigger="every 15s"' in text
    assert "磁盘已满" in visit(cast.ada, language="zh").get(PAGE).text


def test_a_model_that_is_here_is_not_offered(visit: Visits, house: House, cast: Cast) -> None:
    tell(house, here=[NANO], heard=1, pull=pulling("failed"))
    text = visit(cast.ada).get(PAGE).text
    assert '<span class="pill done">here</span>' in text and "Try again" not in text
    assert text.count("Get the model") == 2


def test_two_machines_are_told_apart_and_two_workers_of_one_are_not(visit: Visits, house: House, cast: Cast) -> None:
    tell(house, here=[NANO])
    tell(house, "two", here=[NANO])
    tell(house, "far", "pc:/data", heard=1, pull=pulling())
    shelves = list_models(house, cast.ada)[0].shelves
    assert [(one.machine, one.here, one.under_way) for one in shelves] == [("box", True, False), ("pc", False, True)]
    assert "<strong>pc</strong>" in visit(cast.ada).get(PAGE).text


def test_without_a_worker_nobody_can_get_it(visit: Visits, cast: Cast) -> None:
    text = visit(cast.ada).get(PAGE).text
    assert "No worker is running, so nobody can get it." in text and "Get the model" not in text


@pytest.mark.parametrize("order", [{"model": "../../etc"}, {"model": ""}, {"model": NANO, "hub": "ftp"}])
def test_only_known_models_of_known_hubs_can_be_wished_for(
    visit: Visits, house: House, cast: Cast, order: dict[str, str]
) -> None:
    assert visit(cast.ada).post(PAGE + "/pull", **order).status_code == 422
    assert pull_wish(house) is None


def test_a_wish_without_the_pages_token_is_refused(visit: Visits, house: House, cast: Cast) -> None:
    assert visit(cast.ada).client.post(PAGE + "/pull", data={"model": NANO}).status_code == 400
    assert pull_wish(house) is None


def test_only_admins_see_the_models(house: House, cast: Cast) -> None:
    with pytest.raises(NotVisible):
        list_models(house, cast.alice)
