"""Room: core.ids. Opaque ids of 128 random bits, and digests of secrets. Ids carry no order and no meaning."""

import base64
import hashlib
import secrets


def new_id() -> str:
    """26 lower-case base32 characters from 128 random bits (decision 12)."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def digest(secret: str) -> str:
    """SHA-256 of a token in hex; tokens have 256 random bits, so no salt and no stretching is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
