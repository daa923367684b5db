"""Room: tests.cli. People, teams and tokens by the command line alone."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from nas_asr.__main__ import main


def call(data: Path, *words: str, stdin: str = "") -> Result:
    """One command of nas-asr on a data directory."""
    return CliRunner().invoke(main, ["--data", str(data / "data"), *words], input=stdin)


def test_a_house_is_set_up_by_the_command_line_alone(tmp_path: Path) -> None:
    assert call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n").exit_code == 0
    assert call(tmp_path, "team", "add", "choir", "--name", "The choir").exit_code == 0
    assert call(tmp_path, "member", "add", "choir", "alice", "--role", "manager").exit_code == 0
    share = tmp_path / "share"
    share.mkdir()
    added = call(tmp_path, "folder", "add", "choir", str(share), "--language", "en")
    assert added.exit_code == 0, added.output
    secret = call(tmp_path, "token", "add", "alice", "--name", "phone", "--scope", "ingest").output.strip()
    assert secret.startswith("nasr_") and len(secret) > 40
    people = json.loads(call(tmp_path, "user", "list", "--json").output)
    assert people[0]["name"] == "alice" and people[0]["is_admin"] is True
    folders = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert folders[0]["path"] == str(share) and folders[0]["language"] == "en"


def test_the_first_user_is_admin_and_the_second_is_not(tmp_path: Path) -> None:
    for name in ("alice", "bob"):
        call(tmp_path, "user", "add", name, "--password-stdin", stdin="a long password\n")
    people = {p["name"]: p["is_admin"] for p in json.loads(call(tmp_path, "user", "list", "--json").output)}
    assert people == {"alice": True, "bob": False}


def test_a_mistake_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    result = call(tmp_path, "member", "add", "nobodies", "alice", "--role", "reader")
    assert result.exit_code == 1
    assert result.stderr == "nas-asr: There is no team called nobodies. See `nas-asr team list`.\n"


def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    assert call(tmp_path, "member", "add", "choir").exit_code == 2


def test_an_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["user", "list"], env={"NAS_ASR_PROT": "1"})
    assert result.exit_code == 1
    assert "NAS_ASR_PROT is not a setting" in result.stderr and "NAS_ASR_PORT" in result.stderr


def test_the_password_of_an_unknown_person_cannot_be_set(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    result = call(tmp_path, "user", "passwd", "ghost", "--password-stdin", stdin="a long password\n")
    assert result.exit_code == 1 and "no user called ghost" in result.stderr


def test_a_command_in_the_wrong_directory_makes_no_second_house(tmp_path: Path) -> None:
    result = call(tmp_path, "team", "add", "choir")
    assert result.exit_code == 1 and "There is no nas_asr data in" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_says_how_it_is_written_and_may_say_otherwise_later(tmp_path: Path) -> None:
    share = tmp_path / "calls"
    share.mkdir()
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    call(tmp_path, "folder", "add", "choir", str(share), "--language", "en", "--itn", "off", "--apart")
    (folder,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert (folder["itn"], folder["apart"]) == ("off", True)
    assert call(tmp_path, "folder", "change", folder["id"], "--itn", "model", "--together").exit_code == 0
    (folder,) = json.loads(call(tmp_path, "folder", "list", "--json").output)
    assert (folder["itn"], folder["apart"]) == ("model", False)
    assert call(tmp_path, "folder", "change", folder["id"]).exit_code == 2
    assert call(tmp_path, "folder", "change", "nobody", "--apart").exit_code == 1


def test_links_are_printed_for_who_cannot_come_in(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "user", "add", "bob", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    invited = call(tmp_path, "member", "invite", "choir", "--role", "member").output
    assert invited.startswith("http://127.0.0.1:7860/invitations/nasi_")
    assert call(tmp_path, "user", "reset", "bob").output.startswith("http://127.0.0.1:7860/reset/nasp_")
    call(tmp_path, "user", "disable", "bob")
    assert call(tmp_path, "user", "reset", "bob").exit_code == 1
    call(tmp_path, "user", "enable", "bob")
    assert call(tmp_path, "user", "reset", "bob").exit_code == 0


def test_nobody_is_invited_into_a_house_without_an_admin(tmp_path: Path) -> None:
    call(tmp_path, "user", "list")
    call(tmp_path, "team", "add", "choir")
    assert call(tmp_path, "member", "invite", "choir", "--role", "member").exit_code == 1
