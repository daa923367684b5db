"""Room: core.access. Roles, actions and who may do what. The only place that compares roles; never looks at rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A person's place in a team."""

    READER = "reader"
    MEMBER = "member"
    MANAGER = "manager"


class Action(StrEnum):
    """What one can want to do with something of a team."""

    READ = "read"
    WRITE = "write"  # upload, correct, retry, declare the language
    KEEP_HOTWORDS = "keep_hotwords"  # the list itself, and running recordings again with it
    MANAGE = "manage"  # members, folders' settings, archive rule


class TokenScope(StrEnum):
    """What a token may be used for; it never widens what its person may do."""

    READ = "read"
    WRITE = "write"
    INGEST = "ingest"
    WIDGET = "widget"


_ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.READER: frozenset({Action.READ}),
    Role.MEMBER: frozenset({Action.READ, Action.WRITE}),
    Role.MANAGER: frozenset(Action),
}

_SCOPE_ALLOWS: Mapping[TokenScope, frozenset[Action]] = {
    TokenScope.READ: frozenset({Action.READ}),
    TokenScope.WRITE: frozenset({Action.READ, Action.WRITE, Action.KEEP_HOTWORDS}),
    TokenScope.INGEST: frozenset(),
    TokenScope.WIDGET: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: a person with their roles by team id, possibly narrowed by a token.

    An admin runs the house (people, teams, folders, ledger, queue) but reads a team's transcripts only as its member
    (decision 15).
    """

    user_id: str
    name: str
    is_admin: bool = False
    roles: Mapping[str, Role] = field(default_factory=dict)
    token_scope: TokenScope | None = None

    def may(self, team_id: str, action: Action) -> bool:
        """Whether this viewer may do the action on content of the team."""
        role = self.roles.get(team_id)
        if role is None or action not in _ALLOWED[role]:
            return False
        return self.token_scope is None or action in _SCOPE_ALLOWS[self.token_scope]

    def may_ingest(self, team_id: str) -> bool:
        """Whether this viewer may hand a recording to the team; ingest tokens may do only this."""
        role = self.roles.get(team_id)
        if role is None or Action.WRITE not in _ALLOWED[role]:
            return False
        return self.token_scope in (None, TokenScope.WRITE, TokenScope.INGEST)

    def sees(self, team_id: str) -> bool:
        """Whether content of the team exists for this viewer at all."""
        return team_id in self.roles

    @property
    def runs_the_house(self) -> bool:
        """Whether this viewer is an admin in person; a token never is."""
        return self.is_admin and self.token_scope is None
