"""Room: tests.core.test_states. Which moves runs may make, and who may do what."""

import itertools

import pytest

from nas_asr.core.access import Action, Role, TokenScope, Viewer
from nas_asr.core.recording import ENDED, MOVES, UNDER_WAY, RunState, may_move, recording_state


def test_an_ended_run_never_moves_again() -> None:
    for old, new in itertools.product(ENDED, RunState):
        assert not may_move(old, new)


def test_only_a_run_that_was_claimed_is_done() -> None:
    assert [old for old in RunState if may_move(old, RunState.DONE)] == [RunState.TRANSCRIBING]


def test_a_lease_that_is_over_brings_a_run_back() -> None:
    assert may_move(RunState.TRANSCRIBING, RunState.QUEUED)


def test_every_state_is_either_under_way_or_ended() -> None:
    assert ENDED | UNDER_WAY == set(RunState) == set(MOVES)
    assert not ENDED & UNDER_WAY


@pytest.mark.parametrize("state", RunState)
def test_a_failed_rerun_hides_nothing(state: RunState) -> None:
    assert recording_state(state, has_machine_version=True) is RunState.DONE
    assert recording_state(state, has_machine_version=False) is state


ALLOWED = {
    (Role.READER, None): {Action.READ},
    (Role.MEMBER, None): {Action.READ, Action.WRITE},
    (Role.MANAGER, None): set(Action),
    (Role.READER, TokenScope.WRITE): {Action.READ},
    (Role.MANAGER, TokenScope.WRITE): {Action.READ, Action.WRITE, Action.KEEP_HOTWORDS},
    (Role.MANAGER, TokenScope.READ): {Action.READ},
    (Role.MANAGER, TokenScope.INGEST): set(),
    (Role.MANAGER, TokenScope.WIDGET): set(),
}


@pytest.mark.parametrize("who", ALLOWED, ids=str)
def test_a_role_and_a_token_allow_what_both_allow(who: tuple[Role, TokenScope | None]) -> None:
    role, scope = who
    allowed = ALLOWED[who]
    viewer = Viewer("u", "u", roles={"t": role}, token_scope=scope)
    assert {action for action in Action if viewer.may("t", action)} == allowed
    assert not any(viewer.may("other", action) for action in Action)


def test_ingest_tokens_hand_in_and_nothing_else() -> None:
    for scope, good in {None: True, TokenScope.WRITE: True, TokenScope.INGEST: True, TokenScope.READ: False}.items():
        assert Viewer("u", "u", roles={"t": Role.MEMBER}, token_scope=scope).may_ingest("t") is good
    assert not Viewer("u", "u", roles={"t": Role.READER}).may_ingest("t")
    assert not Viewer("u", "u", is_admin=True).may_ingest("t")


def test_an_admins_token_does_not_run_the_house() -> None:
    assert Viewer("u", "u", is_admin=True).runs_the_house
    assert not any(Viewer("u", "u", is_admin=True, token_scope=scope).runs_the_house for scope in TokenScope)
