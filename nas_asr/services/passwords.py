"""Room: services.passwords. Argon2id through argon2-cffi, at most two hashes at once. Never logs, never stores."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from nas_asr.core.errors import Invalid

MIN_LENGTH = 10
MAX_LENGTH = 200

# RFC 9106's second choice: 64 MiB for each hash, so twenty log-ins at once must not take 1.3 GB.
_HASHER = PasswordHasher()
_TWO_AT_ONCE = BoundedSemaphore(2)


def check_password(password: str) -> None:
    """Raise Invalid where a password is too short or absurdly long; length is the only rule (NIST SP 800-63B)."""
    if len(password) < MIN_LENGTH:
        raise Invalid(f"The password needs at least {MIN_LENGTH} characters.", field="password")
    if len(password) > MAX_LENGTH:
        raise Invalid(f"The password may have at most {MAX_LENGTH} characters.", field="password")


def hash_password(password: str) -> str:
    """Argon2id in its own text form."""
    check_password(password)
    with _TWO_AT_ONCE:
        return _HASHER.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether they match; takes as long for a person who does not exist (hash empty)."""
    with _TWO_AT_ONCE:
        nobody = _nobody()  # made by the first log-in of all, whoever it is for
        try:
            return _HASHER.verify(password_hash or nobody, password[:MAX_LENGTH]) and bool(password_hash)
        except (VerifyMismatchError, InvalidHashError):
            return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with older parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody signs in with this")
