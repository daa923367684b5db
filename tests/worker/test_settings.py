"""Room: tests.worker.test_settings. Settings that change under a worker, and memory that it gives back: no run is lost."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from nas_asr.core.access import Viewer
from nas_asr.core.recording import RunState
from nas_asr.services.house_settings import change_settings, free_memory
from nas_asr.store.models import Heartbeat, User
from tests.live import wait_for
from tests.worker.works import Works, is_alive, kill


def admin(shop: Works) -> Viewer:
    """Ada."""
    with shop.house.db.read() as session:
        user = session.scalars(select(User).where(User.is_admin)).one()
        return Viewer(user.id, user.name, is_admin=True)


def repaint(shop: Works, model: str) -> None:
    """An admin chooses another model, which loads."""
    assert change_settings(shop.house, admin(shop), {"model": model}, lambda _wanted: None) == ["model"]


def until_model(shop: Works, model: str) -> None:
    """Wait until a warm worker says that it has the model."""
    wait_for(lambda: _detail(shop).get("model") == model and _detail(shop)["state"] == "idle", 20, f"a {model} parrot")


def _detail(shop: Works) -> dict[str, object]:
    with shop.house.db.read() as session:
        beats = session.scalars(select(Heartbeat)).all()
        return dict(beats[0].detail) if beats else {}


def test_new_settings_wait_for_the_run_and_then_replace_the_child(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    repaint(shop, "green")
    wait_for(lambda: shop.run_of(recording).progress > 0.05, 10, "the run goes on")
    assert is_alive(child)
    shop.let_go()
    run = shop.until(recording, RunState.DONE)
    assert run.attempts == 1
    shop.assert_done_once(recording, "a long talk")
    until_model(shop, "green")
    following = shop.record("the next one")
    shop.until(following, RunState.DONE)
    assert shop.starts()[-1] != child
    assert not is_alive(child)


def test_an_idle_child_is_replaced_within_seconds_and_only_once(shop: Works) -> None:
    shop.start_worker()
    shop.until_warm()
    repaint(shop, "green")
    until_model(shop, "green")
    for text in ("one", "two"):
        shop.until(shop.record(text), RunState.DONE)
    assert len(set(shop.starts())) == 1


def test_times_of_the_watcher_leave_the_child_alone(shop: Works) -> None:
    shop.start_worker()
    shop.until(shop.record("one"), RunState.DONE)
    change_settings(shop.house, admin(shop), {"settle_seconds": "3"}, lambda _wanted: None)
    shop.until(shop.record("two"), RunState.DONE)
    assert len(set(shop.starts())) == 1


def test_freed_memory_stays_free_until_the_next_recording(shop: Works) -> None:
    shop.start_worker()
    shop.until(shop.record("one"), RunState.DONE)
    child = shop.starts()[-1]
    free_memory(shop.house, admin(shop))
    shop.until_warm("resting")
    assert not is_alive(child)
    shop.record("in a language that nobody here serves", language="zh")
    shop.until(shop.record("two"), RunState.DONE)
    assert shop.starts()[-1] != child
    shop.until_warm("idle")


def test_memory_is_freed_after_the_run_and_not_before(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    free_memory(shop.house, admin(shop))
    wait_for(lambda: shop.run_of(recording).progress > 0.05, 10, "the run goes on")
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.until_warm("resting")
    assert not is_alive(child)
    shop.assert_done_once(recording, "a long talk")


def test_memory_asked_for_during_a_run_is_freed_although_settings_change_too(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    repaint(shop, "green")
    free_memory(shop.house, admin(shop))
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.until_warm("resting")
    assert _detail(shop)["model"] == "green"
    assert not is_alive(child)


def test_new_settings_end_the_rest(shop: Works) -> None:
    shop.start_worker()
    shop.until_warm()
    free_memory(shop.house, admin(shop))
    shop.until_warm("resting")
    repaint(shop, "green")
    until_model(shop, "green")


Harm = Callable[[Works, int], None]


def _kill_child(_shop: Works, child: int) -> None:
    kill(child)


def _kill_worker(shop: Works, _child: int) -> None:
    shop.workers[0].kill()
    shop.workers[0].wait()
    shop.start_worker()


@pytest.mark.parametrize("harm", [_kill_child, _kill_worker], ids=["child", "worker"])
def test_a_kill_in_the_middle_of_a_change_loses_nothing(shop: Works, harm: Harm) -> None:
    shop.start_worker()
    shop.hold()
    recordings = [shop.record(text) for text in ("first", "second", "third")]
    child = shop.until_started()
    repaint(shop, "green")
    harm(shop, child)
    shop.let_go()
    for recording, text in zip(recordings, ("first", "second", "third"), strict=True):
        shop.until(recording, RunState.DONE)
        shop.assert_done_once(recording, text)
    until_model(shop, "green")
