"""Room: tests.cli. What `up` refuses before it starts anything, and what doctor says of a house."""

import json
import re
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from nas_asr import doctor
from nas_asr.__main__ import main
from nas_asr.core.findings import Verdict
from nas_asr.settings import ADDRESS, Settings
from tests.live import living, wait_for


def test_a_port_that_is_taken_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["up", "--stage", "1", "--data", str(tmp_path / "data"), "--port", str(port)])
    assert result.exit_code == 1
    assert f"127.0.0.1:{port} cannot be served: Address already in use." in result.stderr
    assert "--port" in result.stderr and "serves" not in result.output


def test_doctor_finds_the_page_where_up_said_it_is(tmp_path: Path) -> None:
    with living(tmp_path / "data") as house:
        assert (house.data / ADDRESS).read_text() == house.base
        findings = {f["subject"]: f for f in json.loads(house.run("doctor", "--json"))}
    assert findings["page"]["verdict"] == "ok" and house.base in findings["page"]["message"]
    assert findings["redis"]["message"].endswith("running")
    assert not (house.data / ADDRESS).exists()


def test_the_command_that_up_prints_makes_the_first_account_of_this_house(tmp_path: Path) -> None:
    with living(tmp_path / "data") as house:
        greeting = tmp_path / "up.log"
        said = wait_for(lambda: re.search(r" or: (.+) NAME ", greeting.read_text()), 30, "up greets")
        words = [*shlex.split(said[1]), "ada", "--admin", "--password-stdin"]
        (elsewhere := tmp_path / "another terminal").mkdir()
        subprocess.run(words, input="a long password\n", text=True, check=True, cwd=elsewhere, env=house.environ)
        assert "ada" in house.run("user", "list")


def test_doctor_calls_a_full_disk_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    found = next(f for f in doctor.examine(Settings(data=tmp_path)) if f.subject == "data")
    assert found.verdict is Verdict.BROKEN and "Free some space" in found.remedy


def test_doctor_on_a_machine_without_a_house_says_how_to_make_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(tmp_path / "none"), "doctor"])
    assert result.exit_code == 0, result.output
    assert "make run" in result.output and "engine     sphinx" in result.output
    assert not (tmp_path / "none").exists()
