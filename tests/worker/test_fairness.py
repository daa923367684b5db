"""Room: tests.worker.test_fairness. Two teams, one worker, a real queue: who dropped one recording is served among thousands."""

from pathlib import Path
from typing import Any

from sqlalchemy import select

from nas_asr.core.recording import RunState
from nas_asr.store.models import Run, Team
from tests.cast import make_folder
from tests.live import wait_for
from tests.services.test_fairness import drop_many
from tests.worker.works import Works


def drop_choirs(shop: Works, count: int) -> None:
    """The choir's many recordings, all of one file; the first of them are rung."""
    (shop.folder / "many.txt").write_text("one of many")
    place: dict[str, Any] = {"folder_id": shop.folder_id, "raw_path": b"many.txt", "path": "many.txt", "size_bytes": 11}
    drop_many(shop.house, shop.team, count, **place)
    shop.sweep()


def go_to_the_garden(shop: Works, folder: Path) -> None:
    """From now on it is the other team that records."""
    with shop.house.db.read() as session:
        shop.team = session.scalars(select(Team).where(Team.slug == "garden")).one().id
    shop.folder, shop.folder_id = folder, make_folder(shop.house.db, shop.team, folder)


def test_one_recording_is_done_within_three_while_another_team_dropped_two_thousand(
    shop: Works, tmp_path: Path
) -> None:
    drop_choirs(shop, 2_000)
    shop.hold()
    shop.start_worker()
    shop.until_started()
    go_to_the_garden(shop, tmp_path / "garden")
    lonely = shop.record("a single word", duration_ms=3_600_000)
    shop.let_go()
    shop.until(lonely, RunState.DONE)
    before = starts_before(shop, "garden")
    assert len(before) <= 3, before
    shop.assert_done_once(lonely, "a single word")


def test_two_workers_serve_the_single_one_no_later(shop: Works, tmp_path: Path) -> None:
    drop_choirs(shop, 200)
    shop.hold()
    for name in ("one", "two"):
        shop.start_worker(name)
    wait_for(lambda: len(under_way(shop)) == 2, 20, "both work")
    go_to_the_garden(shop, tmp_path / "garden")
    lonely = shop.record("a single word")
    shop.let_go()
    shop.until(lonely, RunState.DONE)
    assert len(starts_before(shop, "garden")) <= 4


def starts_before(shop: Works, word: str) -> list[str]:
    """What was begun before the first file with this word in its path."""
    begun = Path(shop.stage.diary).read_text().splitlines()
    return begun[: next(at for at, line in enumerate(begun) if word in line)]


def under_way(shop: Works) -> list[str]:
    with shop.house.db.read() as session:
        return list(session.scalars(select(Run.id).where(Run.state == RunState.TRANSCRIBING)))
