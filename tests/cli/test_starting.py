"""Room: tests.cli. What `up` refuses before it starts anything, and what doctor says of a house."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from nas_asr import doctor
from nas_asr.__main__ import main
from nas_asr.settings import ADDRESS, Settings
from tests.live import living


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


def test_doctor_calls_a_full_disk_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    found = next(f for f in doctor.examine(Settings(data=tmp_path)) if f.subject == "data")
    assert found.verdict is doctor.Verdict.BROKEN and "Free some space" in found.remedy


def test_doctor_on_a_machine_without_a_house_says_how_to_make_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(tmp_path / "none"), "doctor"])
    assert result.exit_code == 0, result.output
    assert "make run" in result.output and "engine     sphinx" in result.output
    assert not (tmp_path / "none").exists()
