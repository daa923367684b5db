"""Room: tests.export.test_bundle. Many recordings as one zip: whole, checked, with names that every system takes."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.export import FORMATS, Bundle, ExportOptions, ExportSource, LeftOut
from tests.export.sources import FULL, segment, source_of

EVIL = [
    "../../etc/passwd", "=cmd|' /C calc'!A0", "CON", "nul.txt", "name...", "name. ", "会" * 300, "a" * 300, "/", "..", "",
    "a:b*c?<d>|e", "C:\\x", "\u202egnp.exe", "-rf", "A", "a", "e\u0301", "\u00e9", "line\nbreak", "周例会", "周例会",
]  # fmt: skip
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def bundled(sources: Iterable[ExportSource], *left: LeftOut, formats: str = "txt srt", **end: int) -> zipfile.ZipFile:
    """The zip as a browser gets it."""
    out = io.BytesIO()
    with Bundle([FORMATS[name] for name in formats.split()], ExportOptions(), NOW, "rita") as bundle:
        for source in sources:
            for piece in bundle.add(source):
                out.write(piece)
        for one in left:
            bundle.leave_out(one)
        for piece in bundle.finish(**end):  # type: ignore[arg-type]
            out.write(piece)
    return zipfile.ZipFile(out)


def titled(title: str) -> ExportSource:
    return replace(source_of(segment(0, 900, "hello")), title=title)


def check(packed: zipfile.ZipFile) -> list[str]:
    """The sums are right and of everything; the names."""
    assert packed.testzip() is None
    sums = dict(line.split("  ", 1)[::-1] for line in packed.read("SHA256SUMS").decode().splitlines())
    assert sums == {n: hashlib.sha256(packed.read(n)).hexdigest() for n in packed.namelist() if n != "SHA256SUMS"}
    return packed.namelist()


def safe(names: list[str]) -> None:
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        parts = name.split("/")
        assert len(parts) <= 2
        assert len(name) <= 210 and all(len(part.encode()) <= 140 for part in parts)
        for part in parts:
            assert part not in ("", ".", "..") and part[-1] not in " ." and part[0].isalnum()
            assert not set(part) & set('<>:"/\\|?*\n\r\t\0\u202e')
            assert part.split(".")[0].upper() not in ("CON", "NUL", "PRN", "AUX")


def test_every_recording_has_its_folder_and_the_lists_say_so() -> None:
    packed = bundled([FULL, titled("second")], formats="txt docx")
    first, second = "2026-11-21_周例会 weekly & budget", "2026-11-21_second"
    assert check(packed) == [
        f"{first}/{first}.txt", f"{first}/{first}.docx", f"{second}/{second}.txt", f"{second}/{second}.docx", "manifest.json",
        "SHA256SUMS",
    ]  # fmt: skip
    assert packed.read(f"{first}/{first}.txt") == FORMATS["txt"].write(FULL, ExportOptions())
    assert packed.getinfo(f"{first}/{first}.txt").flag_bits & 0x800, "the name says that it is UTF-8"
    manifest = json.loads(packed.read("manifest.json"))
    assert (manifest["schema"], manifest["exported"], manifest["complete"]) == ("nas_asr.export/1", 2, True)
    assert [one["title"] for one in manifest["recordings"]] == [FULL.title, "second"]
    assert manifest["recordings"][0]["files"][1]["path"] == f"{first}/{first}.docx"
    assert manifest["not_exported"] == []


def test_what_is_left_out_is_named() -> None:
    packed = bundled([], LeftOut("abc", "queued", "It waits.", "later <b>"), ended=True, missing=2)
    check(packed)
    told = packed.read("NOT-EXPORTED.txt").decode()
    assert "later <b> (abc)\n    It waits.\n" in told
    assert "Your access ended" in told and "began, 2 were gone" in told
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["not_exported"] == [{"id": "abc", "title": "later <b>", "code": "queued", "reason": "It waits."}]
    assert manifest["complete"] is False


def test_hostile_and_equal_names_get_folders_of_their_own() -> None:
    names = check(bundled(map(titled, [*EVIL, *EVIL])))
    safe(names)
    assert len(names) == 2 * 2 * len(EVIL) + 2
    assert "2026-11-21_A (3)/2026-11-21_A.txt" in names
    assert "2026-11-21_CON/2026-11-21_CON.txt" in names


@given(st.lists(st.text(max_size=200) | st.sampled_from(EVIL), max_size=6))
def test_any_titles_make_names_that_every_system_takes(titles: list[str]) -> None:
    names = check(bundled(map(titled, titles), formats="txt"))
    safe(names)
    assert len(names) == len(titles) + 2


def test_sha256sum_finds_everything_right(tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not here")
    bundled(map(titled, EVIL), LeftOut("abc", "gone", "Gone.")).extractall(tmp_path)
    ended = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout.count(": OK")) == (0, 2 * len(EVIL) + 2), ended.stderr
