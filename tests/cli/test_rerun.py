"""Room: tests.cli.test_rerun. Recordings into the queue once more by the command line: by id, and a team's last days."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nas_asr.core.hotwords import clean
from nas_asr.services.base import House
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.recordings import one_recording
from tests.cast import Cast, make_recording, write_transcript
from tests.cli.test_people import call


def finished(house: House, cast: Cast, days_ago: float) -> str:
    """A recording of so many days ago with a transcript."""
    recorded_at = datetime.now(UTC) - timedelta(days=days_ago)  # the command line looks at the real clock
    recording = make_recording(house, cast.choir, recorded_at=recorded_at)
    write_transcript(house, recording, ["compare needs"])
    return recording


def test_recordings_run_again_by_their_ids(house: House, cast: Cast, tmp_path: Path) -> None:
    one, other = finished(house, cast, 1), finished(house, cast, 400)
    done = call(tmp_path, "rerun", one, other)
    assert done.exit_code == 0 and done.stdout.count("is in the queue again.") == 2
    view = one_recording(house, cast.rita, one)
    assert view.rerun and view.version == 1, "readable meanwhile"
    again = call(tmp_path, "rerun", one)
    assert again.exit_code == 1 and "already being transcribed or waiting" in again.stderr


def test_a_teams_last_days_run_again_with_its_newest_list(house: House, cast: Cast, tmp_path: Path) -> None:
    recent, old = finished(house, cast, 1), finished(house, cast, 20)
    without = call(tmp_path, "rerun", "--team", "choir")
    assert without.exit_code == 1 and "This team has no hotword list yet." in without.stderr
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    assert call(tmp_path, "rerun", "--team", "choir").stdout == "choir: 1 in the queue again.\n"
    assert one_recording(house, cast.rita, recent).rerun and not one_recording(house, cast.rita, old).rerun
    assert call(tmp_path, "rerun", "--team", "choir", "--days", "30").stdout == "choir: 1 in the queue again.\n"
    assert call(tmp_path, "rerun", "--team", "choir", "--days", "30").stdout == "choir: 0 in the queue again.\n"


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ((), 2, "Say either which recordings"),
        (("x", "--team", "choir"), 2, "Say either which recordings"),
        (("nothing",), 1, "There is no recording nothing."),
        (("--team", "nobody"), 1, "There is no team called nobody."),
        (("--team", "choir", "--days", "0"), 2, "--days"),
    ],
)
def test_mistakes_are_said(
    house: House, cast: Cast, tmp_path: Path, words: tuple[str, ...], status: int, sentence: str
) -> None:
    done = call(tmp_path, "rerun", *words)
    assert done.exit_code == status and sentence in done.stderr
