"""Room: tests.deploy.test_dashboards. Each snippet holds only what its dashboard documents, and each path is in our answer.

The lists below are transcribed from the documents of each dashboard, as read in November 2026 (docs/dashboards.md names them).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording, write_transcript

SNIPPETS = Path(__file__).parents[2] / "deploy" / "dashboards"

HOMEPAGE_SERVICE = {"icon", "href", "description", "siteMonitor", "widget"}
HOMEPAGE_WIDGET = {
    "type", "url", "refreshInterval", "username", "password", "method", "headers", "requestBody", "display", "mappings",
}  # fmt: skip
HOMEPAGE_MAPPING = {"field", "label", "format", "remap", "scale", "prefix", "suffix", "additionalField"}
HOMEPAGE_LIST = {"items", "name", "label", "limit", "format", "target"}
HOMEPAGE_FORMATS = {
    "text", "number", "float", "percent", "duration", "bytes", "bitrate", "size", "date", "relativeDate",
}  # fmt: skip
GLANCE_COMMON = {"type", "title", "title-url", "cache", "css-class", "hide-header"}
GLANCE = {
    "custom-api": GLANCE_COMMON
    | {"url", "headers", "method", "body-type", "body", "frameless", "allow-insecure", "skip-json-validation", "template",
       "options", "parameters", "subrequests"},
    "extension": GLANCE_COMMON
    | {"url", "headers", "parameters", "fallback-content-type", "allow-potentially-dangerous-html"},
    "monitor": GLANCE_COMMON | {"sites", "style", "show-failing-only"},
}  # fmt: skip
GLANCE_SITE = {
    "title",
    "url",
    "check-url",
    "error-url",
    "icon",
    "timeout",
    "alt-status-codes",
    "basic-auth",
    "same-tab",
}
HOMARR = {
    "$schema", "name", "description", "iconUrl", "url", "authType", "headerName", "method", "requestBody", "displayType",
    "displayConfig",
}  # fmt: skip
HOMARR_AUTH = {"none", "bearer", "basic", "apiKeyHeader", "apiKeyQuery"}
DASHY_SECTION = {"name", "icon", "items", "widgets", "displayData"}
DASHY_ITEM = {
    "title", "description", "url", "icon", "target", "statusCheck", "statusCheckUrl", "statusCheckHeaders", "tags",
}  # fmt: skip
DASHY_WIDGET = {
    "type",
    "options",
    "updateInterval",
    "useProxy",
    "timeout",
    "ignoreErrors",
    "label",
    "placeholder",
    "id",
}
HOMER_MESSAGE = {"url", "mapping", "refreshInterval", "style", "title", "icon", "content"}
HOMER_ITEM = {"name", "subtitle", "url", "type", "endpoint", "logo", "icon", "tag", "target", "method"}


@pytest.fixture
def asked(house: House, cast: Cast) -> "Asked":
    """Our real answers, with something to show in each field."""
    write_transcript(house, make_recording(house, cast.choir, "spring <b>concert</b>"), ["we sing"])
    make_recording(house, cast.choir, "waiting")
    beat(house, Beat("worker", "w", "b", {"state": "idle", "device": "cuda:0"}))
    return Asked(create_app(house, WebSetup(secret_key="s" * 40)), house)


class Asked:
    """A dashboard's server that fetches from us with a token of Rita's."""

    def __init__(self, app: Flask, house: House) -> None:
        self._app = app
        self._house = house

    def get(self, path: str, scope: TokenScope = TokenScope.WIDGET, in_address: bool = False) -> Any:
        """The JSON under a path."""
        secret = create_token(self._house, None, "rita", NewToken("t", scope))
        headers = {} if in_address else {"X-API-Key": secret}
        address = path.replace("YOUR_WIDGET_TOKEN", secret) if in_address else path
        answer = self._app.test_client().get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json


def snippet(name: str) -> Any:
    """A snippet, parsed."""
    text = (SNIPPETS / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def at(answer: Any, path: str) -> Any:
    """The value at a dotted path: keys, or numbers in lists."""
    for part in path.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer


def at_json_path(answer: Any, path: str) -> Any:
    """The value at a JSONPath of plain members and indexes."""
    assert re.fullmatch(r"\$(\.\w+|\[\d+\])*", path), f"more of JSONPath than this evaluates: {path}"
    for member, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        answer = answer[member] if member else answer[int(index)]
    return answer


def path_of(address: str) -> str:
    """What comes after host and port."""
    found = re.fullmatch(r"https?://[^/]+(/.*)", address)
    assert found, f"no address: {address}"
    return found[1]


def homepage_widget(name: str) -> dict[str, Any]:
    """The one widget of a services.yaml."""
    [group] = snippet(name)
    [service] = next(iter(group.values()))
    entry = next(iter(service.values()))
    assert set(entry) <= HOMEPAGE_SERVICE
    widget = entry["widget"]
    assert isinstance(widget, dict)
    assert widget["type"] == "customapi" and set(widget) <= HOMEPAGE_WIDGET
    assert isinstance(widget["headers"], dict) and isinstance(widget["refreshInterval"], int)
    return widget


def test_homepages_numbers_are_in_our_answer(asked: Asked) -> None:
    widget = homepage_widget("homepage-services.yaml")
    answer = asked.get(path_of(widget["url"]))
    for mapping in widget["mappings"]:
        assert set(mapping) <= HOMEPAGE_MAPPING and mapping["format"] in HOMEPAGE_FORMATS
        assert isinstance(at(answer, mapping["field"]), int)


def test_homepages_list_finds_names_labels_and_pages(asked: Asked) -> None:
    widget = homepage_widget("homepage-recent.yaml")
    assert widget["display"] == "dynamic-list" and set(widget["mappings"]) <= HOMEPAGE_LIST
    wanted = widget["mappings"]
    rows = at(asked.get(path_of(widget["url"]), TokenScope.READ), wanted["items"])
    assert len(rows) == 2
    for row in rows:
        assert row[wanted["name"]] and row[wanted["label"]]
        places = re.findall(r"\{(\w+)\}", wanted["target"])
        assert places == ["id"] and path_of(row["url"]) == path_of(wanted["target"].format(**row))


def test_homepages_labels_say_the_same_as_its_file() -> None:
    labels = snippet("homepage-labels.yaml")["services"]["nas_asr"]["labels"]
    assert all(isinstance(value, str) for value in labels.values()), "a label is text"
    widget = homepage_widget("homepage-services.yaml")
    said = {
        f"homepage.widget.mappings[{i}].{key}": value
        for i, one in enumerate(widget["mappings"])
        for key, value in one.items()
    }
    assert {name: value for name, value in labels.items() if "mappings" in name} == said
    assert {
        name.split(".")[2] for name in labels if name.startswith("homepage.widget.") and "[" not in name
    } <= HOMEPAGE_WIDGET
    assert {name.split(".")[1] for name in labels} <= HOMEPAGE_SERVICE | {"group", "name"}


def test_glances_widgets_know_their_fields(asked: Asked) -> None:
    widgets = {widget["type"]: widget for widget in snippet("glance.yml")}
    assert set(widgets) == {"custom-api", "extension", "monitor"}
    for kind, widget in widgets.items():
        assert set(widget) <= GLANCE[kind], kind
    assert all(set(site) <= GLANCE_SITE for site in widgets["monitor"]["sites"])
    assert path_of(widgets["monitor"]["sites"][0]["check-url"]) == "/healthz"
    assert "parameters" not in widgets["extension"], "Glance then drops the address's own query"


def test_glances_template_reads_what_our_answer_has(asked: Asked) -> None:
    [widget] = [widget for widget in snippet("glance.yml") if widget["type"] == "custom-api"]
    answer = asked.get(path_of(widget["url"]))
    read = re.findall(r'\.JSON\.(Int|Float|String|Bool)\s+"([^"]+)"', widget["template"])
    assert len(read) >= 5
    kinds = {"Int": int, "Float": float, "String": str, "Bool": bool}
    for kind, path in read:
        assert isinstance(at(answer, path), kinds[kind]), path
    _is_balanced(widget["template"])


def _is_balanced(template: str) -> None:
    """Every `if` and `range` of a Go template has its `end`, every bracket its other half."""
    assert template.count("{{") == template.count("}}")
    actions = [words.split()[0] for words in re.findall(r"\{\{-?\s*(.*?)\s*-?\}\}", template)]
    assert sum(word in ("if", "range", "with") for word in actions) == actions.count("end")


def test_homarrs_import_is_one_and_its_paths_resolve(asked: Asked) -> None:
    widget = snippet("homarr.json")
    assert widget["$schema"] == "homarr-custom-widget-v2" and set(widget) <= HOMARR
    assert 1 <= len(widget["name"]) <= 128 and len(widget["description"]) <= 512
    assert widget["authType"] in HOMARR_AUTH and widget["method"] == "GET"
    shown = widget["displayConfig"]
    assert shown["type"] == widget["displayType"] == "statGrid"
    assert set(shown) <= {"type", "items", "columns", "cardStyle"}
    answer = asked.get(path_of(widget["url"]))
    for item in shown["items"]:
        assert {"label", "jsonPath", "unit"} <= set(item) <= {"label", "jsonPath", "unit", "color"} and item["label"]
        assert isinstance(at_json_path(answer, item["jsonPath"]), int | float)


def test_dashys_list_has_its_shape(asked: Asked) -> None:
    [section] = snippet("dashy.yml")
    assert set(section) <= DASHY_SECTION
    assert all(set(item) <= DASHY_ITEM for item in section["items"])
    assert all(set(widget) <= DASHY_WIDGET for widget in section["widgets"])
    [widget] = [widget for widget in section["widgets"] if widget["type"] == "custom-list"]
    answer = asked.get(path_of(widget["options"]["url"]), in_address=True)
    assert isinstance(answer, list) and len(answer) >= 5
    for row in answer:
        assert set(row) <= {"link", "value", "date"}
        assert set(row["link"]) == {"text", "url", "title"} and set(row["value"]) <= {"text", "title"}


def test_homers_message_has_its_shape_and_no_markup(asked: Asked) -> None:
    config = snippet("homer.yml")
    assert set(config["message"]) <= HOMER_MESSAGE
    for item in _items(config):
        assert set(item) <= HOMER_ITEM
    answer = asked.get(path_of(config["message"]["url"]), in_address=True)
    assert set(answer) == {"style", "title", "content"}
    assert "<" not in answer["content"], "Homer renders it as HTML"


def _items(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for service in config["services"]:
        yield from service["items"]


@pytest.mark.parametrize("path", sorted(SNIPPETS.iterdir()), ids=lambda path: path.name)
def test_no_snippet_holds_a_token_or_a_setting_of_ours_that_is_none(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "nasr_" not in text
    assert set(re.findall(r"nas\.local:(\d+)", text)) <= {"7860"}
