"""Room: tests.journey. Workers on other machines, each with its own DATA; and a PostgreSQL whose power goes in mid-job."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from nas_asr.core.recording import RunState
from tests.journey.machines import REDIS_PASSWORD, Site, ada, site
from tests.live import SAMPLE, wait_for
from tests.postgres import PASSWORD

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A house without a worker of its own."""
    with site(tmp_path_factory.mktemp("two"), NAS_ASR_WORKERS="0") as made:
        yield made


def done(made: Site, *titles: str) -> bool:
    """Whether all of them can be read."""
    runs = made.runs()
    return all(title in runs and runs[title].state == RunState.DONE for title in titles)


def test_both_machines_work_and_when_one_dies_the_other_does_its_runs(two: Site) -> None:
    first = two.work("b")
    for name in ("one", "two", "three"):
        two.drop(name)

    def at_work() -> set[str]:
        return {run.worker.partition(":")[0] for run in two.runs().values() if run.state == RunState.TRANSCRIBING}

    wait_for(lambda: "pc-b" in at_work(), 90, f"B is at work\n{two.told()}")
    two.work("c")
    wait_for(lambda: at_work() == {"pc-b", "pc-c"}, 90, f"both are at work\n{two.told()}")
    os.killpg(first.pid, signal.SIGKILL)
    wait_for(lambda: done(two, "one", "two", "three"), 180, f"all is done\n{two.told()}")
    assert two.versions() == {"one": 1, "two": 1, "three": 1}
    assert any(run.attempts == 2 and run.worker.startswith("pc-c:") for run in two.runs().values())


def test_an_upload_waits_for_the_machine_that_has_it(two: Site) -> None:
    """C runs already and tries first; uploads lie in the DATA of A."""
    upload(two, "uploaded")
    wait_for(lambda: two.runs().get("uploaded") and two.runs()["uploaded"].failure_code, 60, "C has tried")
    run = two.runs()["uploaded"]
    assert run.state == RunState.QUEUED and "is not on the disk of" in run.failure_message
    two.work("a")
    wait_for(lambda: done(two, "uploaded"), 120, f"A has done it\n{two.told()}")
    assert two.runs()["uploaded"].worker.startswith("pc-a:") and two.versions()["uploaded"] == 1


def test_nobody_wrote_a_password_down(two: Site) -> None:
    told = two.told()
    for secret in (PASSWORD, quote(PASSWORD, safe=""), REDIS_PASSWORD, quote(REDIS_PASSWORD)):
        assert secret not in told


def test_a_database_whose_power_goes_is_found_again_by_everybody(tmp_path: Path) -> None:
    with site(tmp_path) as made:
        browser = ada(made)
        made.drop("before")
        wait_for(
            lambda: "before" in made.runs() and made.runs()["before"].state == RunState.TRANSCRIBING, 90, "it works"
        )
        parts = {word: made.live.family_of(f" {word}") for word in ("web", "watch", "work")}
        made.cluster.stop()
        wait_for(lambda: browser.get("/").status == 503, 20, "the page says so")
        page = browser.get("/")
        assert "The database does not answer just now" in page.text and page.headers["Retry-After"]
        call = browser.get("/api/v1/recordings")
        assert call.status == 503 and call.json["error"]["code"] == "busy" and call.json["error"]["remedy"]
        made.drop("meanwhile")
        made.cluster.start()
        wait_for(lambda: browser.get("/").status == 200, 20, "the page is back")
        wait_for(lambda: done(made, "before", "meanwhile"), 180, f"both are done\n{made.told()}")
        assert made.versions() == {"before": 1, "meanwhile": 1}
        assert made.runs()["before"].attempts == 1
        assert {word: made.live.family_of(f" {word}") for word in parts} == parts
        assert "Traceback" not in made.told()


def upload(made: Site, title: str) -> None:
    """As another program sends audio."""
    token = made.live.run("token", "add", "ada", "--name", title, "--scope", "write").split()[-1]
    edge = "a-border"
    fields = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"team": "choir", "title": title, "language": "en"}.items()
    )
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{title}.flac"\r\n\r\n'
    content = fields.encode() + head.encode() + SAMPLE.read_bytes() + title.encode() + f"\r\n--{edge}--\r\n".encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={edge}"}
    request = urllib.request.Request(f"{made.live.base}/api/v1/recordings", content, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202
