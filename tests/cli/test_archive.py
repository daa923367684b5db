"""Room: tests.cli.test_archive. `nas-asr archive` as people type it: sentences, exit statuses, an archive that needs no app."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nas_asr.__main__ import main
from nas_asr.services.base import House
from tests.archive.shelf import bags, record, row, share_of, switch_on
from tests.cast import Cast


def call(data: Path, *words: str) -> Result:
    """One command of `nas-asr archive` on a data directory."""
    return CliRunner().invoke(main, ["--data", str(data), "archive", *words])


@pytest.fixture
def data(house: House, cast: Cast, tmp_path: Path) -> Path:
    """DATA with one recording of the choir."""
    record(house, cast.choir, share_of(house, cast.choir, tmp_path), "100% meeting.wav")
    return house.options.data


def test_run_verify_and_import(data: Path, house: House, tmp_path: Path) -> None:
    off = call(data, "run", "--now", "--team", "choir")
    assert off.exit_code == 1 and "The archive of team choir is off." in off.stderr
    assert call(data, "rule", "choir", "--on", "--min-minutes", "0").output.startswith("choir: on")
    dry = call(data, "run", "--now", "--dry-run")
    assert dry.exit_code == 0 and "due    2026-11-21  100% meeting" in dry.output and bags(house) == []
    ran = call(data, "run", "--now")
    assert ran.exit_code == 0 and "choir: 1 archived, 0 skipped" in ran.output
    assert call(data, "verify").exit_code == 0 and call(data, "verify", "--all").exit_code == 0
    again = call(tmp_path / "new", "import", str(house.options.archive))
    assert again.exit_code == 0 and again.output.startswith("1 added"), again.output
    assert call(tmp_path / "new", "import", str(house.options.archive)).output.startswith(
        "0 added, 0 completed, 1 here"
    )
    audio = bags(house)[0] / "data" / "audio.wav"
    audio.write_bytes(audio.read_bytes()[:-1] + b"?")
    for words in (("verify",), ("verify", "--all"), ("verify", "--json")):
        broken = call(data, *words)
        assert broken.exit_code == 1
        assert "2026-11-21 100% meeting: data/audio.wav was changed" in broken.stderr
    refused = call(tmp_path / "new", "import", str(house.options.archive), "--team", "choir")
    assert refused.exit_code == 1 and "data/audio.wav was changed" in refused.stderr


def test_nothing_is_due_by_day(data: Path, house: House) -> None:
    switch_on(house)
    ran = call(data, "run")
    assert (ran.exit_code, ran.output) == (0, "Nothing is due.\n")


def test_mistakes_are_one_sentence(data: Path, house: House, tmp_path: Path) -> None:
    for words in (("run", "--team", "nobodies"), ("import", str(tmp_path / "nowhere")), ("rule", "nobodies")):
        said = call(data, *words)
        assert said.exit_code == 1 and said.stderr.startswith("nas-asr: There is no "), said.stderr
    assert call(data, "import").exit_code == 2
    assert call(data, "verify").exit_code == 0, "an empty archive is whole"


def test_a_root_that_is_gone_fails_with_its_sentence(
    data: Path, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(house)
    monkeypatch.setenv("NAS_ASR_ARCHIVE_ROOT", str(tmp_path / "nas"))
    ran = call(data, "run", "--now")
    assert ran.exit_code == 1 and "is not there" in ran.stderr
    (tmp_path / "nas").mkdir()
    assert call(data, "run", "--now").exit_code == 0
    assert row(house, _only(house)).archived_version == 1
    (tmp_path / "nas").rename(tmp_path / "away")
    gone = call(data, "verify")
    assert gone.exit_code == 1 and "is not there" in gone.stderr


def _only(house: House) -> str:
    from nas_asr.store.models import Recording

    with house.db.read() as session:
        return session.query(Recording).one().id


def test_names_that_are_no_text_end_nothing_and_move_no_cursor(data: Path, house: House, tmp_path: Path) -> None:
    switch_on(house)
    assert call(data, "run", "--now").exit_code == 0
    odd = os.fsdecode(b"evil\x1b[2J\nnas-asr: all is well \xff")
    (bags(house)[0] / "data" / odd).write_bytes(b"x")
    found = call(data, "verify")
    assert found.exit_code == 1 and "is extra" in found.stderr and "\x1b" not in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert call(data, "verify", "--json").exit_code == 1
    (tmp_path / "foreign" / odd).mkdir(parents=True)
    (tmp_path / "foreign" / odd / "bagit.txt").write_text("x")
    taken = call(data, "import", str(tmp_path / "foreign"))
    assert taken.exit_code == 1 and len(taken.stderr.splitlines()) == 1 and "\x1b" not in taken.stderr
