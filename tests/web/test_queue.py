"""Room: tests.web.test_queue. The queue page: order, pause, stop, for admins."""

from nas_asr.services.base import House
from nas_asr.store.models import Recording
from tests.cast import Cast, make_recording
from tests.web.conftest import Visits


def test_an_admin_pauses_goes_on_and_puts_first(visit: Visits, house: House, cast: Cast) -> None:
    waiting = make_recording(house, cast.choir, "secret plans")
    browser = visit(cast.ada)
    page = browser.get("/admin/queue").text
    assert "a recording of Choir" in page and "secret plans" not in page
    with house.db.read() as session:
        run = session.get_one(Recording, waiting).run_id
    browser.post(f"/admin/queue/{run}/first")
    assert "put first" in browser.get("/admin/queue").text
    browser.post("/admin/queue/pause")
    assert "Paused by ada" in browser.get("/admin/queue").text
    assert "Transcription is paused" in visit(cast.bob).get("/").text, "everybody may know why nothing begins"
    browser.post("/admin/queue/resume")
    assert "Paused by ada" not in browser.get("/admin/queue").text
    browser.post(f"/admin/queue/{run}/stop")
    assert "Nothing waits" in browser.get("/admin/queue").text
    assert "stopped" in visit(cast.bob).get("/").text


def test_what_was_stopped_or_failed_is_asked_for_again(visit: Visits, house: House, cast: Cast) -> None:
    stopped = make_recording(house, cast.choir, "secret plans")
    browser = visit(cast.ada)
    with house.db.read() as session:
        run = session.get_one(Recording, stopped).run_id
    assert browser.post(f"/admin/queue/{run}/again").status_code == 409, "it waits"
    browser.post(f"/admin/queue/{run}/stop")
    page = browser.get("/admin/queue").text
    assert "Failed or stopped in the last week" in page and "secret plans" not in page
    browser.post(f"/admin/queue/{run}/again")
    page = browser.get("/admin/queue").text
    assert "Nothing waits" not in page and "Failed or stopped" not in page
    assert browser.post(f"/admin/queue/{run}/again").status_code == 409, "a newer run took its place"
    assert visit(cast.alice).post(f"/admin/queue/{run}/again").status_code == 404


def test_the_list_comes_alone_when_it_is_asked_for_alone(visit: Visits, cast: Cast) -> None:
    part = visit(cast.ada).get("/admin/queue", headers={"HX-Request": "true", "HX-Target": "queue-now"}).text
    assert 'id="queue-now"' in part and "<html" not in part
