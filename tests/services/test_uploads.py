"""Room: tests.services. Uploads: kept once, whole or not at all, never outside DATA/uploads."""

import io
import os
import resource
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.core.errors import (
    Conflict,
    Incomplete,
    Invalid,
    NotAudio,
    NotPermitted,
    NotVisible,
    StorageFull,
    TooLarge,
)
from nas_asr.core.ports import MediaInfo
from nas_asr.services.base import House
from nas_asr.services.uploads import Accepted, UploadOrder, accept_upload, clear_leftovers
from tests.cast import Cast, RememberingQueue
from tests.drops import SOUND, FakeProbe, recordings, runs, with_settings


def upload(house: House, viewer: Viewer, content: bytes = SOUND, **order: str) -> Accepted:
    wanted = UploadOrder(**{"team": "choir", "filename": "talk.m4a", **order})  # type: ignore[arg-type]
    return accept_upload(house, viewer, wanted, io.BytesIO(content), probe=FakeProbe())


def kept(house: House) -> list[str]:
    """Files under DATA/uploads, below their team."""
    return sorted(path.name for path in house.uploads.glob("*/*"))


def test_an_upload_becomes_a_queued_recording(house: House, cast: Cast, queue: RememberingQueue) -> None:
    accepted = upload(house, cast.bob, filename="C:\\录音 会议.M4A", language="en")
    (recording,) = recordings(house)
    assert accepted == Accepted(recording.id, existing=False)
    assert (recording.title, recording.path, recording.author_id) == ("录音 会议", "录音 会议.M4A", cast.bob.user_id)
    assert recording.folder_id is None
    file = house.uploads / os.fsdecode(recording.raw_path)
    assert (file.read_bytes(), file.name) == (SOUND, f"{recording.id}.m4a")
    assert queue.rung == [recording.run_id]


def test_a_title_given_with_it_is_its_title(house: House, cast: Cast) -> None:
    upload(house, cast.bob, title=" Board \n meeting ")
    assert [recording.title for recording in recordings(house)] == ["Board meeting"]


@pytest.mark.parametrize("filename", ["../../../etc/passwd", "a/b\0.sh", ".wav/../../x", "x." + "y" * 300, ""])
def test_a_filename_leads_nowhere(house: House, cast: Cast, filename: str) -> None:
    upload(house, cast.bob, filename=filename)
    (name,) = kept(house)
    assert name.partition(".")[0] == recordings(house)[0].id


def test_the_same_bytes_again_are_the_recording_that_is_there(house: House, cast: Cast) -> None:
    first = upload(house, cast.bob)
    assert upload(house, cast.alice, filename="other.wav") == Accepted(first.recording_id, existing=True)
    assert len(kept(house)) == len(runs(house)) == 1


def test_the_same_bytes_of_another_team_are_its_own(house: House, cast: Cast) -> None:
    first = upload(house, cast.bob)
    second = upload(house, cast.charlie, team="garden")
    assert not second.existing and second.recording_id != first.recording_id


def test_a_repeated_key_answers_with_the_first_recording(house: House, cast: Cast) -> None:
    first = upload(house, cast.bob, idempotency_key="k1")
    again = upload(house, cast.bob, filename="again.m4a", idempotency_key="k1")
    assert again == Accepted(first.recording_id, existing=True)


def test_a_key_that_was_used_for_another_file_is_refused(house: House, cast: Cast) -> None:
    upload(house, cast.bob, idempotency_key="k1")
    known = upload(house, cast.bob, content=SOUND + b"?")
    for other in (SOUND + b"!", SOUND + b"?"):
        with pytest.raises(Conflict, match="This key was used for another file."):
            upload(house, cast.bob, content=other, idempotency_key="k1")
    assert known.recording_id in kept(house)[0] + kept(house)[1] and len(kept(house)) == len(recordings(house)) == 2


def test_keys_of_two_people_have_nothing_to_do_with_each_other(house: House, cast: Cast) -> None:
    upload(house, cast.bob, idempotency_key="k1")
    assert not upload(house, cast.alice, content=SOUND + b"!", idempotency_key="k1").existing


def test_a_key_of_another_team_is_a_conflict(house: House, cast: Cast) -> None:
    both = Viewer(cast.bob.user_id, "bob", roles={**cast.bob.roles, **cast.charlie.roles})
    upload(house, both, idempotency_key="k1")
    with pytest.raises(Conflict):
        upload(house, both, team="garden", idempotency_key="k1")


@pytest.mark.parametrize("key", ["k1", ""])
def test_ten_repeats_at_once_are_one_recording(house: House, cast: Cast, key: str) -> None:
    """Of the same bytes, with a key or without."""
    everybody_is_there = threading.Barrier(10)

    class Waits(FakeProbe):
        def __call__(self, path: bytes, root: bytes) -> MediaInfo:
            everybody_is_there.wait(20)
            return super().__call__(path, root)

    def one(_number: int) -> Accepted:
        order = UploadOrder("choir", "talk.m4a", idempotency_key=key)
        return accept_upload(house, cast.bob, order, io.BytesIO(SOUND), probe=Waits())

    with ThreadPoolExecutor(10) as pool:
        accepted = list(pool.map(one, range(10)))
    assert len({one.recording_id for one in accepted}) == 1
    assert [one.existing for one in accepted].count(False) == 1
    assert len(recordings(house)) == len(runs(house)) == len(kept(house)) == 1


def test_ten_files_at_once_with_one_key_are_one_recording_and_nine_refusals(house: House, cast: Cast) -> None:
    everybody_is_there = threading.Barrier(10)

    class Waits(FakeProbe):
        def __call__(self, path: bytes, root: bytes) -> MediaInfo:
            everybody_is_there.wait(20)
            return super().__call__(path, root)

    def one(number: int) -> bool:
        order = UploadOrder("choir", "talk.m4a", idempotency_key="k1")
        try:
            return not accept_upload(
                house, cast.bob, order, io.BytesIO(SOUND + bytes([number])), probe=Waits()
            ).existing
        except Conflict as refused:
            assert refused.message == "This key was used for another file."
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(one, range(10))) == 1
    assert len(recordings(house)) == len(runs(house)) == len(kept(house)) == 1


def test_readers_may_not_upload_and_outsiders_see_no_team(house: House, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        upload(house, cast.rita)
    with pytest.raises(NotVisible):
        upload(house, cast.charlie)
    with pytest.raises(NotVisible):
        upload(house, cast.ada)


def test_an_ingest_token_may_upload_and_a_read_token_may_not(house: House, cast: Cast) -> None:
    def token(scope: TokenScope) -> Viewer:
        return Viewer(cast.bob.user_id, "bob", roles=cast.bob.roles, token_scope=scope)

    assert not upload(house, token(TokenScope.INGEST)).existing
    with pytest.raises(NotPermitted):
        upload(house, token(TokenScope.READ))


@pytest.mark.parametrize(("content", "error"), [(b"TEXT", NotAudio), (b"HALF", Incomplete), (b"", Incomplete)])
def test_what_is_no_audio_is_refused_and_not_kept(
    house: House, cast: Cast, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        upload(house, cast.bob, content)
    assert (kept(house), recordings(house)) == ([], [])


@pytest.mark.parametrize("field", ["language", "title", "idempotency_key"])
def test_a_wrong_field_is_named(house: House, cast: Cast, field: str) -> None:
    with pytest.raises(Invalid):
        upload(house, cast.bob, SOUND, **{field: "x" * 400})


def test_too_large_is_said_before_and_while_it_comes(house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    small = with_settings(house, max_upload_mb=1)
    with pytest.raises(TooLarge):
        accept_upload(small, cast.bob, UploadOrder("choir", "a.wav", size_bytes=2 << 20), io.BytesIO(SOUND))
    with pytest.raises(TooLarge):
        upload(small, cast.bob, SOUND + bytes(2 << 20))
    assert kept(house) == []


def test_no_room_for_what_was_announced_is_said_at_once(house: House, cast: Cast) -> None:
    order = UploadOrder("choir", "a.wav", size_bytes=0)
    free = shutil.disk_usage(house.options.data).free
    roomy = with_settings(house, max_upload_mb=1 << 40)
    with pytest.raises(StorageFull):
        accept_upload(roomy, cast.bob, UploadOrder(order.team, "a.wav", size_bytes=free), io.BytesIO(SOUND))
    assert kept(house) == []


def test_a_disk_that_fills_up_keeps_nothing(house: House, cast: Cast) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, hard))
    try:
        with pytest.raises(StorageFull):
            upload(house, cast.bob, SOUND + bytes(6 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (kept(house), recordings(house)) == ([], [])
    assert not upload(house, cast.bob).existing


def test_a_sender_that_hangs_up_leaves_nothing(house: House, cast: Cast) -> None:
    class HangsUp(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        accept_upload(house, cast.bob, UploadOrder("choir", "a.wav"), HangsUp())
    assert kept(house) == []


def test_leftovers_of_crashes_go_after_a_day_and_recordings_stay(house: House, cast: Cast) -> None:
    upload(house, cast.bob)
    folder = house.uploads / cast.choir
    (recording,) = kept(house)
    for name in (".part-old", "nobodys.wav", ".part-new"):
        (folder / name).write_bytes(b"x")
    now = house.now().timestamp()
    for name in (".part-old", "nobodys.wav", recording):
        os.utime(folder / name, (now - 100_000, now - 100_000))
    os.utime(folder / ".part-new", (now, now))
    assert clear_leftovers(house) == 2
    assert kept(house) == sorted([".part-new", recording])


def test_uploads_are_readable_by_us_only(house: House, cast: Cast) -> None:
    upload(house, cast.bob)
    assert [oct(path.stat().st_mode & 0o077) for path in house.uploads.glob("*/*")] == ["0o0"]
