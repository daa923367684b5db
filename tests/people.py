"""Room: tests.people. What tests of people share. Passwords that cost nothing, where their cost is not the point."""

import pytest
from argon2 import PasswordHasher

from nas_asr.services import passwords

GOOD = "a sentence that is long enough"


def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For an autouse fixture: a hash takes a millisecond instead of half a second."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
