"""Room: tests.journey.model_house. A real house with a Chinese and an English folder, for journeys about the model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas_asr.core import checkpoints
from tests.live import PASSWORD, Browser, Live, living

NANO = "FunAudioLLM/Fun-ASR-Nano-2512"


@contextmanager
def two_folders(data: Path) -> Iterator[Live]:
    """`nas-asr up` with a team, its manager ada, and a folder for each language beside DATA."""
    with living(data, NAS_ASR_DEVICE="cpu") as house:
        house.run("user", "add", "ada", "--admin", "--password-stdin", stdin=PASSWORD)
        house.run("team", "add", "choir")
        house.run("member", "add", "choir", "ada", "--role", "manager")
        for language in ("zh", "en"):
            (house.data.parent / language).mkdir()
            house.run("folder", "add", "choir", str(house.data.parent / language), "--language", language)
        yield house


def signed_in(house: Live) -> Browser:
    """Ada's browser."""
    browser = Browser(house.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    return browser


def found(ada: Browser, title: str) -> dict[str, Any]:
    """The recording of that title, as the API tells it; empty while there is none."""
    items: list[dict[str, Any]] = ada.get("/api/v1/recordings").json["items"]
    return next((item for item in items if item["title"] == title), {})


def model_place(data: Path) -> Path:
    """Where the model's checkpoint lies, or will."""
    return checkpoints.place(checkpoints.models(data), checkpoints.Hub.MODELSCOPE, NANO)
