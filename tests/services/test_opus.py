"""Room: tests.services.test_opus. Opus is made once for all who ask, found by content, and never another team's."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nas_asr.core.errors import MediaTooHard, StorageFull, Unreadable
from nas_asr.core.ports import Fingerprint
from nas_asr.media import probe
from nas_asr.media.shelf import Shelf
from nas_asr.services.audio import AudioPlace
from nas_asr.services.base import House
from nas_asr.services.listening import AudioGone, Sound
from nas_asr.services.opus import AT_ONCE, Making, OpusDesk, open_opus
from tests.cast import Cast, make_folder, make_recording
from tests.live import wait_for
from tests.media.made import noise, write_wav
from tests.media.processes import children, gone

A_MOMENT = 30.0  # nothing here takes so long


@dataclass
class SlowEncoder:
    """Encodes as slowly as a test wants, and remembers what it was asked for. trouble: what comes of it instead."""

    made: list[bytes] = field(default_factory=list)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    trouble: Exception | None = None

    def __call__(self, path: bytes, root: bytes, into: int, *, content: Fingerprint | None = None) -> Iterator[float]:
        self.made.append(os.path.basename(path))  # noqa: PTH119 (bytes)
        yield 0.25
        self.begun.release()
        assert self.go_on.acquire(timeout=A_MOMENT)
        if self.trouble is not None:
            raise self.trouble
        os.write(into, b"opus of " + os.path.basename(path))  # noqa: PTH119 (bytes)
        yield 1.0


@pytest.fixture
def encoder() -> SlowEncoder:
    return SlowEncoder()


@pytest.fixture
def desk(house: House, encoder: SlowEncoder) -> OpusDesk:
    return desk_of(house, encoder)


def desk_of(house: House, encoder: SlowEncoder, clock: Callable[[], float] = time.monotonic) -> OpusDesk:
    """A desk at which nobody waits."""
    return OpusDesk(Shelf(house.options.data / "cache" / "opus", 1 << 20), encoder, clock, moment_s=0)


def upload(house: House, team: str, name: str, **fields: object) -> str:
    """An uploaded recording with its file."""
    place = house.uploads / team / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"1")
    return make_recording(house, team, name, raw_path=f"{team}/{name}".encode(), **fields)


def place(name: str) -> AudioPlace:
    return AudioPlace(b"/", b"/" + name.encode())


def made(desk: OpusDesk, name: str) -> bytes:
    """What is made at last, asked for again and again as players do."""

    def look() -> list[int] | None:
        found = desk.get(name, place(name[2:]))
        return None if isinstance(found, Making) else [found]

    with os.fdopen(wait_for(look, A_MOMENT, "made")[0], "rb") as file:
        return file.read()


def test_all_who_ask_wait_for_the_same_one(desk: OpusDesk, encoder: SlowEncoder) -> None:
    assert isinstance(desk.get("t/a", place("a")), Making)
    assert encoder.begun.acquire(timeout=A_MOMENT)
    assert desk.get("t/a", place("a")) == Making(0.25)
    encoder.go_on.release()
    assert made(desk, "t/a") == b"opus of a"
    assert made(desk, "t/a") == b"opus of a"
    assert encoder.made == [b"a"]


def test_no_more_than_a_few_are_made_at_once_and_the_rest_in_turn(desk: OpusDesk, encoder: SlowEncoder) -> None:
    names = [f"t/{number}" for number in range(AT_ONCE + 2)]
    for name in names:
        desk.get(name, place(name[2:]))
    for _ in range(AT_ONCE):
        assert encoder.begun.acquire(timeout=A_MOMENT)
    assert len(encoder.made) == AT_ONCE
    assert desk.get(names[-1], place(names[-1][2:])) == Making(0.0)
    for _ in names:
        encoder.go_on.release()
    assert [made(desk, name) for name in names] == [b"opus of " + name[2:].encode() for name in names]


def test_what_nobody_waits_for_any_more_is_not_begun(house: House, encoder: SlowEncoder) -> None:
    now = [0.0]
    desk = desk_of(house, encoder, lambda: now[0])
    names = [f"t/{number}" for number in range(AT_ONCE + 2)]
    for name in names:
        desk.get(name, place(name[2:]))
    for _ in range(AT_ONCE):
        assert encoder.begun.acquire(timeout=A_MOMENT)
    now[0] = 300
    desk.get(names[-1], place(names[-1][2:]))
    for _ in names:
        encoder.go_on.release()
    made(desk, names[-1])
    assert names[-2][2:].encode() not in encoder.made


def test_who_asks_for_too_many_has_to_ask_again(desk: OpusDesk, encoder: SlowEncoder) -> None:
    names = [f"t/{number}" for number in range(30)]
    for name in names:
        assert desk.get(name, place(name[2:])) == Making(0.0) or name in names[:AT_ONCE]
    for _ in names:
        encoder.go_on.release()
    made(desk, names[10])
    assert len(encoder.made) < len(names)
    assert made(desk, names[-1]) == b"opus of 29"


@pytest.mark.parametrize("trouble", [MediaTooHard("It broke."), StorageFull("Full.")])
def test_what_cannot_be_made_is_said_and_what_may_pass_is_tried_again(
    desk: OpusDesk, encoder: SlowEncoder, trouble: MediaTooHard | StorageFull
) -> None:
    encoder.trouble = trouble
    for _ in range(3):
        encoder.go_on.release()
    for _ in range(2):
        with pytest.raises(type(trouble), match=trouble.message):
            made(desk, "t/a")
    encoder.trouble = None
    if trouble.permanent:
        assert encoder.made == [b"a"]
    else:
        assert made(desk, "t/a") == b"opus of a"


def test_a_team_finds_only_what_it_had_made_itself(
    house: House, cast: Cast, desk: OpusDesk, encoder: SlowEncoder
) -> None:
    sha256 = "ab" * 32
    ours = upload(house, cast.choir, "ours.amr", sha256=sha256)
    theirs = upload(house, cast.garden, "theirs.amr", sha256=sha256)
    encoder.go_on.release()
    sound = open_until_there(house, cast, desk, ours)
    os.close(sound.descriptor)
    assert isinstance(open_opus(house, cast.charlie, desk, theirs), Making)
    encoder.go_on.release()


def open_until_there(house: House, cast: Cast, desk: OpusDesk, recording: str) -> Sound:
    """The sound, when it is made."""

    def look() -> Sound | None:
        found = open_opus(house, cast.rita, desk, recording)
        return found if isinstance(found, Sound) else None

    return wait_for(look, A_MOMENT, "made")


def test_a_file_that_left_its_folder_is_not_played_from_the_shelf(
    house: House, cast: Cast, desk: OpusDesk, encoder: SlowEncoder
) -> None:
    recording = upload(house, cast.choir, "a.amr")
    encoder.go_on.release()
    os.close(open_until_there(house, cast, desk, recording).descriptor)
    (house.uploads / cast.choir / "a.amr").unlink()
    with pytest.raises(AudioGone):
        open_opus(house, cast.rita, desk, recording)


def test_a_share_that_goes_away_meanwhile_is_said_as_for_the_sound_itself(
    house: House, cast: Cast, desk: OpusDesk, encoder: SlowEncoder, tmp_path: Path
) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    (tmp_path / "share" / "a.amr").write_bytes(b"1")
    recording = make_recording(house, cast.choir, "a", folder_id=folder, raw_path=b"a.amr")
    encoder.trouble = Unreadable("The share lost the file while we looked at it.")
    encoder.go_on.release()
    with pytest.raises(AudioGone, match="lost the file"):
        open_until_there(house, cast, desk, recording)


def test_a_web_process_that_is_killed_leaves_nothing_half(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", noise(300))
    root = tmp_path / "opus"
    script = (
        "import sys; from pathlib import Path; from nas_asr.media.shelf import Shelf\n"
        "from nas_asr.services.audio import AudioPlace; from nas_asr.services.opus import OpusDesk\n"
        "desk = OpusDesk(Shelf(Path(sys.argv[2]), 1 << 30))\n"
        "desk.get('t/a', AudioPlace(b'', sys.argv[1].encode())); print('begun', flush=True); sys.stdin.read()"
    )
    web = subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert web.stdin and web.stdout
    assert web.stdout.readline() == b"begun\n"
    wait_for(lambda: list(root.glob("t/a.part")) and (root / "t/a.part").stat().st_size, A_MOMENT, "something written")
    (child,) = children("nas_asr.media.child", web.pid)
    web.kill()
    web.wait()
    web.stdin.close()
    web.stdout.close()
    assert gone(child)
    assert [place.name for place in root.glob("*/*")] == ["a.part"]
    desk = OpusDesk(Shelf(root, 1 << 30))

    def look() -> list[int] | None:
        found = desk.get("t/a", AudioPlace(b"", bytes(path)))
        return None if isinstance(found, Making) else [found]

    os.close(wait_for(look, A_MOMENT, "made")[0])
    assert [place.name for place in root.glob("*/*")] == ["a"]
    assert abs(probe(bytes(root / "t" / "a")).duration_ms - 300_000) < 100
