"""Room: tests.worker.test_engines. Weights come and go under a running worker: what waited starts, nothing gets worse."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from nas_asr.core import checkpoints
from nas_asr.core.access import Role, Viewer
from nas_asr.core.offers import MODEL
from nas_asr.core.recording import RunState
from nas_asr.services.house_settings import change_settings, overlay
from nas_asr.services.recordings import one_recording, retry
from nas_asr.store.models import Heartbeat, Recording, TranscriptVersion, User
from tests.live import wait_for
from tests.worker.test_settings import admin
from tests.worker.works import Works, is_alive

Detail = dict[str, object]


def place(shop: Works) -> Path:
    """Where the model lies when it was pulled."""
    return checkpoints.place(
        checkpoints.models(Path(shop.stage.data)), checkpoints.Hub.MODELSCOPE, "FunAudioLLM/Fun-ASR-Nano-2512"
    )


def pull(shop: Works) -> None:
    """The weights come, carried here by hand; a directory without its configuration is not whole."""
    place(shop).mkdir(parents=True)
    (place(shop) / "configuration.json").write_text("{}")


def detail(shop: Works) -> Detail:
    """What the worker says of itself."""
    with shop.house.db.read() as session:
        found = session.scalars(select(Heartbeat)).first()
        return dict(found.detail) if found else {}


def bob(shop: Works) -> Viewer:
    """A member of the team."""
    with shop.house.db.read() as session:
        user = session.scalars(select(User).where(User.name == "bob")).one()
        return Viewer(user.id, user.name, roles={shop.team: Role.MEMBER})


def until(shop: Works, what: Callable[[Detail], object], tell: str) -> Detail:
    """Wait until the worker says so."""
    wait_for(lambda: bool(what(detail(shop))), 20, tell)
    return detail(shop)


def engines(told: Detail) -> list[str]:
    """The engines it offers."""
    offers = told.get("offers", [])
    assert isinstance(offers, list)
    return [one["engine"] for one in offers]


def by(shop: Works, recording: str) -> list[str]:
    """The engines of a recording's versions, oldest first."""
    with shop.house.db.read() as session:
        versions = select(TranscriptVersion).where(TranscriptVersion.recording_id == recording)
        return [one.engine for one in session.scalars(versions.order_by(TranscriptVersion.number))]


def is_draft(shop: Works, recording: str) -> bool:
    """Whether it is marked."""
    with shop.house.db.read() as session:
        return session.get_one(Recording, recording).draft


def test_what_waits_for_the_model_starts_by_itself_and_drafts_are_made_better(shop: Works) -> None:
    shop.start_worker()
    until(shop, engines, "a worker that tells")
    chinese = shop.record("会议", language="zh")
    english = shop.record("a draft")
    shop.until(english, RunState.DONE)
    assert is_draft(shop, english)
    assert shop.run_of(chinese).waiting_for == "model" and shop.run_of(chinese).state == RunState.QUEUED
    pull(shop)
    shop.until(chinese, RunState.DONE)
    assert by(shop, chinese) == [MODEL] and not is_draft(shop, chinese)
    change_settings(shop.house, admin(shop), {"redo_drafts": "true"}, lambda _wanted: None)
    shop.house = replace(shop.house, options=overlay(shop.house.options, shop.house.db))
    wait_for(lambda: shop.sweep() and len(by(shop, english)) == 2, 20, "the draft is redone")
    assert by(shop, english) == ["parrot", MODEL] and not is_draft(shop, english)


def test_one_worker_serves_folders_with_two_engines(shop: Works) -> None:
    pull(shop)
    named, best = shop.record("by the built-in engine"), shop.record("by the best one")
    shop.name_engine(named, "sphinx")
    shop.start_worker()
    for recording in (named, best):
        shop.until(recording, RunState.DONE)
    assert (by(shop, named), by(shop, best)) == (["parrot"], [MODEL])
    assert len(set(shop.starts())) == 1 and not is_draft(shop, named)


def test_a_model_that_does_not_load_is_said_and_nothing_less_takes_its_place(shop: Works) -> None:
    pull(shop)
    (Path(shop.stage.data) / "broken").touch()
    shop.start_worker()
    until(shop, engines, "a worker that tells")
    recording = shop.record("declared English")
    wait_for(lambda: shop.run_of(recording).failure_message, 20, "a sentence")
    told = until(shop, lambda told: told.get("trouble"), "the worker says it too")
    assert told["trouble"] == "The model's weights cannot be loaded."
    assert shop.run_of(recording).state == RunState.QUEUED and by(shop, recording) == []


def test_weights_that_vanish_hold_back_what_needs_them(shop: Works) -> None:
    pull(shop)
    shop.start_worker()
    done = shop.record("a talk")
    shop.until(done, RunState.DONE)
    shutil.rmtree(place(shop))
    until(shop, lambda told: engines(told) == ["sphinx"] and told["state"] == "idle", "the worker notices")
    chinese = shop.record("会议", language="zh")
    retry(shop.house, bob(shop), done)
    wait_for(lambda: shop.sweep() and shop.run_of(chinese).waiting_for, 20, "it waits")
    assert one_recording(shop.house, bob(shop), done).waiting_for == "model"
    assert by(shop, done) == [MODEL]


def test_an_idle_worker_unloads_after_a_while_and_loads_with_the_next_run(shop: Works) -> None:
    change_settings(shop.house, admin(shop), {"idle_minutes": "0.01"}, lambda _wanted: None)
    shop.start_worker()
    shop.until(shop.record("one"), RunState.DONE)
    child = shop.starts()[-1]
    told = until(shop, lambda told: told["state"] == "resting", "it rests")
    assert told["loaded"] == [] and engines(told) == ["sphinx"]
    assert not is_alive(child)
    shop.until(shop.record("two"), RunState.DONE)
    assert shop.starts()[-1] != child


def test_weights_that_come_while_it_rests_are_noticed(shop: Works) -> None:
    change_settings(shop.house, admin(shop), {"idle_minutes": "0.01"}, lambda _wanted: None)
    shop.start_worker()
    shop.until(shop.record("one"), RunState.DONE)
    until(shop, lambda told: told["state"] == "resting", "it rests")
    chinese = shop.record("会议", language="zh")
    pull(shop)
    shop.until(chinese, RunState.DONE)
    assert by(shop, chinese) == [MODEL]


def test_a_worker_whose_program_cannot_start_any_more_offers_nothing(shop: Works) -> None:
    pull(shop)
    shop.start_worker()
    until(shop, lambda told: MODEL in engines(told), "it offers the model")
    (Path(shop.stage.data) / "stillborn").touch()
    broken = shop.record("crash", language="zh")
    told = until(shop, lambda told: told["state"] == "failed" and not engines(told), "it takes its offer back")
    assert told["trouble"] == "The engine's program cannot start."
    (Path(shop.stage.data) / "stillborn").unlink()
    until(shop, lambda told: MODEL in engines(told), "it offers the model again")
    assert shop.run_of(broken).state != RunState.DONE
