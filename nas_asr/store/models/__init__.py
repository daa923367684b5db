"""Room: store.models. Every table, as typed classes; one file a subject. Columns only, no behaviour."""

from nas_asr.store.models.archive import ArchiveBag, ArchiveRuleRow, ArchiveRun
from nas_asr.store.models.base import Base, UtcDateTime
from nas_asr.store.models.house import AuditLine, Duty, Heartbeat, HouseSetting, LoginFailure
from nas_asr.store.models.people import (
    HotwordVersion,
    Invitation,
    Member,
    PasswordReset,
    SessionRow,
    Team,
    Token,
    User,
)
from nas_asr.store.models.recordings import Layer, Recording, Run, SegmentRow, TranscriptVersion, WaveformRow
from nas_asr.store.models.search import RecordingPlace, RecordingSpeaker, SearchTeam, SegmentPlace
from nas_asr.store.models.shares import Folder, LedgerLine
from nas_asr.store.models.uploads import Upload

__all__ = [
    "ArchiveBag", "ArchiveRuleRow", "ArchiveRun", "AuditLine", "Base", "Duty", "Folder", "Heartbeat", "HotwordVersion",
    "HouseSetting", "Invitation", "Layer", "LedgerLine", "LoginFailure", "Member", "PasswordReset", "Recording",
    "RecordingPlace", "RecordingSpeaker", "Run", "SearchTeam", "SegmentPlace", "SegmentRow", "SessionRow", "Team",
    "Token", "TranscriptVersion", "Upload", "User", "UtcDateTime", "WaveformRow",
]  # fmt: skip
