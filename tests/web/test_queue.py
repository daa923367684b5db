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


def test_the_list_comes_alone_when_it_is_asked_for_alone(visit: Visits, cast: Cast) -> None:
    part = visit(cast.ada).get("/admin/queue", headers={"HX-Request": "true", "HX-Target": "queue-now"}).text
    assert 'id="queue-now"' in part and "<html" not in part
