"""Room: core.playable. Which recordings browsers play as they are; any other is served as Opus. Never opens a file.

Chromium, Firefox and Safari must all play it, in versions of the last two years; the first two were tried with these.
What only some of them play is made into Opus, for a page cannot know beforehand who comes. Where a browser still refuses (a
Firefox on Linux has AAC only where the system has FFmpeg's libraries), its page asks for Opus then.
"""

from collections.abc import Mapping

# By what probing found: container, then codecs. ALAC, AIFF and CAF are Safari's alone, AAC in Matroska Chromium's, ADPCM
# nobody's; WAV of 32 bits plays in the first two, and nobody has tried it in Safari.
_PLAYED: Mapping[str, frozenset[str]] = {
    "wav": frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_alaw", "pcm_mulaw"}),
    "mp3": frozenset({"mp3"}),
    "mp4": frozenset({"aac"}),
    "aac": frozenset({"aac"}),
    "flac": frozenset({"flac"}),
    "ogg": frozenset({"opus", "vorbis"}),
    "matroska": frozenset({"opus", "vorbis"}),
}
_MOST_CHANNELS = 8


def is_playable(container: str, codec: str, channels: int) -> bool:
    """Whether browsers play such a recording. channels: 0 where nobody knows."""
    return codec in _PLAYED.get(container, ()) and channels <= _MOST_CHANNELS
