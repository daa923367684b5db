"""Room: tests.journey. A share that may only be read, renames while all is stopped, a share that goes away, kill -9: all real.

One DATA directory lives through all of it; the tests run in their order.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nas_asr.media import decode
from tests.drops import portrait
from tests.live import PASSWORD, SAMPLE, Browser, Live, living, wait_for

MANY = int(os.environ.get("TRUST_FILES", "200"))  # fewer, where somebody is in a hurry


@dataclass
class Share:
    """A tree of somebody else's, and the place where nas_asr sees it: mounted read-only, where the system lets us."""

    tree: Path
    place: Path
    mounted: bool

    def away(self) -> None:
        """The share is unmounted, or its folder is gone: an empty folder is in its place, or none."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.place)], check=True)
        else:
            self.tree.rename(self.tree.with_name("elsewhere"))

    def back(self) -> None:
        """It is there again."""
        if self.mounted:
            assert mount_read_only(self.tree, self.place)
        else:
            self.tree.with_name("elsewhere").rename(self.tree)


def mount_read_only(tree: Path, place: Path) -> bool:
    """Whether it could be done."""
    for words in (["--bind", str(tree)], ["-o", "remount,bind,ro"]):
        if subprocess.run(["mount", *words, str(place)], capture_output=True, check=False).returncode:
            return False
    return True


def speech(path: Path, begin: float, seconds: float) -> Path:
    """A part of the sample meeting."""
    pcm = b"".join(block.tobytes() for block in decode(os.fsencode(SAMPLE)))
    return sound(path, pcm[int(begin * 16_000) * 2 : int((begin + seconds) * 16_000) * 2])


def sound(path: Path, pcm: bytes) -> Path:
    """A WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA of the house that lives through everything."""
    return tmp_path_factory.mktemp("trust") / "data"


@pytest.fixture(scope="module")
def share(data: Path) -> Iterator[Share]:
    """Three recordings and what a Synology leaves beside them."""
    tree, place = data.parent / "tree", data.parent / "share"
    speech(tree / "Monday.wav", 0, 4)
    speech(tree / "2025" / "Board 20250102_090000.wav", 4, 4)
    (tree / "@eaDir").mkdir()
    (tree / "@eaDir" / "Monday.wav@SynoEAStream").write_bytes(b"x")
    shutil.copy2(tree / "Monday.wav", tree / "copy.wav")
    place.mkdir()
    mounted = mount_read_only(tree, place)
    if not mounted:
        place.rmdir()
        place.symlink_to(tree)
        for path in (*tree.rglob("*"), tree):
            path.chmod(0o555 if path.is_dir() else 0o444)
    yield Share(tree, place, mounted)
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


@contextlib.contextmanager
def open_house(data: Path) -> Iterator[tuple[Live, Browser]]:
    """The house, and its admin signed in."""
    with living(data, NAS_ASR_SCAN_SECONDS="1") as live:
        ada = Browser(live.base)
        if not (data / "set up").exists():
            whole = {"admin": "ada", "password": PASSWORD, "password_again": PASSWORD, "team_name": "Choir"}
            ada.post("/setup", "/setup", **whole, language="en")
            (data / "set up").touch()
        ada.post("/login", "/login", name="ada", password=PASSWORD)
        yield live, ada


def items(ada: Browser, what: str) -> list[dict[str, Any]]:
    """A list of the API, whole."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ada.get(f"/api/v1/{what}{'&' if '?' in what else '?'}limit=200&cursor={cursor}").json
        found, cursor = found + page["items"], page.get("next")
    return found


def all_done(ada: Browser, many: int) -> bool:
    """Whether there are so many recordings, and all of them are done. False while the page itself is being started again."""
    try:
        return [one["state"] for one in items(ada, "recordings")] == ["done"] * many
    except (OSError, ValueError, KeyError):
        return False


def counted(data: Path, what: str) -> int:
    """A number from the database."""
    with contextlib.closing(sqlite3.connect(data / "nas_asr.sqlite3")) as database:
        return int(database.execute(what).fetchone()[0])


@pytest.fixture(scope="module")
def read(data: Path, share: Share) -> dict[str, Any]:
    """The share was watched for the first time, one recording got a title and a chosen version; the house is stopped again."""
    before = portrait(share.tree)
    with open_house(data) as (live, ada):
        live.run("folder", "add", "choir", str(share.place), "--language", "en", "--name", "NAS")
        wait_for(lambda: all_done(ada, 2), 90, f"both are done\n{live.logs()}")
        monday = next(one for one in items(ada, "recordings") if one["title"] == "Monday")
        page = f"/recordings/{monday['id']}"
        words = ada.get(f"/api/v1{page}/transcript").json["segments"]
        ada.post(f"{page}/title", page, title="Our first meeting")
        ada.post(f"{page}/retry", page)
        wait_for(lambda: len(items(ada, f"recordings/{monday['id']}/versions")) == 2, 60, f"again\n{live.logs()}")
        ada.post(f"{page}/history/restore", page, version="1")
        sources = {one["title"]: one["recorded_from"] for one in items(ada, "recordings")}
    return {"id": monday["id"], "words": words, "before": before, "after": portrait(share.tree), "sources": sources}


def test_a_share_that_may_only_be_read_is_transcribed(read: dict[str, Any]) -> None:
    assert "morning" in " ".join(segment["text"] for segment in read["words"]).lower()
    assert read["sources"] == {"Our first meeting": "mtime", "Board 20250102_090000": "name"}


def test_not_a_byte_a_time_or_a_number_on_the_share_has_changed(read: dict[str, Any]) -> None:
    assert read["after"] == read["before"]


@pytest.fixture(scope="module")
def renamed(data: Path, share: Share, read: dict[str, Any]) -> Iterator[tuple[Live, Browser]]:
    """Everything was stopped while a file and a folder were renamed; now it runs again."""
    (share.tree / "copy.wav").unlink()
    (share.tree / "Monday.wav").rename(share.tree / "first meeting ever.wav")
    (share.tree / "2025").rename(share.tree / "Archive of 2025")
    with open_house(data) as (live, ada):
        yield live, ada


def test_a_file_renamed_while_all_is_stopped_keeps_its_id_title_and_chosen_version(
    renamed: tuple[Live, Browser], data: Path, read: dict[str, Any]
) -> None:
    live, ada = renamed
    at = f"/api/v1/recordings/{read['id']}"
    wait_for(lambda: ada.get(at).json["path"] == "first meeting ever.wav", 30, f"it is followed\n{live.logs()}")
    wait_for(
        lambda: "Archive of 2025/Board 20250102_090000.wav" in {r["path"] for r in items(ada, "recordings")}, 30, "both"
    )
    one = ada.get(at).json
    assert (one["title"], one["transcript_version"], one["state"]) == ("Our first meeting", 1, "done")
    assert ada.get(f"{at}/transcript").json["segments"] == read["words"]
    assert ada.get(f"{at}/audio", Range="bytes=0-9").status == 206
    assert len(items(ada, "recordings")) == 2
    assert counted(data, "SELECT COUNT(*) FROM runs") == 3  # two first ones, and the one that was asked for


def test_a_share_that_is_away_for_a_while_misses_no_file_and_starts_no_run(
    renamed: tuple[Live, Browser], data: Path, share: Share, read: dict[str, Any]
) -> None:
    live, ada = renamed

    def folder() -> dict[str, Any]:
        return next(one for one in items(ada, "folders") if one["name"] == "NAS")

    missing = counted(data, "SELECT COUNT(*) FROM ledger WHERE presence = 'missing'")
    share.away()
    wait_for(lambda: not folder()["online"], 30, f"the folder is offline\n{live.logs()}")
    for number in (1, 2):  # life goes on beside it, for several of its scans
        sound(data / "recordings" / "choir" / f"{number}.wav", bytes([number, 0]) * 8000)
        wait_for(lambda: all_done(ada, 2 + number), 60, f"the other folder's are done\n{live.logs()}")  # noqa: B023
    assert not folder()["online"]
    assert counted(data, "SELECT COUNT(*) FROM ledger WHERE presence = 'missing'") == missing
    share.back()
    wait_for(lambda: folder()["online"], 30, f"it is back\n{live.logs()}")
    looked = folder()["last_scan_at"]
    wait_for(lambda: folder()["last_scan_at"] > looked, 30, "it was looked through again")
    assert counted(data, "SELECT COUNT(*) FROM ledger WHERE presence = 'missing'") == missing
    assert counted(data, "SELECT COUNT(*) FROM runs") == 3 + 2
    assert ada.get(f"/api/v1/recordings/{read['id']}").json["path"] == "first meeting ever.wav"


def test_a_file_renamed_while_it_is_transcribed_is_done_once(renamed: tuple[Live, Browser], data: Path) -> None:
    live, ada = renamed
    folder = data / "recordings" / "choir"
    shutil.copy(SAMPLE, folder / "under way.flac")

    def one() -> dict[str, Any]:
        return next((one for one in items(ada, "recordings") if one["title"] == "under way"), {})

    wait_for(lambda: one().get("state") == "transcribing", 60, f"it is under way\n{live.logs()}")
    (folder / "under way.flac").rename(folder / "renamed.flac")
    wait_for(lambda: (one()["state"], one()["path"]) == ("done", "renamed.flac"), 120, f"it is done\n{live.logs()}")
    assert len(items(ada, f"recordings/{one()['id']}/versions")) == 1


@pytest.mark.timeout(900)
def test_kill_9_of_everything_five_times_over_many_files_leaves_one_version_each(
    data: Path, renamed: tuple[Live, Browser]
) -> None:
    renamed[0].process.send_signal(signal.SIGINT)
    assert renamed[0].process.wait(40) == 0
    folder, before = data / "recordings" / "choir", counted(data, "SELECT COUNT(*) FROM transcript_versions")
    for number in range(MANY):
        sound(folder / f"many {number}.wav", number.to_bytes(2, "little") * 3200)
    for life in range(5):
        done = counted(data, "SELECT COUNT(*) FROM transcript_versions")
        with open_house(data) as (live, _):
            wait_for(
                lambda: counted(data, "SELECT COUNT(*) FROM transcript_versions") >= done + 10,  # noqa: B023
                90, f"some are done in life {life}\n{live.logs()}",
            )  # fmt: skip
            for pid in live.family():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            live.process.wait()
            wait_for(lambda: not live.family(), 10, "all are gone")  # noqa: B023
    with open_house(data) as (live, ada):
        wait_for(lambda: all_done(ada, 5 + MANY), 400, f"all are done\n{live.logs()}")
    assert counted(data, "SELECT COUNT(*) FROM transcript_versions") == before + MANY
    assert counted(data, "SELECT COUNT(*) FROM runs WHERE state != 'done'") == 0
    assert counted(
        data, "SELECT COUNT(*) FROM (SELECT 1 FROM ledger GROUP BY folder_id, raw_path, generation)"
    ) == counted(data, "SELECT COUNT(*) FROM ledger")
