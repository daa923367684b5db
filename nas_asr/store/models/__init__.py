"""Room: store.models. Every table, as typed classes; one file a subject. Columns only, no behaviour."""

from nas_asr.store.models.archive import ArchiveBag, ArchiveRuleRow, ArchiveRun
from nas_asr.store.models.base import Base, UtcDateTime
from nas_asr.store.models.house import AuditLine, Duty, Heartbeat, HouseSetting, LoginFailure
from nas_asr.store.models.people import HotwordVersion, Member, Team, Token, User
from nas_asr.store.models.recordings import Recording, Run, SegmentRow, TranscriptVersion
from nas_asr.store.models.search import RecordingPlace, SearchTeam, SegmentPlace
from nas_asr.store.models.shares import Folder, LedgerLine

__all__ = [
    "ArchiveBag", "ArchiveRuleRow", "ArchiveRun", "AuditLine", "Base", "Duty", "Folder", "Heartbeat", "HotwordVersion",
    "HouseSetting", "LedgerLine", "LoginFailure", "Member", "Recording", "RecordingPlace", "Run", "SearchTeam",
    "SegmentPlace", "SegmentRow", "Team", "Token", "TranscriptVersion", "User", "UtcDateTime",
]  # fmt: skip
