"""Room: export.timecode. Integer milliseconds as people and players write them. No float ever, so nothing is rounded."""

from nas_asr.core.transcript import Milliseconds


def timecode(at_ms: Milliseconds, point: str) -> str:
    """HH:MM:SS and three digits after the point (a comma in SubRip, a dot in WebVTT); hours always, as many as it takes."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{clock(seconds * 1000)}{point}{ms:03d}"


def clock(at_ms: Milliseconds) -> str:
    """HH:MM:SS, cut to the second in which it lies, so that seeking there is never too late."""
    minutes, seconds = divmod(at_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"
