"""Room: tests.archive.test_import. What was archived comes back: the same ids, exports to the byte, words that are found."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas_asr.archive.bag import manifest
from nas_asr.core.access import Role, Viewer
from nas_asr.core.edits import Edit, EditOp, SpeakerScope
from nas_asr.core.errors import NotVisible, Unreadable
from nas_asr.core.transcript import VersionKind
from nas_asr.export import FORMATS, ExportOptions, ExportSource
from nas_asr.services.archive_import import import_bags
from nas_asr.services.base import House
from nas_asr.services.edits import edit_transcript
from nas_asr.services.listening import open_sound
from nas_asr.services.paging import PageOrder
from nas_asr.services.search import SearchOrder, search
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.services.versions import restore_version
from nas_asr.settings import Settings
from nas_asr.store import search as index
from nas_asr.store.database import Database
from nas_asr.store.models import Recording, Run, SegmentRow, Team, TranscriptVersion
from tests.archive.shelf import (
    LINES,
    archive_now,
    bags,
    night,
    record,
    row,
    share_of,
    switch_on,
    transcribe_again,
    tree,
)
from tests.cast import Cast, Clock, RememberingQueue, make_cast
from tests.drops import with_settings


@pytest.fixture
def elsewhere(tmp_path: Path, empty_database: Path, clock: Clock) -> Iterator[House]:
    """Another, empty installation."""
    data = tmp_path / "other"
    data.mkdir()
    shutil.copy(empty_database, data / "nas_asr.sqlite3")
    db = Database(f"sqlite:///{data / 'nas_asr.sqlite3'}")
    yield House(db=db, queue=RememberingQueue(), options=Settings(data=data, timezone="Europe/Berlin"), now=clock)
    db.close()


@pytest.fixture
def archived(house: House, cast: Cast, tmp_path: Path) -> str:
    """A recording with two versions and every kind of field, archived."""
    switch_on(house)
    recording = record(
        house, cast.choir, share_of(house, cast.choir, tmp_path), "50 % of a\\b\n会.m4a", title="会议 50%"
    )
    transcribe_again(house, recording, ["the first words were others", *LINES])
    with house.db.write() as session:
        segment = session.query(SegmentRow).filter_by(recording_id=recording, position=1).all()[-1]
        index.forget(session, [segment])
        segment.speaker, segment.confidence, segment.flags = "张伟", 0.1 + 0.2, ["loop"]
        segment.spoken, segment.words = "we met at nine o'clock", [["we", 2000, 2100], ["met", 2100, 2500]]
        session.flush()
        index.add(session, [segment])
        version = session.query(TranscriptVersion).filter_by(recording_id=recording, number=2).one()
        version.kind, version.author_id, version.base = VersionKind.EDITED, cast.bob.user_id, 1
    assert archive_now(house).archived == 1
    return recording


def member(house: House, slug: str = "choir") -> Viewer:
    """Somebody of the team over there."""
    with house.db.read() as session:
        team = session.query(Team).filter_by(slug=slug).one()
    return Viewer("x", "x", False, {team.id: Role.READER})


def exports(house: House, viewer: Viewer, recording: str, number: int | None = None) -> dict[str, bytes]:
    """Every export, as the pages make it."""
    view = read_transcript(house, viewer, recording, number)
    of = view.recording
    source = ExportSource(
        transcript=view.transcript, id=of.id, title=of.title, team=of.team, recorded_at=of.recorded_at,
        duration_ms=of.duration_ms, sha256=of.sha256, version=view.version.number, language=of.language, path=of.path,
        hotwords_version=view.version.hotwords_version,
    )  # fmt: skip
    return {name: form.write(source, ExportOptions()) for name, form in FORMATS.items()}


def everything(house: House) -> dict[str, Any]:
    """All rows that an import makes, without the search index's own numbers."""
    with house.db.read() as session:
        return {
            kind.__tablename__: sorted(
                str({name: value for name, value in vars(one).items() if name not in ("_sa_instance_state", "key")})
                for one in session.query(kind)
            )
            for kind in (Recording, Run, TranscriptVersion, SegmentRow, Team)
        }


def test_an_empty_installation_gets_the_same_ids_and_exports_to_the_byte(
    house: House, cast: Cast, elsewhere: House, archived: str
) -> None:
    report = import_bags(elsewhere, house.options.archive)
    assert (report.added, report.refused) == (1, [])
    reader = member(elsewhere)
    for number in (None, 1, 2):
        assert exports(elsewhere, reader, archived, number) == exports(house, cast.rita, archived, number)
    for name in (
        "id",
        "title",
        "path",
        "recorded_at",
        "ingested_at",
        "done_at",
        "language",
        "sha256",
        "run_id",
        "version",
    ):
        assert getattr(row(elsewhere, archived), name) == getattr(row(house, archived), name), name
    old, new = list_versions(house, cast.rita, archived), list_versions(elsewhere, reader, archived)
    assert [(v.number, v.kind, v.created_at, v.engine) for v in old] == [
        (v.number, v.kind, v.created_at, v.engine) for v in new
    ]
    with house.db.read() as one, elsewhere.db.read() as two:
        assert {r.id for r in one.query(Run)} == {r.id for r in two.query(Run)}
        assert {r.id for r in one.query(SegmentRow)} == {r.id for r in two.query(SegmentRow)}


def test_edits_come_back_with_every_version_and_can_go_on(
    house: House, cast: Cast, elsewhere: House, tmp_path: Path
) -> None:
    switch_on(house)
    recording = record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    first, second, third = read_transcript(house, cast.bob, recording).transcript.segments
    for number, edit in enumerate(
        (
            Edit(id=first.id, text="we met at ten"), Edit(EditOp.SPLIT, id=second.id, at=8),
            Edit(EditOp.MERGE, id=second.id), Edit(EditOp.SPEAKER, id=third.id, speaker="张伟", scope=SpeakerScope.ALL),
        ),
        start=1,
    ):  # fmt: skip
        edit_transcript(house, cast.bob, recording, number, [edit])
    restore_version(house, cast.bob, recording, 3)
    assert archive_now(house).archived == 1
    assert import_bags(elsewhere, house.options.archive).refused == []
    reader = member(elsewhere)
    for number in (None, *range(1, 7)):
        assert exports(elsewhere, reader, recording, number) == exports(house, cast.rita, recording, number)
    assert [hit.text for hit in search(elsewhere, reader, SearchOrder("ten"), PageOrder()).items] == ["we met at ten"]
    assert search(elsewhere, reader, SearchOrder("nine"), PageOrder()).items == []


@pytest.mark.parametrize(
    "wrong",
    [{"steps": [{"op": "x", "gone": ["none"]}]}, {"root": 9}, {"base": 2}, {"steps": "none"}, {"tally": {"text": "1"}}],
    ids=str,
)
def test_a_bag_whose_steps_lead_nowhere_is_refused(
    house: House, cast: Cast, elsewhere: House, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    switch_on(house)
    recording = record(house, cast.choir, share_of(house, cast.choir, tmp_path))
    edit_transcript(house, cast.bob, recording, 1, [Edit(EditOp.REPLACE_ALL, find="nine", replace="ten")])
    archive_now(house)
    (bag,) = bags(house)
    _forge(bag, lambda archive: archive["versions"][1].update(wrong))
    report = import_bags(elsewhere, bag)
    assert (report.added, len(report.refused)) == (0, 1)


def test_words_are_found_and_the_sound_is_heard_again(elsewhere: House, house: House, archived: str) -> None:
    import_bags(elsewhere, bags(house)[0])
    reader = member(elsewhere)
    for words in ("预算", "roof", "o'clock"):
        found = search(elsewhere, reader, SearchOrder(words), PageOrder())
        assert [hit.recording_id for hit in found.items] == [archived], words
    sound = open_sound(elsewhere, reader, archived)
    with os.fdopen(sound.descriptor, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == row(house, archived).sha256


def test_a_second_import_adds_nothing(elsewhere: House, house: House, archived: str) -> None:
    import_bags(elsewhere, house.options.archive)
    before, files = everything(elsewhere), tree(elsewhere.uploads)
    report = import_bags(elsewhere, house.options.archive)
    assert (report.added, report.completed, report.known, report.refused) == (0, 0, 1, [])
    assert everything(elsewhere) == before and tree(elsewhere.uploads) == files


def test_bags_of_one_recording_complete_each_other_in_any_order(
    elsewhere: House, house: House, cast: Cast, archived: str
) -> None:
    transcribe_again(house, archived, ["third time lucky"])
    archive_now(house)
    first, second = sorted(bags(house), key=lambda bag: len(bag.name))
    assert import_bags(elsewhere, first).added == 1
    assert import_bags(elsewhere, second).completed == 1
    assert import_bags(elsewhere, first).known == 1
    reader = member(elsewhere)
    assert exports(elsewhere, reader, archived) == exports(house, cast.rita, archived)
    assert len(search(elsewhere, reader, SearchOrder("lucky"), PageOrder()).items) == 1
    assert len(search(elsewhere, reader, SearchOrder("预算"), PageOrder()).items) == 0, (
        "readers see another version by now"
    )


def test_a_team_can_be_named_and_people_are_known_by_their_names(elsewhere: House, house: House, archived: str) -> None:
    theirs = make_cast(elsewhere.db)
    assert import_bags(elsewhere, house.options.archive, "garden").added == 1
    assert row(elsewhere, archived).team_id == theirs.garden
    assert [v.author for v in list_versions(elsewhere, theirs.charlie, archived)] == ["bob", None]
    (path, reason) = import_bags(elsewhere, house.options.archive).refused[0]
    assert "in another team" in reason and path == str(bags(house)[0])
    with pytest.raises(NotVisible, match="no team called"):
        import_bags(elsewhere, house.options.archive, "nobodies")


def test_what_is_imported_from_ones_own_archive_is_not_archived_once_more(
    elsewhere: House, house: House, archived: str, clock: Clock
) -> None:
    elsewhere = with_settings(elsewhere, archive_root=house.options.archive.absolute())
    import_bags(elsewhere, house.options.archive)
    switch_on(elsewhere)
    clock.pass_seconds(86400)
    assert [report.archived for report in night(elsewhere)] == [0]


def test_an_imported_recording_is_archived_by_its_new_house(elsewhere: House, house: House, archived: str) -> None:
    import_bags(elsewhere, house.options.archive)
    switch_on(elsewhere)
    assert archive_now(elsewhere).archived == 1
    ours, theirs = tree(bags(house)[0]), tree(bags(elsewhere)[0])
    for name in ("data/audio.m4a", "data/transcript.srt", "data/transcript.txt"):
        assert ours[name] == theirs[name]


def test_a_broken_bag_is_refused_and_the_others_come(
    elsewhere: House, house: House, cast: Cast, archived: str, tmp_path: Path
) -> None:
    record(house, cast.choir, (tmp_path / "share", str(row(house, archived).folder_id)), "good.wav")
    archive_now(house)
    (bags(house)[1] / "data/transcript.srt").write_bytes(b"flipped")
    report = import_bags(elsewhere, house.options.archive)
    assert report.added == 1 and "data/transcript.srt was changed" in report.refused[0][1]
    with pytest.raises(Unreadable, match="no bag"):
        import_bags(elsewhere, tmp_path / "nothing")


def _forge(bag: Path, change: Any) -> None:
    """A bag that is whole, with other content."""
    path = bag / "data/transcript.json"
    document = json.loads(path.read_bytes())
    change(document["archive"])
    path.write_text(json.dumps(document))
    _seal(bag)


def _seal(bag: Path) -> None:
    files = {f"data/{one.name}": hashlib.sha256(one.read_bytes()).hexdigest() for one in (bag / "data").iterdir()}
    (bag / "manifest-sha256.txt").write_bytes(manifest(files))
    tags = {
        name: hashlib.sha256((bag / name).read_bytes()).hexdigest()
        for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    }
    (bag / "tagmanifest-sha256.txt").write_bytes(manifest(tags))


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a["recording"].update(id="../../../../tmp/x"),
        lambda a: a["recording"].update(duration_ms="long"),
        lambda a: a["recording"].update(recorded_at="2026-01-01T00:00:00"),
        lambda a: a["versions"].clear(),
        lambda a: a.update(schema="nas_asr.archive/9"),
        lambda a: a["versions"][0].pop("segments"),
        lambda a: a.update(runs=7),
        lambda a: a["team"].update(slug="../x"),
        lambda a: a["team"].update(slug="\0"),
        lambda a: a["recording"].pop("id"),
        lambda a: a["recording"].pop("sha256"),
        lambda a: a["recording"].update(title="half a sign: \ud800"),
        lambda a: a["recording"].update(title="x" * 5000),
        lambda a: a["recording"].update(language="zero \0"),
        lambda a: a["recording"].update(codec="c" * 99),
        lambda a: a["recording"].update(size_bytes=10**30),
        lambda a: a["recording"].update(channels=2**31),
        lambda a: a["recording"].update(recorded_at="0001-01-01T00:00:00+14:00"),
        lambda a: a["recording"].update(version=7),
        lambda a: a["recording"].update(run_id="theirs"),
        lambda a: a["recording"].update(sha256="0" * 64),
        lambda a: a["versions"][0].update(run_id="theirs"),
        lambda a: a["versions"][0].update(number=2),
        lambda a: a["versions"][0].update(number=-1),
        lambda a: a["versions"][0]["segments"][0].update(words=[["x"]]),
        lambda a: a["versions"][0]["segments"][0].update(flags="loop"),
        lambda a: a["versions"][0]["segments"][0].update(replacements=[[0, 10**9, "was", "is", False]]),
        lambda a: a["versions"][0]["segments"][0].update(replacements=[[-5, 1, "was", "is", False]]),
        lambda a: a["versions"][0]["segments"][0].update(confidence=float("nan")),
        lambda a: a["versions"][0]["segments"][0].update(start_ms=9, end_ms=8),
        lambda a: a["runs"].append(a["runs"][0]),
        lambda a: a["people"].update(x="\ud800"),
    ],
)
def test_a_forged_bag_is_refused_with_a_sentence_and_leaves_nothing(
    elsewhere: House, house: House, archived: str, tmp_path: Path, change: Any
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bags(house)[0], copy)
    _forge(copy, change)
    report = import_bags(elsewhere, copy)
    assert report.added == 0 and len(report.refused) == 1
    with elsewhere.db.read() as session:
        assert session.query(Recording).count() == 0
    assert tree(elsewhere.options.data).keys() <= {"nas_asr.sqlite3", "nas_asr.sqlite3-wal", "nas_asr.sqlite3-shm"}


def test_json_that_nests_without_end_is_refused(elsewhere: House, house: House, archived: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bags(house)[0], copy)
    (copy / "data/transcript.json").write_text("[" * 200_000)
    _seal(copy)
    assert "not JSON" in import_bags(elsewhere, copy).refused[0][1]


@pytest.mark.parametrize("part", ["runs", "versions"])
def test_a_bag_with_the_ids_of_another_recording_takes_nothing_of_it(
    house: House, cast: Cast, archived: str, tmp_path: Path, part: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bags(house)[0], copy)
    (copy / "data/audio.m4a").write_bytes(b"OTHER SOUND")

    def change(a: dict[str, Any]) -> None:
        its, other = a["recording"], "versions" if part == "runs" else "runs"
        its.update(id="forged", sha256=hashlib.sha256(b"OTHER SOUND").hexdigest(), size_bytes=11)
        for number, one in enumerate(a[other]):
            one["id"] = f"forged{number}"
        if other == "runs":
            its["run_id"] = "forged0"
            for version in a["versions"]:
                version["run_id"] = None

    _forge(copy, change)
    before = everything(house)
    report = import_bags(house, copy, "garden")
    assert report.added == 0 and "under another one" in report.refused[0][1]
    assert everything(house) == before and not house.uploads.exists()


def test_the_audio_of_a_bag_is_the_one_that_it_names(
    elsewhere: House, house: House, archived: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bags(house)[0], copy)
    (copy / "data/audio.m4a").write_bytes(b"OTHER SOUND")
    _seal(copy)
    report = import_bags(elsewhere, copy)
    assert report.added == 0 and "not the recording's" in report.refused[0][1]
    assert tree(elsewhere.uploads) == {}
