"""Room: tests.web.test_library. The list, its states, filters, pages and the upload."""

import html
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest

from nas_asr.core.access import Role, Viewer
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.listing import RecordingFilter, Sort, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import RecordingView
from nas_asr.store.models import Recording, Run
from nas_asr.web.app import StageTwoView, WebSetup, create_app
from tests.cast import START, Cast, Clock, make_folder, make_recording, speak, write_transcript
from tests.drops import with_settings
from tests.web.conftest import SECRET, Visits, visitor

SAMPLE = Path(__file__).parents[1] / "sample" / "meeting.flac"


def in_state(house: House, recording_id: str, state: RunState, **fields: object) -> None:
    with house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        run = session.get_one(Run, recording.run_id)
        run.state = recording.state = state
        for name, value in fields.items():
            setattr(run, name, value)


def test_one_sees_ones_teams_recordings_newest_first(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    write_transcript(house, make_recording(house, cast.choir, "morning"), ["la"])
    clock.pass_seconds(60)
    write_transcript(house, make_recording(house, cast.choir, "evening"), ["la"])
    make_recording(house, cast.garden, "of the garden")
    page = visit(cast.rita).get("/").text
    assert page.index("evening") < page.index("morning")
    assert "of the garden" not in page


def test_a_fresh_file_that_was_recorded_long_ago_is_seen_at_once(visit: Visits, house: House, cast: Cast) -> None:
    for number in range(60):
        write_transcript(house, make_recording(house, cast.choir, f"take {number:02}"), ["la"])
    make_recording(house, cast.choir, "from the attic", recorded_at=START - timedelta(days=9000))
    make_recording(house, cast.choir, "of today")
    browser = visit(cast.rita)
    page = browser.get("/").text
    assert page.index("Under way") < page.index("from the attic") < page.index("take ")
    assert page.count(">from the attic</a>") == page.count(">of today</a>") == 1
    part = browser.get("/", headers={"HX-Request": "true", "HX-Target": "library"}).text
    assert "from the attic" in part
    for narrowed in ("/?q=take", "/?state=done", "/?cursor=" + page.split('href="/?cursor=')[1].split('"')[0]):
        assert "Under way" not in browser.get(narrowed).text


def test_a_long_queue_is_shown_in_part(visit: Visits, house: House, cast: Cast) -> None:
    for number in range(23):
        make_recording(house, cast.choir, f"take {number:02}")
    page = visit(cast.rita).get("/").text
    assert "3 more are waiting" in page
    assert all(page.count(f">take {number:02}</a>") == 1 for number in range(23))


def test_counts_are_of_what_is_shown(visit: Visits, house: House, cast: Cast) -> None:
    make_recording(house, cast.choir, "rehearsal")
    write_transcript(house, make_recording(house, cast.choir, "concert"), ["la"])
    page = visit(cast.rita).get("/?q=concert").text
    assert '<span class="done"><b>1</b>' in page and '<span class="queued">' not in page


def test_a_next_try_is_announced_with_its_reason(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    in_state(
        house, recording, RunState.QUEUED, failure_message="The share is away.",
        not_before=START.replace(hour=2, minute=50),
    )  # fmt: skip
    app = create_app(with_settings(house, timezone="UTC"), WebSetup(secret_key=SECRET))
    for path in ("/", f"/recordings/{recording}"):
        page = visitor(app, cast.rita).get(path).text
        assert "The share is away. It is tried again at 02:50." in page
        assert "It waits for its turn." not in page


def test_progress_is_shown(visit: Visits, house: House, cast: Cast) -> None:
    in_state(house, make_recording(house, cast.choir), RunState.TRANSCRIBING, progress=0.42)
    page = visit(cast.rita).get("/").text
    assert 'value="0.420"' in page and "transcribing 42 %" in page


def test_a_failure_says_why_and_offers_to_try_again(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    in_state(
        house, recording, RunState.FAILED, failure_code="x", failure_message="It broke.", failure_remedy="Mend it."
    )
    page = visit(cast.bob).get("/").text
    assert "It broke. Mend it." in page and f"/recordings/{recording}/retry" in page
    assert f"/recordings/{recording}/retry" not in visit(cast.rita).get("/").text


def test_what_waits_for_the_model_can_be_declared_english(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, language="auto")
    in_state(house, recording, RunState.QUEUED, waiting_for="model")
    browser = visit(cast.bob)
    assert "This is English: transcribe now" in browser.get("/").text
    browser.post(f"/recordings/{recording}/language", language="en", next="/")
    assert "This is English" not in browser.get("/").text


def test_what_was_declared_chinese_is_not_offered_as_english(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, language="zh")
    in_state(house, recording, RunState.QUEUED, waiting_for="model")
    page = visit(cast.bob).get("/").text
    assert "when an engine for Chinese is here" in page and "This is English" not in page


def test_the_live_part_comes_alone(visit: Visits, house: House, cast: Cast) -> None:
    make_recording(house, cast.choir, "rehearsal")
    part = visit(cast.rita).get("/", headers={"HX-Request": "true", "HX-Target": "library"}).text
    assert part.lstrip().startswith('<div id="library"') and "rehearsal" in part and "<html" not in part


@pytest.mark.parametrize(
    ("query", "found"), [("q=reh", "rehearsal"), ("state=done", "concert"), ("team=choir&q=conc", "concert")]
)
def test_the_list_can_be_narrowed(visit: Visits, house: House, cast: Cast, query: str, found: str) -> None:
    make_recording(house, cast.choir, "rehearsal")
    write_transcript(house, make_recording(house, cast.choir, "concert"), ["la"])
    page = visit(cast.rita).get(f"/?{query}").text
    assert [name for name in ("rehearsal", "concert") if f">{name}</a>" in page] == [found]


def test_a_filter_that_fits_nothing_says_so(visit: Visits, house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    assert "Nothing fits this filter" in visit(cast.rita).get("/?q=zzz").text
    assert visit(cast.rita).get("/?state=lost").status_code == 422


@pytest.fixture
def mixed(house: House, cast: Cast, clock: Clock, tmp_path: Path) -> dict[str, str]:
    """Four recordings that differ in everything that one can narrow by."""
    day, folder = timedelta(days=1), make_folder(house.db, cast.choir, tmp_path / "memos")
    made = {
        "take 10": make_recording(house, cast.choir, "take 10", duration_ms=60_000, language="zh", folder_id=folder),
        "Take 2": make_recording(house, cast.choir, "Take 2", duration_ms=1_800_000, recorded_at=START - day),
        "２号": make_recording(house, cast.choir, "２号", duration_ms=7_200_000, recorded_at=START - 2 * day),
        "of bob": make_recording(
            house, cast.choir, "of bob", duration_ms=299_999, recorded_at=START - 3 * day, author_id=cast.bob.user_id
        ),
    }
    for recording_id in made.values():
        write_transcript(house, recording_id, ["la"])
    speak(house, made["Take 2"], "Anna")
    clock.pass_seconds(60)
    return made


def shown_titles(page: str) -> list[str]:
    return re.findall(r'<a class="title"[^>]*>([^<]*)</a>', page)


@pytest.mark.parametrize(
    ("query", "wanted", "chip"),
    [
        ("language=zh", ["take 10"], "Chinese"),
        ("length=5-30", [], "5 to 30 min"),
        ("length=30-60", ["Take 2"], "30 to 60 min"),
        ("length=0-5", ["take 10", "of bob"], "under 5 min"),
        ("length=60-", ["２号"], "an hour or longer"),
        ("from=2026-11-20", ["take 10", "Take 2"], "from 20 Nov 2026"),
        ("to=2026-11-19", ["２号", "of bob"], "until 19 Nov 2026"),
        ("from=2026-11-20&to=2026-11-20", ["Take 2"], "until 20 Nov 2026"),
        ("person=anna", ["Take 2"], "with anna"),
        ("person=bob", ["of bob"], "with bob"),
        ("person=nobody", [], "with nobody"),
        ("folder=FOLDER", ["take 10"], "memos"),
        ("team=choir&q=take", ["take 10", "Take 2"], "Choir"),
        ("sort=title", ["Take 2", "take 10", "２号", "of bob"], ""),
        ("sort=-length", ["２号", "Take 2", "of bob", "take 10"], ""),
        ("sort=recorded", ["of bob", "２号", "Take 2", "take 10"], ""),
    ],
)
def test_what_narrows_is_shown_and_can_be_taken_away(
    visit: Visits, house: House, cast: Cast, mixed: dict[str, str], query: str, wanted: list[str], chip: str
) -> None:
    with house.db.read() as session:
        query = query.replace("FOLDER", str(session.get_one(Recording, mixed["take 10"]).folder_id))
    page = visit(cast.rita).get(f"/?{query}").text
    if query == "sort=title":  # digits of full width are digits
        wanted = ["２号", "of bob", "Take 2", "take 10"]
    assert shown_titles(page) == wanted
    if chip:
        assert re.search(rf'class="chip"[^>]*>[^<]*{chip}', page)
        without = html.unescape(re.findall(r'class="chip" href="([^"]*)"', page)[0])
        assert without.count("=") == query.count("=") - 1


@pytest.mark.parametrize("query", ["length=long", "from=yesterday", "sort=best", "language=xx", "state=lost"])
def test_what_cannot_be_read_is_said(visit: Visits, cast: Cast, query: str) -> None:
    assert visit(cast.rita).get(f"/?{query}").status_code == 422


def test_every_order_goes_through_all_pages_and_misses_none(house: House, cast: Cast, clock: Clock) -> None:
    both = Viewer("x", "x", False, {cast.choir: Role.READER, cast.garden: Role.READER})
    for number in range(9):  # three of the same key each, so that the id has to tell
        team = (cast.choir, cast.garden)[number % 2]
        make_recording(
            house,
            team,
            f"Étude {number // 3}",
            duration_ms=1000 * (number // 3),
            recorded_at=START + timedelta(days=number // 3),
        )
        clock.pass_seconds(number % 3)
    for sort in Sort:
        found: list[RecordingView] = []
        cursor: str | None = ""
        while cursor is not None:
            page = list_recordings(house, both, RecordingFilter(), PageOrder(2, cursor), sort)
            found, cursor = [*found, *page.items], page.next
        assert len({view.id for view in found}) == len(found) == 9, sort
        name = {"recorded": "recorded_at", "added": "ingested_at", "length": "duration_ms"}.get(
            sort.lstrip("-"), "title"
        )
        keys = [getattr(view, name) for view in found]
        assert keys == sorted(keys, reverse=sort.falls), sort


def test_many_go_to_the_trash_and_each_that_cannot_is_named(visit: Visits, house: House, cast: Cast) -> None:
    mine = [make_recording(house, cast.choir, f"take {number}") for number in range(3)]
    other = make_recording(house, cast.garden, "of the garden")
    browser = visit(cast.bob)
    browser.post("/recordings/bulk", action="trash", id=[*mine[:2], other, "nothing"], next="/?q=take")
    page = browser.get("/").text
    assert "2 moved to the trash." in page and "2 could not: There is nothing here" in page
    assert shown_titles(page) == ["take 2"] and "garden" not in page.replace("Garden", "")
    browser.post("/recordings/bulk", action="retry", id=mine[2])
    assert "1 could not: “take 2”: This recording is already being transcribed or waiting." in browser.get("/").text
    assert visit(cast.rita).post("/recordings/bulk", action="trash", id=mine[2]).status_code == 302
    assert browser.post("/recordings/bulk", action="burn", id=mine[2]).status_code == 422
    assert browser.post("/recordings/bulk", action="trash").status_code == 422
    assert shown_titles(browser.get("/").text) == ["take 2"]


def test_everything_means_what_passes_the_filter(visit: Visits, house: House, cast: Cast) -> None:
    for number in range(3):
        in_state(house, make_recording(house, cast.choir, f"take {number}"), RunState.FAILED)
    make_recording(house, cast.choir, "take of today")
    make_recording(house, cast.garden, "take of the garden")
    browser = visit(cast.bob)
    browser.post("/recordings/bulk", action="retry", everything="1", q="take", state="failed")
    page = browser.get("/").text
    assert "3 are in the queue again." in page and "failed" not in page.split('class="rows"')[1]
    browser.post("/recordings/bulk", action="trash", everything="1", q="take 1")
    assert sorted(shown_titles(browser.get("/").text)) == ["take 0", "take 2", "take of today"]


def test_an_estimate_is_shown_where_speed_was_measured_and_nothing_else(
    visit: Visits, house: House, cast: Cast, clock: Clock
) -> None:
    queued = [make_recording(house, cast.choir, f"take {number}", duration_ms=600_000) for number in range(2)]
    running = make_recording(house, cast.garden, "of others", duration_ms=1_200_000)
    in_state(house, running, RunState.TRANSCRIBING, progress=0.05, started_at=START)
    browser = visit(cast.rita)
    offers = [{"engine": "sphinx", "languages": ["en"]}]
    beat(house, Beat("worker", "w", "boot", {"state": "busy", "offers": offers}))
    assert "before it" not in browser.get("/").text
    done = make_recording(house, cast.choir, "done", duration_ms=600_000)
    write_transcript(house, done, ["la"])  # engine sphinx
    in_state(house, done, RunState.DONE, started_at=START - timedelta(seconds=120), ended_at=START)
    # RTFx 5: 1140 s of audio take 228 s, and each of the queued 120 s
    page = browser.get("/").text
    assert "about 6 minutes, 1 before it" in page and "about 8 minutes, 2 before it" in page
    assert "约 8 分钟，前面还有 2 个" in browser.get("/", headers={"Accept-Language": "zh-CN"}).text
    in_state(house, queued[0], RunState.QUEUED, priority=1)
    clock.pass_seconds(100)
    beat(house, Beat("worker", "w", "boot", {"state": "busy", "offers": offers}))
    in_state(house, running, RunState.TRANSCRIBING, progress=0.5, started_at=START)
    assert "about 4 minutes, 1 before it" in browser.get("/").text  # its own pace: 100 s more
    clock.pass_seconds(3600)
    assert "before it" not in browser.get("/").text  # the worker is silent


def test_older_recordings_are_a_page_away(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    for number in range(52):
        write_transcript(house, make_recording(house, cast.choir, f"take {number:02}"), ["la"])
        clock.pass_seconds(1)
    browser = visit(cast.rita)
    page = browser.get("/").text
    assert "take 51" in page and "take 01" not in page
    older = page.split('href="/?cursor=')[1].split('"')[0]
    assert "take 01" in browser.get(f"/?cursor={older}").text
    assert browser.get("/?cursor=nonsense").status_code == 422


def test_the_empty_library_names_the_folder_to_copy_into(
    visit: Visits, house: House, cast: Cast, tmp_path: Path
) -> None:
    make_folder(house.db, cast.choir, tmp_path / "choir share")
    make_folder(house.db, cast.garden, tmp_path / "garden share")
    page = visit(cast.rita).get("/").text
    assert "choir share" in page and "garden share" not in page


def test_a_person_without_a_team_is_told_what_to_do(visit: Visits, cast: Cast) -> None:
    assert "You are in no team yet" in visit(cast.ada).get("/").text


def test_an_upload_becomes_a_queued_recording(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.bob)
    form = {"team": "choir", "language": "en"}
    answer = browser.post(
        "/upload", **form, file=[(SAMPLE.open("rb"), "周例会.flac"), (io.BytesIO(b"no sound"), "a.txt")]
    )
    assert answer.headers["Location"] == "/"
    recordings = list_recordings(house, cast.bob, RecordingFilter(), PageOrder()).items
    assert [(r.title, r.state, r.language, r.author) for r in recordings] == [("周例会", "queued", "en", "bob")]
    page = browser.get("/").text
    assert "1 recording taken." in page and "a.txt" in page
    again = browser.post("/upload", **form, file=(SAMPLE.open("rb"), "copy.flac"))
    assert again.status_code == 302
    assert "was here already" in browser.get("/").text


def test_the_installation_of_the_second_stage_is_shown(house: House, cast: Cast) -> None:
    stage = StageTwoView("installing", "Installing torch.", 2, 6)
    app = create_app(house, WebSetup(secret_key=SECRET, stage_two=lambda: stage))
    page = visitor(app, cast.alice).get("/").text
    assert "Step 3 of 6" in page and "Installing torch." in page


def test_only_admins_read_remedies_with_paths_of_the_server(house: House, cast: Cast) -> None:
    stage = StageTwoView("failed", message="It failed.", remedy="Look at /srv/data/logs.")
    app = create_app(house, WebSetup(secret_key=SECRET, stage_two=lambda: stage))
    page = visitor(app, cast.alice).get("/").text
    assert "It failed." in page and "/srv/data" not in page
    assert "/srv/data/logs" in visitor(app, cast.ada).get("/admin").text


def test_the_library_says_how_long_no_worker_was_there_and_how_much_waits(
    visit: Visits, house: House, cast: Cast, clock: Clock
) -> None:
    beat(house, Beat("worker", "w", "boot", {"state": "idle"}))
    clock.pass_seconds(45)
    assert "No worker" not in visit(cast.rita).get("/").text
    for number in range(12):
        make_recording(house, cast.choir, f"take {number}")
    browser = visit(cast.rita)
    assert "No worker for 45 s, 12 waiting." in browser.get("/").text
    assert "已有 45 秒没有工作进程，12 个在等待。" in browser.get("/", headers={"Accept-Language": "zh-CN"}).text
    assert "No worker" not in visit(cast.charlie).get("/").text
    beat(house, Beat("worker", "w", "boot", {"state": "idle"}))
    assert "No worker" not in browser.get("/").text
