"""Room: tests.journey. kill -9 while the real engine works: the recording is done once, whatever was killed."""

import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from tests.live import PASSWORD, SAMPLE, Browser, Live, living, wait_for


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house of this module's own."""
    with living(tmp_path_factory.mktemp("kills") / "data") as house:
        browser = Browser(house.base)
        browser.post(
            "/setup", "/setup", admin="ada", password=PASSWORD, password_again=PASSWORD, team_name="Choir", language="en"
        )  # fmt: skip
        yield house


@pytest.fixture(scope="module")
def ada(live: Live) -> Browser:
    """The admin, signed in."""
    browser = Browser(live.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    return browser


def _drop(live: Live, name: str) -> None:
    """The sample under another name and with other bytes, so that it is a recording of its own."""
    target = live.data / "recordings" / "choir" / f"{name}.flac"
    shutil.copy(SAMPLE, target)
    with target.open("ab") as file:
        file.write(name.encode())


def _recording(ada: Browser, name: str) -> dict[str, str]:
    found = [r for r in ada.get("/api/v1/recordings").json["items"] if r["title"] == name]
    return found[0] if found else {}


@pytest.mark.parametrize("victim", ["worker.child", " work", "redis-server", "everything but up"])
def test_what_is_killed_in_mid_job_is_done_once(live: Live, ada: Browser, victim: str) -> None:
    _drop(live, f"killed {victim}")
    wait_for(lambda: _recording(ada, f"killed {victim}").get("state") == "transcribing", 60, "it is being transcribed")
    every = victim == "everything but up"
    victims = [pid for pid in live.family() if pid != live.process.pid] if every else live.family_of(victim)
    assert victims, live.words()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)

    def answered() -> bool:
        try:
            return _recording(ada, f"killed {victim}").get("state") == "done"
        except OSError:  # the page itself was killed
            return False

    wait_for(answered, 120, f"it is done\n{live.logs()}")
    _assert_done_once(ada, f"killed {victim}")


@pytest.mark.parametrize("module", ["nas_asr.engine.sphinx_child", "nas_asr.media.child"])
def test_a_program_that_is_killed_below_the_worker_is_a_passing_trouble(live: Live, ada: Browser, module: str) -> None:
    _drop(live, f"killed {module}")
    wait_for(lambda: live.started_by("worker.child", module), 60, "it is being transcribed")
    for pid in live.started_by("worker.child", module):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _recording(ada, f"killed {module}").get("state") == "queued", 30, "it is put off")
    wait_for(lambda: _recording(ada, f"killed {module}").get("state") == "done", 120, f"it is done\n{live.logs()}")
    _assert_done_once(ada, f"killed {module}")


def _assert_done_once(ada: Browser, name: str) -> None:
    one = _recording(ada, name)
    versions = ada.get(f"/api/v1/recordings/{one['id']}/versions").json["items"]
    assert len(versions) == 1
    transcript = ada.get(f"/api/v1/recordings/{one['id']}/transcript").json
    words = " ".join(segment["spoken"] for segment in transcript["segments"])
    spoken = [line.partition(": ")[2] for line in SAMPLE.with_suffix(".txt").read_text("utf-8").splitlines() if line]
    assert words == " ".join(spoken)


def test_the_share_is_as_it_was(live: Live) -> None:
    names = {path.name for path in (live.data / "recordings" / "choir").iterdir()}
    assert all(name.startswith("killed ") for name in names) and len(names) == 6
