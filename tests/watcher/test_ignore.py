"""Room: tests.watcher. Names that nobody wants looked into."""

import pytest

from nas_asr.watcher import ignore


@pytest.mark.parametrize(
    "name",
    [b"@eaDir", b"#recycle", b"$RECYCLE.BIN", b"System Volume Information", b".stversions", b".Trashes", b"__MACOSX"],
)
def test_folders_of_systems_are_never_looked_into(name: bytes) -> None:
    assert ignore.folder_rule(name)


@pytest.mark.parametrize("name", [b"2025", "会议".encode(), b"Recycle", b"eaDir"])
def test_folders_of_people_are(name: bytes) -> None:
    assert ignore.folder_rule(name) is None


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (b".DS_Store", ignore.SYSTEM),
        (b"._talk.m4a", ignore.SYSTEM),
        (b"Thumbs.db", ignore.SYSTEM),
        (b"desktop.ini", ignore.SYSTEM),
        (b"~$minutes.docx", ignore.SYSTEM),
        (b"x.tmp", ignore.UNFINISHED),
        (b".nfs0001", ignore.HIDDEN),
        (b"a~", ignore.UNFINISHED),
    ],
)
def test_junk_has_a_rule_too_but_wakes_nobody(name: bytes, rule: object) -> None:
    assert ignore.is_junk(name)
    assert ignore.rule_for(name) == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (b"talk.m4a.part", ignore.UNFINISHED),
        (b"TALK.WAV.CRDOWNLOAD", ignore.UNFINISHED),
        (b"talk.mp3.ocTransferId123.part", ignore.UNFINISHED),
        (b".syncthing.talk.mp3.tmp", ignore.HIDDEN),
        (b".talk.wav.x7Yz3q", ignore.HIDDEN),
        (b"notes.TXT", ignore.OTHER_KIND),
        (b"photo.jpeg", ignore.OTHER_KIND),
    ],
)
def test_what_a_person_might_wonder_about_gets_a_line_with_the_rule(name: bytes, rule: object) -> None:
    assert not ignore.is_junk(name)
    assert ignore.rule_for(name) == rule


@pytest.mark.parametrize(
    "name",
    [b"talk.m4a", b"talk", b"PTT-20250102.opus", b"voice.dat.unknown", b"txt", b"\xff\xfe.wav", "录音 🎤.amr".encode()],
)
def test_content_decides_about_everything_else(name: bytes) -> None:
    assert not ignore.is_junk(name)
    assert ignore.rule_for(name) is None


def test_changes_among_junk_wake_nobody() -> None:
    assert ignore.is_quiet(b"2025/@eaDir/talk.m4a/SYNO@.x")
    assert ignore.is_quiet(b"2025/.DS_Store")
    assert not ignore.is_quiet(b"2025/talk.m4a")
