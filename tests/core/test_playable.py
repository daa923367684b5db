"""Room: tests.core.test_playable. Which recordings every browser plays, as the table says."""

import pytest

from nas_asr.core.playable import is_playable

PLAYED = ("wav pcm_s16le", "wav pcm_mulaw", "mp3 mp3", "mp4 aac", "aac aac", "flac flac", "ogg opus", "matroska opus")
NOT_PLAYED = (
    "amr amr_nb", "amr amr_wb", "mp4 amr_nb", "asf wmav2", "asf wmapro", "wav adpcm_ms", "wav pcm_f32le", "mp4 alac",
    "mp4 ac3", "aiff pcm_s16be", "caf aac", "w64 pcm_s16le", "ogg speex", "matroska aac", "au pcm_mulaw", "mp3 mp2",
    "ape ape", "mpegts aac", "flac", "",
)  # fmt: skip


@pytest.mark.parametrize("kind", PLAYED)
def test_what_all_browsers_play_is_left_alone(kind: str) -> None:
    container, codec = kind.split()
    assert is_playable(container, codec, 2)
    assert not is_playable(container, codec, 24)


@pytest.mark.parametrize("kind", NOT_PLAYED)
def test_anything_else_is_served_as_opus(kind: str) -> None:
    container, _, codec = kind.partition(" ")
    assert not is_playable(container, codec, 1)
