"""Room: tests.cli. The ledger and a folder's marker by the command line."""

import json
from pathlib import Path

import pytest

from nas_asr.bootstrap import house_without_queue
from nas_asr.services.base import House
from nas_asr.services.looks import due_looks, note_news, note_offline
from nas_asr.services.sightings import News, Sighting, Stat
from nas_asr.settings import Settings
from nas_asr.watcher.ignore import LINK, OTHER_KIND
from tests.cli.test_people import call


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A watched folder, made by the command line."""
    (tmp_path / "share").mkdir()
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    added = call(tmp_path, "folder", "add", "choir", str(tmp_path / "share"), "--language", "en")
    assert added.exit_code == 0, added.output
    (made,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    return str(made["id"])


@pytest.fixture
def seen(tmp_path: Path, folder: str) -> House:
    """Its house, when a recording, a text and a link were seen in it."""
    house = house_without_queue(Settings(data=tmp_path / "data"))
    ignored = [Sighting("说明.txt".encode(), Stat(1, 1, 2), OTHER_KIND), Sighting(b"c.wav", Stat(1, 1, 3), LINK)]
    note_news(house, folder, News(growing=[Sighting(b"a.m4a", Stat(9, 10**18, 1))], ignored=ignored))
    return house


def test_the_ledger_is_listed_and_narrowed(tmp_path: Path, folder: str, seen: House) -> None:
    assert len(json.loads(call(tmp_path, "ledger", "--json").output)) == 3
    (line,) = json.loads(call(tmp_path, "ledger", "--folder", folder, "--state", "growing", "--json").output)
    assert (line["path"], line["presence"], line["reason_code"]) == ("a.m4a", "present", "settling")
    (line,) = json.loads(call(tmp_path, "ledger", "--name", "说明", "--presence", "present", "--json").output)
    assert line["rule"] == "other_kind"
    assert json.loads(call(tmp_path, "ledger", "--presence", "missing", "--json").output) == []
    table = call(tmp_path, "ledger", "--limit", "2")
    assert "There are more" in table.output and "PATH" in table.output
    assert call(tmp_path, "ledger", "--state", "odd").exit_code == 2


def test_a_very_long_name_pushes_no_other_line_to_the_right(tmp_path: Path, folder: str, seen: House) -> None:
    note_news(seen, folder, News(growing=[Sighting(b"long name " * 20 + b".m4a", Stat(9, 10**18, 4))]))
    table = call(tmp_path, "ledger").output.splitlines()
    assert max(len(line) for line in table if "long name" in line) > 300
    assert all(len(line) < 300 for line in table if "long name" not in line)


def test_the_list_of_folders_says_why_one_is_offline(tmp_path: Path, folder: str, seen: House) -> None:
    assert "Is the share mounted?" not in call(tmp_path, "folder", "list").output
    note_offline(seen, folder, "The folder is not there. Is the share mounted?")
    assert "The folder is not there. Is the share mounted?" in call(tmp_path, "folder", "list").output


def test_a_line_is_looked_at_again_by_the_command_line(tmp_path: Path, folder: str, seen: House) -> None:
    (text,) = json.loads(call(tmp_path, "ledger", "--name", "说明", "--json").output)
    assert call(tmp_path, "ledger", "retry", text["id"]).exit_code == 0
    assert "说明.txt".encode() in due_looks(seen)[folder]
    (link,) = json.loads(call(tmp_path, "ledger", "--name", "c.wav", "--json").output)
    refused = call(tmp_path, "ledger", "retry", link["id"])
    assert refused.exit_code == 1 and "never taken" in refused.output
    assert call(tmp_path, "ledger", "retry", "nosuchline").exit_code == 1


def test_a_marker_is_named_and_taken_back_by_the_command_line(tmp_path: Path, folder: str) -> None:
    refused = call(tmp_path, "folder", "change", folder, "--marker", ".root")
    assert refused.exit_code == 1 and "There is no file “.root” in the folder." in refused.output
    (tmp_path / "share" / ".root").touch()
    for given, kept in ((".root", ".root"), ("", "")):
        assert call(tmp_path, "folder", "change", folder, "--marker", given).exit_code == 0
        (shown,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
        assert shown["marker"] == kept
