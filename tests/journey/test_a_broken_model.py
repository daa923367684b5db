"""Room: tests.journey. Weights that were cut off on their way: one sentence on the recording, and the worker lives.

Everything is real: `nas-asr up`, the funasr package, and the small checkpoint that the project trained itself.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas_asr.core import checkpoints
from tests.live import PASSWORD, Browser, Live, living, wait_for
from tests.nano.checkpoint import CLIPS, SMALL

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (SMALL / "model.pt").is_file(), reason="the small checkpoint is not here"),
]
pytest.importorskip("torch")
pytest.importorskip("funasr")


def cut_off(data: Path) -> Path:
    """A checkpoint that somebody copied by hand, and whose weights end too early."""
    place = checkpoints.place(checkpoints.models(data), checkpoints.Hub.MODELSCOPE, "FunAudioLLM/Fun-ASR-Nano-2512")
    shutil.copytree(SMALL, place)
    with (place / "model.pt").open("r+b") as weights:
        weights.truncate(2_000_000)
    return place


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house whose model is cut off, with a Chinese and an English folder."""
    data = tmp_path_factory.mktemp("a broken model") / "data"
    cut_off(data)
    with living(data, NAS_ASR_DEVICE="cpu") as house:
        house.run("user", "add", "ada", "--admin", "--password-stdin", stdin=PASSWORD)
        house.run("team", "add", "choir")
        house.run("member", "add", "choir", "ada", "--role", "manager")
        for language in ("zh", "en"):
            (house.data.parent / language).mkdir()
            house.run("folder", "add", "choir", str(house.data.parent / language), "--language", language)
        yield house


@pytest.fixture(scope="module")
def ada(live: Live) -> Browser:
    """Signed in."""
    browser = Browser(live.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    return browser


def found(ada: Browser, title: str) -> dict[str, Any]:
    """The recording of that title, as the API tells it; empty while there is none."""
    items: list[dict[str, Any]] = ada.get("/api/v1/recordings").json["items"]
    return next((item for item in items if item["title"] == title), {})


def test_cut_off_weights_are_one_sentence_and_the_worker_goes_on(live: Live, ada: Browser) -> None:
    shutil.copy(CLIPS / "zh.flac", live.data.parent / "zh")
    sentence = "model.pt is cut off or no file of weights."
    wait_for(lambda: sentence in ada.get("/").text, 90, f"the page says why\n{live.logs()}")
    chinese = found(ada, "zh")
    page = ada.get(f"/recordings/{chinese['id']}").text
    assert page.count(sentence) == 1 and "Traceback" not in page
    assert ada.get(f"/api/v1/recordings/{chinese['id']}/transcript").status == 404
    workers = live.family_of("work")

    lock = checkpoints.find(checkpoints.models(live.data), "Fun-ASR-Nano-2512")
    assert lock is not None
    shutil.rmtree(lock)  # an admin takes the broken one away; English goes on as it does without a model
    shutil.copy(CLIPS / "en.flac", live.data.parent / "en")
    wait_for(lambda: found(ada, "en").get("state") == "done", 90, f"English goes on\n{live.logs()}")
    assert found(ada, "en")["draft"] and found(ada, "zh")["state"] != "done"
    assert set(workers) & set(live.family_of("work")), "the worker's parent is the same"
