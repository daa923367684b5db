"""Room: tests.web.test_admin. The house for its admins."""

from nas_asr.core.access import Role
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.recordings import trash
from nas_asr.services.teams import add_member
from tests.cast import Cast, Clock, make_recording
from tests.web.conftest import Visits


def test_parts_that_fell_silent_are_named(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    browser = visit(cast.ada)
    assert "No worker has given a sign of life" in browser.get("/admin").text
    beat(house, Beat("worker", "worker-1", "boot"))
    assert "alive" in browser.get("/admin").text
    clock.pass_seconds(120)
    assert "silent" in browser.get("/admin").text


def test_what_was_done_is_in_the_audit(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/teams", name="Tenors")
    assert "added team <q>tenors</q>" in browser.get("/admin").text


def test_the_audit_names_recordings_of_ones_own_teams_by_title(visit: Visits, house: House, cast: Cast) -> None:
    ours, theirs = make_recording(house, cast.choir, "rehearsal"), make_recording(house, cast.garden, "secret garden")
    trash(house, cast.bob, ours)
    trash(house, cast.charlie, theirs)
    add_member(house, None, "choir", "ada", Role.READER)
    page = visit(cast.ada).get("/admin").text
    assert "<q>rehearsal</q>" in page and ours not in page
    assert "secret garden" not in page and theirs in page
