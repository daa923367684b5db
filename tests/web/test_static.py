"""Room: tests.web.test_static. What we ship for browsers: ours is small, what is not ours is named, licensed and unchanged."""

import hashlib
import json
import re

import pytest

from nas_asr.web.wiring import WEB
from tests.cast import Cast
from tests.web.conftest import Visits

STATIC = WEB / "static"
VENDOR = STATIC / "vendor"
SHIPPED = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))


@pytest.mark.parametrize("thing", SHIPPED, ids=lambda thing: thing["name"])
def test_what_is_not_ours_is_what_its_makers_published(thing: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / thing["file"]).read_bytes()).hexdigest() == thing["sha256"]
    assert (VENDOR / thing["licence_file"]).stat().st_size > 100
    assert thing["version"] in thing["file"] and thing["licence"]


def test_every_vendored_file_is_named() -> None:
    named = {"VENDOR.json"} | {name for thing in SHIPPED for name in (thing["file"], thing["licence_file"])}
    assert {path.name for path in VENDOR.iterdir()} == named


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
