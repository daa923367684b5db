"""Room: tests.services.test_tokens. Tokens: shown once, kept as a digest, as wide as their person at most."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from nas_asr.core.access import Role, TokenScope
from nas_asr.core.errors import Invalid, NotVisible, StorageFull
from nas_asr.services import tokens
from nas_asr.services.base import House
from nas_asr.services.teams import add_member, remove_member
from nas_asr.services.tokens import NewToken
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine, Token
from tests.cast import Cast, Clock


def make(house: House, name: str = "alice", **more: object) -> str:
    """A new token from the command line."""
    return tokens.create_token(house, None, name, NewToken("t", **({"scope": TokenScope.READ} | more)))  # type: ignore[arg-type]


def test_the_secret_is_nowhere_in_the_database(house: House, cast: Cast) -> None:
    secret = make(house)
    assert len(secret) > 40
    with house.db.read() as session:
        rows = [str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in ("tokens", "audit")]
    assert not [row for row in rows if secret[10:] in row]


def test_a_token_stands_for_its_person_as_of_now(house: House, cast: Cast) -> None:
    secret = make(house)
    viewer = tokens.viewer_of_token(house, secret)
    assert viewer is not None
    assert (viewer.user_id, viewer.roles, viewer.token_scope) == (cast.alice.user_id, cast.alice.roles, TokenScope.READ)
    remove_member(house, None, "choir", "alice")
    after = tokens.viewer_of_token(house, secret)
    assert after is not None
    assert after.roles == {}


def test_a_token_of_a_team_loses_all_when_its_person_leaves(house: House, cast: Cast) -> None:
    add_member(house, None, "garden", "alice", Role.READER)
    secret = make(house, team="garden")
    viewer = tokens.viewer_of_token(house, secret)
    assert viewer is not None
    assert viewer.roles == {cast.garden: Role.READER}
    remove_member(house, None, "garden", "alice")
    after = tokens.viewer_of_token(house, secret)
    assert after is not None
    assert after.roles == {}


def test_nobody_gets_a_token_for_a_team_that_is_not_theirs(house: House, cast: Cast) -> None:
    for team in ("garden", "none"):
        with pytest.raises(NotVisible):
            make(house, team=team)


def test_nobody_makes_a_token_for_somebody_else(house: House, cast: Cast) -> None:
    for name in ("bob", "nobody"):
        with pytest.raises(NotVisible, match="no user"):
            tokens.create_token(house, cast.alice, name, NewToken("t", TokenScope.READ))


@pytest.mark.parametrize("days", [0, -1, 3651, 10**9])
def test_a_token_without_days_to_live_is_not_made(days: int, house: House, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        make(house, days=days)
    assert refused.value.field == "days"


def test_a_token_ends_with_its_last_day(house: House, cast: Cast, clock: Clock) -> None:
    secret = make(house, days=2)
    clock.now += timedelta(days=2, seconds=-1)
    assert tokens.viewer_of_token(house, secret)
    clock.pass_seconds(1)
    assert tokens.viewer_of_token(house, secret) is None


@pytest.mark.parametrize("secret", ["", "nasr_", "nasr_x", "é", "\0"])
def test_an_unknown_token_is_nobody(secret: str, house: House, cast: Cast) -> None:
    make(house)
    assert tokens.viewer_of_token(house, secret) is None


def test_a_revoked_token_is_nobody_and_not_listed(house: House, cast: Cast) -> None:
    secret = make(house)
    (listed,) = tokens.list_tokens(house, cast.alice)
    assert (listed.user, listed.prefix) == ("alice", secret[:10])
    with pytest.raises(NotVisible):
        tokens.revoke_token(house, cast.bob, listed.id)
    tokens.revoke_token(house, None, listed.id)
    assert tokens.viewer_of_token(house, secret) is None
    assert tokens.list_tokens(house, None) == []
    with pytest.raises(NotVisible):
        tokens.revoke_token(house, None, listed.id)


def test_use_is_noted_but_not_at_every_call(house: House, cast: Cast, clock: Clock) -> None:
    secret = make(house)
    noted = []
    for seconds in (0, 10, 600):
        clock.pass_seconds(seconds)
        tokens.viewer_of_token(house, secret)
        noted.append(tokens.list_tokens(house, None)[0].used_at)
    assert noted[0] == noted[1]
    assert noted[2] == clock.now


def test_a_full_disk_locks_no_program_out(house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = make(house)

    def full(_: Database) -> None:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(Database, "write", full)
    assert tokens.viewer_of_token(house, secret)


def test_making_and_ending_are_in_the_audit_log(house: House, cast: Cast) -> None:
    make(house)
    with house.db.read() as session:
        row = session.scalar(select(Token))
    assert row is not None
    tokens.revoke_token(house, cast.alice, row.id)
    with house.db.read() as session:
        lines = [(line.action, line.actor) for line in session.scalars(select(AuditLine).order_by(AuditLine.at))]
    assert sorted(lines) == [("token.created", "command line"), ("token.revoked", "alice")]
