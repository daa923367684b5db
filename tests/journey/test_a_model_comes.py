"""Room: tests.journey. A house without the model: Chinese waits, English is a draft. The model comes, and both are made right.

Everything is real: `nas-asr up`, the funasr package, and the small checkpoint that the project trained itself.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journey.model_house import found, model_place, signed_in, two_folders
from tests.live import Browser, Live, wait_for
from tests.nano.checkpoint import CLIPS, SMALL
from tests.stage_two import need

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (SMALL / "model.pt").is_file(), reason="the small checkpoint is not here"),
]
need()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house with a Chinese and an English folder, and no model."""
    with two_folders(tmp_path_factory.mktemp("a model comes") / "data") as house:
        yield house


@pytest.fixture(scope="module")
def ada(live: Live) -> Browser:
    """Signed in."""
    return signed_in(live)


def text(ada: Browser, recording: dict[str, Any]) -> str:
    """What everybody reads."""
    segments = ada.get(f"/api/v1/recordings/{recording['id']}/transcript").json["segments"]
    return " ".join(segment["text"] for segment in segments)


def drop(live: Live, clip: str, language: str) -> None:
    """Copy a clip into the folder of its language."""
    shutil.copy(CLIPS / clip, live.data.parent / language / clip)


def pull(live: Live) -> None:
    """The weights come as a pull brings them: under another name until they are whole."""
    place = model_place(live.data)
    place.parent.mkdir(parents=True)
    shutil.copytree(SMALL, part := place.with_name(f"{place.name}.part"))
    Path(part).rename(place)


def test_what_waited_starts_by_itself_and_the_draft_is_made_better(live: Live, ada: Browser) -> None:
    drop(live, "zh.flac", "zh")
    drop(live, "en.flac", "en")
    wait_for(lambda: found(ada, "en").get("state") == "done", 60, f"the draft is there\n{live.logs()}")
    draft, chinese = found(ada, "en"), found(ada, "zh")
    assert draft["draft"] and draft["engine"]["name"] == "sphinx"
    assert (chinese["state"], chinese["waiting_for"]) == ("queued", "model")
    assert ada.get(f"/api/v1/recordings/{chinese['id']}/transcript").status == 404
    assert "Recordings wait for Fun-ASR-Nano" in ada.get("/").text

    pull(live)
    wait_for(lambda: found(ada, "zh")["state"] == "done", 120, f"Chinese is done by itself\n{live.logs()}")
    chinese = found(ada, "zh")
    assert chinese["engine"]["name"] == "fun-asr-nano" and "会议" in text(ada, chinese)
    assert "Recordings wait for Fun-ASR-Nano" not in ada.get("/").text

    assert "1 draft in choir can be better now." in ada.get("/").text
    ada.post("/teams/choir/drafts", "/")
    wait_for(lambda: not found(ada, "en")["draft"], 120, f"the draft is done again\n{live.logs()}")
    better = found(ada, "en")
    assert (better["engine"]["name"], better["transcript_version"]) == ("fun-asr-nano", 2)
    assert "meeting" in text(ada, better)

    def said() -> bool:
        page = ada.get("/admin/settings").text
        return "Fun-ASR-Nano works on the processor" in page and "Fun-ASR-Nano-2512" in page

    wait_for(said, 20, "the settings page says loudly that the model works on the processor")
