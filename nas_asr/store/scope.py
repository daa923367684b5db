"""Room: store.scope. The one door from a viewer to rows. A row outside the scope does not exist (NotVisible, 404)."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, exists, false, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from nas_asr.core.access import Action, Role, TokenScope, Viewer
from nas_asr.core.errors import NotPermitted, NotVisible
from nas_asr.store.models import (
    AuditLine,
    Folder,
    HotwordVersion,
    Invitation,
    LedgerLine,
    Member,
    Recording,
    Run,
    SessionRow,
    Team,
    Token,
    TranscriptVersion,
    Upload,
    User,
)

_WHOLE = aliased(Recording)  # once: making one takes longer than asking
_GONE = "There is nothing here under this address for you."


class Scope:
    """What one viewer may see. Every page and call starts here; queries are narrowed before they are run.

    Content (recordings, transcripts, hotwords) is for members of the team only; admins see teams, folders and the ledger
    of all, because they must be able to say why a file is in its state (decision 15).
    """

    def __init__(self, session: Session, viewer: Viewer) -> None:
        self.session = session
        self.viewer = viewer

    # -- content: members only ------------------------------------------------------------------------------------

    def content_teams(self) -> list[str]:
        """The teams whose content exists for the viewer, by their ids."""
        return self._content_teams()

    def recordings(self, action: Action = Action.READ) -> Select[Recording]:
        """Recordings of teams where the viewer may do the action, without the trash."""
        return select(Recording).where(self._of_teams(Recording.team_id, action), Recording.trashed_at.is_(None))

    def recording(self, recording_id: str, action: Action = Action.READ) -> Recording:
        """One recording. NotVisible where it is not theirs or not there, NotPermitted where the role is too low."""
        row = self.session.scalar(
            select(Recording).where(
                Recording.id == recording_id,
                Recording.team_id.in_(self._content_teams()),
                Recording.trashed_at.is_(None),
            )
        )
        if row is None:
            raise NotVisible(_GONE)
        self._permit(row.team_id, action)
        return row

    def trash(self, action: Action = Action.READ) -> Select[Recording]:
        """What lies in the trash of teams where the viewer may do the action; a part is reached through its whole."""
        of_teams = self._of_teams(Recording.team_id, action)
        return select(Recording).where(of_teams, Recording.trashed_at.is_not(None), Recording.whole_id.is_(None))

    def trashed(self, recording_id: str, action: Action) -> Recording:
        """One recording that lies in the trash; as `recording`."""
        row = self.session.scalar(self.trash().where(Recording.id == recording_id))
        if row is None:
            raise NotVisible(_GONE)
        self._permit(row.team_id, action)
        return row

    def runs(self, recording: Recording) -> Select[Run]:
        """All runs of a recording that came through this scope, newest first."""
        return select(Run).where(Run.recording_id == recording.id).order_by(Run.created_at.desc(), Run.id)

    def versions(self, recording: Recording) -> Select[TranscriptVersion]:
        """All transcript versions of a recording that came through this scope, newest first."""
        statement = select(TranscriptVersion).where(TranscriptVersion.recording_id == recording.id)
        return statement.order_by(TranscriptVersion.number.desc())

    def searched(self) -> Select[Recording]:
        """Recordings whose segments a search finds.

        A part's are left out as soon as its whole can be read, or everything in it would be found twice.
        """
        in_its_whole = exists().where(_WHOLE.id == Recording.whole_id, _WHOLE.version > 0)
        return self.recordings().where(~in_its_whole)

    def content_team(self, slug: str, action: Action = Action.READ) -> Team:
        """A team whose content the viewer may see: members only, an admin in person is none (decision 15)."""
        row = self.session.scalar(select(Team).where(Team.slug == slug, _within(Team.id, self._content_teams())))
        if row is None:
            raise NotVisible(_GONE)
        self._permit(row.id, action)
        return row

    def hotwords(self, team: Team) -> Select[HotwordVersion]:
        """All versions of the list of a team that came through this scope, newest first."""
        statement = select(HotwordVersion).where(HotwordVersion.team_id == team.id)
        return statement.order_by(HotwordVersion.number.desc())

    # -- teams, folders, ledger: members, and admins --------------------------------------------------------------

    def teams(self) -> Select[Team]:
        """The viewer's teams; an admin's list has all."""
        return select(Team).where(self._of_houses(Team.id)).order_by(Team.name, Team.id)

    def team(self, slug: str, action: Action = Action.READ) -> Team:
        """One team by its slug. Managing it is for its managers and for admins."""
        row = self.session.scalar(select(Team).where(Team.slug == slug, self._of_houses(Team.id)))
        if row is None:
            raise NotVisible(_GONE)
        if not self.viewer.runs_the_house:
            self._permit(row.id, action)
        return row

    def ingest_team(self, slug: str) -> Team:
        """A team that the viewer may hand recordings to."""
        row = self.session.scalar(select(Team).where(Team.slug == slug, Team.id.in_(self.viewer.roles)))
        if row is None:
            raise NotVisible(_GONE)
        if not self.viewer.may_ingest(row.id):
            raise NotPermitted(
                "Your role in this team lets you read, not add recordings.", "Ask a manager of the team."
            )
        return row

    def uploads(self) -> Select[Upload]:
        """The viewer's own files on their way to teams that they may hand recordings to."""
        teams = [team for team in self.viewer.roles if self.viewer.may_ingest(team)]
        return select(Upload).where(Upload.user_id == self.viewer.user_id, _within(Upload.team_id, teams))

    def folders(self) -> Select[Folder]:
        """Watched folders of the viewer's teams (an admin: of all), without the removed ones."""
        return select(Folder).where(self._of_houses(Folder.team_id), Folder.removed_at.is_(None)).order_by(Folder.name)

    def folder(self, folder_id: str, action: Action = Action.READ) -> Folder:
        """One watched folder."""
        row = self.session.scalar(self.folders().where(Folder.id == folder_id))
        if row is None:
            raise NotVisible(_GONE)
        if not self.viewer.runs_the_house:
            self._permit(row.team_id, action)
        return row

    def ledger(self) -> Select[LedgerLine, Folder]:
        """Ledger lines with their folders."""
        return (
            select(LedgerLine, Folder)
            .join(Folder, Folder.id == LedgerLine.folder_id)
            .where(self._of_houses(Folder.team_id), Folder.removed_at.is_(None))
        )

    def members(self, team: Team) -> Select[Member, User]:
        """The people of a team that came through this scope."""
        statement = select(Member, User).join(User, User.id == Member.user_id).where(Member.team_id == team.id)
        return statement.order_by(User.name)

    def invitations(self, team: Team) -> Select[Invitation]:
        """Links into a team that came through this scope with MANAGE."""
        return select(Invitation).where(Invitation.team_id == team.id).order_by(Invitation.created_at)

    # -- one's own, and the house ---------------------------------------------------------------------------------

    def tokens(self) -> Select[Token]:
        """The viewer's own tokens that were not revoked."""
        return select(Token).where(Token.user_id == self.viewer.user_id, Token.revoked_at.is_(None))

    def sessions(self) -> Select[SessionRow]:
        """The viewer's own sessions that were not ended."""
        return select(SessionRow).where(SessionRow.user_id == self.viewer.user_id, SessionRow.ended_at.is_(None))

    def users(self) -> Select[User]:
        """All people: admins only."""
        self.require_admin()
        return select(User).order_by(User.name)

    def audit(self) -> Select[AuditLine]:
        """The audit log: admins only."""
        self.require_admin()
        return select(AuditLine).order_by(AuditLine.at.desc(), AuditLine.id)

    def require_admin(self) -> None:
        """Pages of the house do not exist for others."""
        if not self.viewer.runs_the_house:
            raise NotVisible(_GONE)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _content_teams(self, action: Action | None = None) -> list[str]:
        if self.viewer.token_scope in (TokenScope.WIDGET, TokenScope.INGEST):
            return []
        return [team for team in self.viewer.roles if action is None or self.viewer.may(team, action)]

    def _of_teams(self, column: InstrumentedAttribute[str], action: Action) -> ColumnElement[bool]:
        return _within(column, self._content_teams(action))

    def _of_houses(self, column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        if self.viewer.runs_the_house:
            return column.is_not(None)
        return _within(column, self._content_teams())

    def _permit(self, team_id: str, action: Action) -> None:
        if not self.viewer.may(team_id, action):
            raise NotPermitted("Your role in this team does not let you do this.", "Ask a manager of the team.")


def _within(column: InstrumentedAttribute[str], team_ids: Iterable[str]) -> ColumnElement[bool]:
    wanted = list(team_ids)
    return column.in_(wanted) if wanted else false()


def roles_of(session: Session, user: User, team_id: str | None = None) -> dict[str, Role]:
    """A person's roles by team id as they are now, narrowed to one team where a token is bound to it."""
    statement = select(Member.team_id, Member.role).where(Member.user_id == user.id)
    if team_id is not None:
        statement = statement.where(Member.team_id == team_id)
    return {row.team_id: row.role for row in session.execute(statement)}
