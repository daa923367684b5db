"""Room: tests.web.test_empty_pages. A page that has nothing to show says the next step, which depends on who looks."""

from operator import attrgetter

import pytest

from nas_asr.services.base import House
from nas_asr.services.teams import remove_member
from tests.cast import Cast
from tests.web.conftest import Visits

EMPTY: list[tuple[str, str, list[str]]] = [
    ("alice", "/", ["Drop the first recording", "or add a folder", 'href="/folders"']),
    ("bob", "/", ["Drop the first recording", "ask a manager to add a folder"]),
    ("rita", "/", ["As a reader you see here what the others of your team record."]),
    ("ada", "/", ["You are in no team yet", "Add yourself to a team."]),
    ("bob", "/?q=nothing", ["Nothing fits this filter", "Show everything"]),
    ("bob", "/search", ["Search everything that was said"]),
    ("bob", "/search?q=nothing", ["Nobody said that", "Try fewer words"]),
    ("bob", "/trash", ["The trash is empty", "To the library"]),
    ("alice", "/teams/choir", ["No folder is watched for this team yet.", "Add a folder"]),
    (
        "bob",
        "/teams/choir",
        ["No folder is watched for this team yet.", "A manager of your team or an admin adds folders."],
    ),
    ("alice", "/folders", ["No folder is watched yet", "Add one:"]),
    ("bob", "/folders", ["No folder is watched yet", "A manager of your team or an admin adds folders."]),
    ("bob", "/folders/ledger", ["No files here", "Nothing was seen in any folder yet.", 'href="/folders"']),
    ("alice", "/teams/choir/hotwords", ["no list yet", "One word or name a line"]),
    ("bob", "/teams/choir/hotwords", ["No list yet", "A manager of the team writes it."]),
    ("bob", "/account", ["With a token a dashboard or script reads or adds recordings in your name", "New token"]),
    ("ada", "/admin/queue", ["Nothing waits", "shows up here until it is transcribed."]),
    ("ada", "/admin/audit?kind=queue", ["Nothing fits this filter", "Show everything"]),
    ("ada", "/admin/settings", ["No worker has given a sign of life.", "nas-asr doctor"]),
]


def test_an_empty_page_says_the_next_step_to_whoever_looks(visit: Visits, cast: Cast) -> None:
    who = {name: visit(attrgetter(name)(cast)) for name in ("alice", "bob", "rita", "ada")}
    for name, path, sentences in EMPTY:
        page = who[name].get(path).text
        main = page[page.index("<main") :]
        assert [text for text in sentences if text not in main] == [], (name, path)


def test_a_team_without_people_says_how_they_come_in(visit: Visits, house: House, cast: Cast) -> None:
    for name in ("alice", "bob", "rita"):
        remove_member(house, None, "choir", name)
    page = visit(cast.ada).get("/teams/choir").text
    assert "Nobody is in this team yet. Invite the first person with a link" in page
    stranger = visit(cast.bob).get("/").text
    assert "Ask a manager of your team or an admin to add you." in stranger


@pytest.mark.parametrize("formats", [{}, {"format": "txt"}])
def test_an_export_of_nothing_says_what_to_choose(visit: Visits, cast: Cast, formats: dict[str, str]) -> None:
    answer = visit(cast.bob).post("/recordings/export", **formats)
    assert answer.status_code == 422 and "Choose at least one." in answer.text
