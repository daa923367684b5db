"""Room: web.api.people. The people of this house, as JSON, for its admins in person. For everybody else there is nothing here."""

from flask import url_for
from flask_openapi3 import Tag
from pydantic import BaseModel

from nas_asr.services import accounts as service
from nas_asr.services.password_resets import make_reset
from nas_asr.web.api.frame import API, IN_PERSON, REFUSED, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.viewer import current_viewer, house

PEOPLE = Tag(name="people")


class UserOut(BaseModel):
    """A person. teams: short names; seen_at: when they last did something in a browser."""

    name: str
    email: str
    is_admin: bool
    disabled: bool
    signed_in_at: Moment | None
    seen_at: Moment | None
    teams: list[str]


class UserList(BaseModel):
    """Everybody."""

    items: list[UserOut]


class UserBody(Body):
    """A new person."""

    name: Text
    password: Text
    email: Text = ""
    is_admin: bool = False


class UserChange(Body):
    """What of a person is to change; what is left out stays."""

    disabled: bool | None = None
    is_admin: bool | None = None


class UserPath(BaseModel):
    """Who."""

    name: str


class LinkOut(BaseModel):
    """A link that works once, shown this once."""

    link: str
    expires_at: Moment


@API.get("/users", tags=[PEOPLE], responses={200: UserList, 404: ErrorEnvelope}, security=IN_PERSON)
def users() -> Answer:
    """Everybody. Admins only, with a session."""
    items = [
        UserOut(
            name=one.name, email=one.email, is_admin=one.is_admin, disabled=one.disabled, signed_in_at=one.signed_in_at,
            seen_at=one.seen_at, teams=list(one.teams),
        )
        for one in service.list_users(house(), current_viewer())
    ]  # fmt: skip
    return UserList(items=items).model_dump(mode="json")


@API.post("/users", tags=[PEOPLE], responses={204: None, **REFUSED}, security=IN_PERSON)
def add_user(body: UserBody) -> Answer:
    """A new person. Admins only, with a session."""
    order = service.NewUser(body.name, body.password, body.email, body.is_admin)
    service.create_user(house(), current_viewer(), order)
    return "", 204


@API.patch("/users/<name>", tags=[PEOPLE], responses={204: None, **REFUSED}, security=IN_PERSON)
def change_user(path: UserPath, body: UserChange) -> Answer:
    """Let somebody in or keep them out, make them admin or not. Admins only, with a session."""
    viewer = current_viewer()
    if body.disabled is not None:
        (service.disable_user if body.disabled else service.enable_user)(house(), viewer, path.name)
    if body.is_admin is not None:
        service.set_admin(house(), viewer, path.name, body.is_admin)
    return "", 204


@API.post("/users/<name>/reset", tags=[PEOPLE], responses={201: LinkOut, **REFUSED}, security=IN_PERSON)
def reset_user(path: UserPath) -> Answer:
    """A link with which they set a new password. Admins only, with a session."""
    made = make_reset(house(), current_viewer(), path.name)
    link = url_for("resets.show", secret=made.secret, _external=True)
    return LinkOut(link=link, expires_at=made.expires_at).model_dump(mode="json"), 201
