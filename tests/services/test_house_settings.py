"""Room: tests.services.test_house_settings. What admins may change on the page, who wins, and what is written down of it."""

import typing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr import bootstrap
from nas_asr.core.errors import Conflict, Invalid, ModelUnavailable, NotVisible
from nas_asr.core.ports import Options
from nas_asr.core.tunable import TUNABLE
from nas_asr.services.base import House
from nas_asr.services.house_settings import (
    LiveOptions,
    Wishes,
    change_settings,
    free_memory,
    overlay,
    show_settings,
    wishes,
)
from nas_asr.settings import Settings, load_settings
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine, HouseSetting
from tests.cast import START, Cast


def loads(_wanted: Options) -> None:
    """An engine that loads."""


def never(_wanted: Options) -> None:
    """A trial that nobody should ask for."""
    raise AssertionError("no engine had to be tried")


def as_options(live: LiveOptions) -> Options:
    """As bootstrap hands it down; the type checker does not follow __getattr__."""
    return typing.cast("Options", live)


def audit_of(house: House) -> list[tuple[str, str, dict[str, str]]]:
    """What the audit log says."""
    with house.db.read() as session:
        return [(row.action, row.subject, row.detail) for row in session.scalars(select(AuditLine))]


def test_every_setting_of_the_page_is_one_and_is_shown(house: House, cast: Cast) -> None:
    shown = show_settings(house, cast.ada).settings
    assert tuple(shown) == TUNABLE
    assert (shown["engine"].value, shown["threads"].value, shown["archive_at"].value) == ("auto", "0", "02:00")
    assert not any(one.locked_by or one.chosen for one in shown.values())


def test_a_change_is_kept_shown_and_written_down_by_name_only(house: House, cast: Cast) -> None:
    given = {"settle_seconds": "7.5", "archive_at": "03:30", "language": "zh", "scan_seconds": "1"}
    assert change_settings(house, cast.ada, given, never) == ["settle_seconds", "archive_at", "language"]
    now = overlay(house.options, house.db)
    assert (now.settle_seconds, now.archive_at.hour, now.language, now.scan_seconds) == (7.5, 3, "zh", 1)
    assert audit_of(house) == [("settings.changed", "settle_seconds, archive_at, language", {})]


def test_an_empty_value_is_the_default_again(house: House, cast: Cast) -> None:
    change_settings(house, cast.ada, {"settle_seconds": "7"}, never)
    assert change_settings(house, cast.ada, {"settle_seconds": " "}, never) == ["settle_seconds"]
    assert overlay(house.options, house.db).settle_seconds == 2
    assert not show_settings(house, cast.ada).settings["settle_seconds"].chosen


def test_what_is_as_it_was_is_no_change(house: House, cast: Cast) -> None:
    as_it_is = {name: one.value for name, one in show_settings(house, cast.ada).settings.items()}
    assert change_settings(house, cast.ada, as_it_is, never) == []
    assert audit_of(house) == [] and wishes(house) == Wishes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("engine", "whisper"), ("device", "gpu"), ("threads", "-1"), ("threads", "many"), ("language", "klingon"),
        ("settle_seconds", "nan"), ("scan_seconds", "0"), ("archive_at", "25:00"), ("model", "x" * 501),
        ("port", "80"), ("secret_key", "mine"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_by_name(house: House, cast: Cast, name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_settings(house, cast.ada, {name: value}, never)
    assert refused.value.field == name and refused.value.message
    assert show_settings(house, cast.ada).generation == 0


@pytest.mark.parametrize("person", ["alice", "charlie"])
def test_none_but_admins_see_or_change_anything(house: House, cast: Cast, person: str) -> None:
    somebody = getattr(cast, person)
    calls: list[Callable[[], object]] = [
        lambda: show_settings(house, somebody),
        lambda: change_settings(house, somebody, {"threads": "2"}, never),
        lambda: free_memory(house, somebody),
    ]
    for call in calls:
        with pytest.raises(NotVisible):
            call()
    assert wishes(house) == Wishes()


def test_an_engine_that_does_not_load_changes_nothing(house: House, cast: Cast) -> None:
    def refuses(wanted: Options) -> None:
        assert (wanted.engine, wanted.threads) == ("fun-asr-nano", 2)
        raise ModelUnavailable("The weights are not here.")

    with pytest.raises(ModelUnavailable):
        change_settings(house, cast.ada, {"engine": "fun-asr-nano", "threads": "2", "language": "zh"}, refuses)
    assert overlay(house.options, house.db) == house.options
    assert audit_of(house) == []


def test_who_looked_at_older_settings_is_told(house: House, cast: Cast) -> None:
    seen = show_settings(house, cast.ada).generation
    change_settings(house, cast.ada, {"threads": "2"}, loads, seen)
    with pytest.raises(Conflict):
        change_settings(house, cast.ada, {"threads": "3"}, loads, seen)
    assert overlay(house.options, house.db).threads == 2


def test_workers_hear_of_their_own_settings_only(house: House, cast: Cast) -> None:
    change_settings(house, cast.ada, {"threads": "2"}, loads)
    change_settings(house, cast.ada, {"language": "zh"}, never)
    assert wishes(house) == Wishes(engine=1)
    free_memory(house, cast.ada)
    assert wishes(house) == Wishes(engine=1, free_memory=3)
    assert audit_of(house)[-1] == ("memory.freed", "", {})


def test_the_environment_wins_and_says_so(house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(house, cast.ada, {"threads": "2"}, loads)
    monkeypatch.setenv("NAS_ASR_THREADS", "5")
    pinned = replace(house, options=load_settings(data=house.options.data))
    shown = show_settings(pinned, cast.ada).settings["threads"]
    assert (shown.value, shown.locked_by) == ("5", "NAS_ASR_THREADS")
    with pytest.raises(Invalid, match="NAS_ASR_THREADS"):
        change_settings(pinned, cast.ada, {"threads": "3"}, never)
    assert change_settings(pinned, cast.ada, {"threads": "5"}, never) == []


def test_the_file_wins_and_says_so(house: House, cast: Cast) -> None:
    file = house.options.data / "config.yaml"
    file.write_text("settle_seconds: 4\n")
    written = replace(house, options=load_settings({"NAS_ASR_DATA": str(house.options.data)}))
    shown = show_settings(written, cast.ada).settings["settle_seconds"]
    assert (shown.value, shown.locked_by) == ("4", str(file))


def test_a_stored_value_that_this_version_cannot_read_keeps_nobody_out(house: House, cast: Cast) -> None:
    change_settings(house, cast.ada, {"threads": "2"}, loads)
    with house.db.write() as session:
        session.add(HouseSetting(name="engine", value="of-tomorrow", generation=2, changed_at=START))
    now = overlay(house.options, house.db)
    assert (now.engine, now.threads) == ("auto", 2)
    assert change_settings(house, cast.ada, {"threads": "3"}, loads) == ["threads"]


def test_a_running_process_sees_the_change_and_survives_a_lost_database(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_asr.services.house_settings._LOOK_EVERY_S", 0.0)
    live = as_options(LiveOptions(house.options, house.db))
    assert live.settle_seconds == 2
    change_settings(replace(house, options=live), cast.ada, {"settle_seconds": "9"}, never)
    assert (live.settle_seconds, live.data) == (9, house.options.data)
    with house.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE house_settings")
    assert live.settle_seconds == 9


# -- the trial, with the real engine in a program of its own --------------------------------------------------------


def test_the_built_in_engine_loads_on_trial(tmp_path: Path) -> None:
    bootstrap.trial_elsewhere(Settings(data=tmp_path, engine="sphinx", threads=1))


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"engine": "openai"}, "openai"),
        ({"model": "/no/such/model"}, "/no/such/model"),
    ],
)
def test_an_engine_that_does_not_load_says_why(tmp_path: Path, wanted: dict[str, str], word: str) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        bootstrap.trial_elsewhere(Settings(data=tmp_path, **wanted))  # type: ignore[arg-type]
    assert word in refused.value.message and refused.value.remedy


def test_a_trial_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="not ready within"):
        bootstrap.trial_elsewhere(Settings(data=tmp_path), patience_s=0.05)


def test_the_worker_builds_its_engine_by_what_was_chosen(
    house: House, cast: Cast, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(house, cast.ada, {"threads": "3"}, loads)
    monkeypatch.setenv("NAS_ASR_DATABASE_URL", db.url)
    seen: list[Options] = []
    monkeypatch.setattr(bootstrap, "transcriber", lambda options: seen.append(options))
    bootstrap.worker_room(str(house.options.data))
    assert seen[0].threads == 3
