"""Room: web.api.account. One's own profile, password and sessions, as JSON, for a person who is signed in. Nobody else's."""

from dataclasses import asdict, replace
from typing import Literal

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.services import sessions as service
from nas_asr.services.accounts import change_own_password, read_wishes, save_wishes
from nas_asr.web.api.frame import API, IN_PERSON, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.pages.person import signed_in
from nas_asr.web.security import begin_session, limiter
from nas_asr.web.viewer import house

ACCOUNT = Tag(name="account")


class ProfileOut(BaseModel):
    """What is known of you, and what you chose for your pages; empty where browser, device or site decide."""

    name: str
    is_admin: bool
    email: str
    language: str
    theme: str
    zone: str


class ProfileBody(Body):
    """What of it is to change; what is left out stays."""

    email: Text | None = Field(None, max_length=254)
    language: Literal["", "en", "zh_Hans"] | None = None
    theme: Literal["", "light", "dark"] | None = None
    zone: Text | None = Field(None, description="Such as Asia/Shanghai.")


class PasswordBody(Body):
    """The present password and the new one."""

    old_password: Text
    password: Text


class SessionOut(BaseModel):
    """A browser in which you are signed in. this: the one that asks."""

    id: str
    created_at: Moment
    seen_at: Moment
    address: str
    browser: str
    this: bool


class SessionList(BaseModel):
    """Your sessions, the last used first."""

    items: list[SessionOut]


class SessionPath(BaseModel):
    """Which one."""

    session_id: str


@API.get("/account", tags=[ACCOUNT], responses={200: ProfileOut}, security=IN_PERSON)
def account() -> Answer:
    """Your profile. Only with a session."""
    return _profile()


@API.patch("/account", tags=[ACCOUNT], responses={200: ProfileOut}, security=IN_PERSON)
def change_account(body: ProfileBody) -> Answer:
    """Change your profile. Only with a session."""
    viewer = signed_in().viewer
    save_wishes(house(), viewer, replace(read_wishes(house(), viewer), **body.model_dump(exclude_none=True)))
    return _profile()


@API.put("/account/password", tags=[ACCOUNT], responses={204: None}, security=IN_PERSON)
@limiter.limit("10 per minute")
def change_password(body: PasswordBody) -> Answer:
    """A new password; all your other sessions end, and this one's cookie changes. Only with a session."""
    begin_session(change_own_password(house(), signed_in(), body.old_password, body.password))
    return "", 204


@API.get("/sessions", tags=[ACCOUNT], responses={200: SessionList}, security=IN_PERSON)
def sessions() -> Answer:
    """Where you are signed in. Only with a session."""
    me = signed_in()
    items = [
        SessionOut(
            id=one.id, created_at=one.created_at, seen_at=one.seen_at, address=one.address, browser=one.browser,
            this=one.id == me.session_id,
        )
        for one in service.list_sessions(house(), me.viewer)
    ]  # fmt: skip
    return SessionList(items=items).model_dump(mode="json")


@API.delete("/sessions", tags=[ACCOUNT], responses={204: None}, security=IN_PERSON)
def end_other_sessions() -> Answer:
    """End all of them but this one, at once. Only with a session."""
    service.end_others(house(), signed_in())
    return "", 204


@API.delete("/sessions/<session_id>", tags=[ACCOUNT], responses={204: None, 404: ErrorEnvelope}, security=IN_PERSON)
def end_session(path: SessionPath) -> Answer:
    """End one of them at once. Only with a session."""
    service.end_session(house(), signed_in().viewer, path.session_id)
    return "", 204


def _profile() -> Answer:
    viewer = signed_in().viewer
    return ProfileOut(name=viewer.name, is_admin=viewer.is_admin, **asdict(read_wishes(house(), viewer))).model_dump()
