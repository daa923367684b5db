"""Room: tests.web.test_static. What we ship for browsers: ours is small, what is not ours is named, licensed and unchanged."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from nas_asr.services.base import House
from nas_asr.web.wiring import WEB
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import Visits

STATIC = WEB / "static"
VENDOR = STATIC / "vendor"
FOR_TESTS = Path(__file__).parents[1] / "browser" / "vendor"  # never shipped


def things_in(shelf: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((shelf / "VENDOR.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("shelf", [VENDOR, FOR_TESTS], ids=["shipped", "for tests"])
def test_what_is_not_ours_is_what_its_makers_published(shelf: Path) -> None:
    for thing in things_in(shelf):
        assert hashlib.sha256((shelf / thing["file"]).read_bytes()).hexdigest() == thing["sha256"]
        assert (shelf / thing["licence_file"]).stat().st_size > 100
        assert thing["version"] in thing["file"] and thing["licence"]


@pytest.mark.parametrize("shelf", [VENDOR, FOR_TESTS], ids=["shipped", "for tests"])
def test_every_vendored_file_is_named(shelf: Path) -> None:
    things = things_in(shelf)
    named = {"VENDOR.json"} | {name for thing in things for name in (thing["file"], thing["licence_file"])}
    assert {path.name for path in shelf.iterdir()} == named


def test_nothing_of_ours_asks_another_server() -> None:
    ours = [path for path in STATIC.rglob("*.*") if VENDOR not in path.parents]
    for path in ours:
        found = re.findall(r"https?://[^\s'\"]+", path.read_text("utf-8"))
        assert [address for address in found if "www.w3.org" not in address] == [], path.name


def test_what_a_module_imports_is_asked_for_again(visit: Visits, cast: Cast) -> None:
    assert visit().get("/static/recording/keys.js").headers["Cache-Control"] == "no-cache"
    assert "max-age" in visit().get("/static/app.css?v=000000000000").headers["Cache-Control"]


def test_a_changed_file_gets_a_new_address(visit: Visits, cast: Cast) -> None:
    page = visit().get("/login").text
    assert re.search(r'href="/static/app\.css\?v=[0-9a-f]{12}"', page)


def test_files_travel_packed_to_those_who_unpack_them_and_pages_never(visit: Visits, cast: Cast) -> None:
    browser = visit()
    asks = {"Accept-Encoding": "gzip, br"}
    plain, packed = browser.get("/static/app.css"), browser.get("/static/app.css", headers=asks)
    assert gzip.decompress(packed.data) == plain.data and len(packed.data) < len(plain.data) / 3
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.vary and "Accept-Encoding" in packed.vary
    again = browser.get("/static/app.css", headers=asks | {"If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304
    page = browser.get("/login", headers=asks)  # a form's secret stands in it
    assert "Content-Encoding" not in page.headers


def test_a_transcript_travels_packed(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["the same thing again"] * 50)
    path = f"/api/v1/recordings/{recording}/transcript"
    plain, packed = visit(cast.rita).get(path), visit(cast.rita).get(path, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data and len(packed.data) < len(plain.data) / 3
