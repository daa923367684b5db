"""Room: tests.journey. Weights that were cut off on their way: one sentence on the recording, and the worker lives.

Everything is real: `nas-asr up`, the funasr package, and the small checkpoint that the project trained itself.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.core import checkpoints
from tests.journey.model_house import found, model_place, signed_in, two_folders
from tests.live import Browser, Live, wait_for
from tests.nano.checkpoint import CLIPS, SMALL
from tests.stage_two import need

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (SMALL / "model.pt").is_file(), reason="the small checkpoint is not here"),
]
need()


def cut_off(data: Path) -> Path:
    """A checkpoint that somebody copied by hand, and whose weights end too early."""
    place = model_place(data)
    shutil.copytree(SMALL, place)
    with (place / "model.pt").open("r+b") as weights:
        weights.truncate(2_000_000)
    return place


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house whose model is cut off, with a Chinese and an English folder."""
    data = tmp_path_factory.mktemp("a broken model") / "data"
    cut_off(data)
    with two_folders(data) as house:
        yield house


@pytest.fixture(scope="module")
def ada(live: Live) -> Browser:
    """Signed in."""
    return signed_in(live)


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
