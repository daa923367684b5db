"""Room: tests.worker.test_pulls. A worker gets the model that an admin wished for, tells how far it is, and takes it over."""

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nas_asr.core.checkpoints import find, models
from nas_asr.services.models import ModelView, list_models, wish_for_model
from tests.install.hub_server import Hub, serving
from tests.live import wait_for
from tests.worker.test_settings import admin
from tests.worker.works import Works

NAME = "Fun-ASR-Nano-2512"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as served:
        monkeypatch.setenv("NAS_ASR_MODELSCOPE_URL", served.address)
        monkeypatch.setenv("NAS_ASR_HUGGINGFACE_URL", "http://127.0.0.1:9")
        yield served


def nano(shop: Works) -> ModelView:
    return list_models(shop.house, admin(shop))[0]


def told(shop: Works) -> dict[str, Any]:
    """What the page is told of the download."""
    shelves = nano(shop).shelves
    return dict(shelves[0].pull or {}) if shelves else {}


def test_a_wish_is_pulled_shown_and_taken_over_by_a_new_child(shop: Works, hub: Hub) -> None:
    hub.hold = threading.Event()
    shop.start_worker()
    first = shop.until_warm().detail["pid"]
    assert not nano(shop).here and not nano(shop).under_way
    wish_for_model(shop.house, admin(shop), NAME)
    seen = [nano(shop).under_way]

    def a_megabyte() -> bool:
        seen.append(nano(shop).under_way)
        return bool(told(shop).get("done", 0) >= 1 << 20)

    wait_for(a_megabyte, 30, "a megabyte is told")
    assert all(seen), "the button never comes back while the download is starting"
    assert told(shop)["total"] > told(shop)["done"] and told(shop)["message"] == "Downloading from ModelScope."
    recording = shop.record("one")
    child = shop.until_started()
    hub.hold.set()
    wait_for(lambda: nano(shop).here and not nano(shop).under_way, 30, "the model is here")
    assert find(models(shop.house.options.data), NAME) is not None
    wait_for(lambda: shop.record("next") and shop.starts()[-1] != child, 30, "a new child works")
    shop.assert_done_once(recording, "one")
    assert shop.until_warm().detail["pid"] == first


def test_a_failure_is_told_and_a_second_wish_tries_again(shop: Works, hub: Hub) -> None:
    hub.statuses = [404] * 40
    shop.start_worker()
    shop.until_warm()
    wish_for_model(shop.house, admin(shop), NAME, "modelscope")
    wait_for(lambda: bool(nano(shop).shelves and nano(shop).shelves[0].failed), 30, "the failure is told")
    assert "has no such model, revision or file" in told(shop)["message"]
    hub.statuses = []
    wish_for_model(shop.house, admin(shop), NAME, "modelscope")
    wait_for(lambda: nano(shop).here, 30, "the model is here")


def test_a_download_ends_with_its_worker_and_goes_on_with_the_next(shop: Works, hub: Hub) -> None:
    hub.hold = threading.Event()
    worker = shop.start_worker()
    shop.until_warm()
    wish_for_model(shop.house, admin(shop), NAME)
    wait_for(lambda: told(shop).get("done", 0) >= 1 << 20, 30, "a megabyte is told")
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait(20)
    hub.hold.set()
    hub.hold = None
    hub.ranges.clear()
    shop.start_worker()
    wait_for(lambda: nano(shop).here, 30, "the model is here")
    assert any(int(wanted[6:-1]) >= 1 << 20 for wanted in hub.ranges if wanted)
