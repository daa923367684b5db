"""Room: tests.cli. A folder that asks, by the command line alone."""

import json
from pathlib import Path

from tests.cli.test_people import call


def test_a_folder_asks_and_is_answered(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    share = tmp_path / "share"
    share.mkdir()
    (share / "old.mp3").touch()
    added = call(tmp_path, "folder", "add", "choir", str(share), "--language", "en", "--since", "ask")
    (folder,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert folder["awaiting_choice"] is True
    assert f"nas-asr folder choose {folder['id']} all|now|DATE" in added.output
    refused = call(tmp_path, "folder", "choose", folder["id"], "soon")
    assert refused.exit_code == 1 and "is not a date" in refused.output
    assert "There is no folder" in call(tmp_path, "folder", "choose", "nobody", "all").output
    chosen = call(tmp_path, "folder", "choose", folder["id"], "all")
    assert chosen.exit_code == 0 and chosen.output.startswith("0 files are taken.")
    (folder,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert folder["awaiting_choice"] is False


def test_the_default_is_still_to_take_everything(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    (tmp_path / "share").mkdir()
    call(tmp_path, "folder", "add", "choir", str(tmp_path / "share"))
    (folder,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert (folder["awaiting_choice"], folder["since"]) == (False, None)
