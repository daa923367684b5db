"""Room: tests.services. A file's name for people."""

import pytest

from nas_asr.services.file_names import shown_name, shown_path, title_of


def test_a_name_from_a_mac_is_shown_composed() -> None:
    assert shown_path("Café.m4a".encode()) == "Café.m4a"


def test_what_is_not_utf8_is_replaced_and_the_rest_stays() -> None:
    assert shown_path(b"\xb4\xba/talk.wav") == "\ufffd\ufffd/talk.wav"


def test_a_name_cannot_break_a_line_or_turn_the_writing_around() -> None:
    assert shown_path("a\nb\u202egpj.wav".encode()) == "a\ufffdb\ufffdgpj.wav"


@pytest.mark.parametrize(
    ("path", "title"),
    [("2026/录音 会议 🎤.m4a", "录音 会议 🎤"), (".wav", ".wav"), ("talk", "talk"), ("v1.2 talk.mp3", "v1.2 talk")],
)
def test_the_title_is_the_name_without_its_ending(path: str, title: str) -> None:
    assert title_of(path) == title


@pytest.mark.parametrize("name", ["C:\\Users\\bob\\talk.wav", "../../talk.wav", "/etc/talk.wav", "talk.wav"])
def test_a_name_from_a_browser_is_never_a_path(name: str) -> None:
    assert shown_name(name) == "talk.wav"
