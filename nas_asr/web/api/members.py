"""Room: web.api.members. Teams and who is in them, as JSON: people, roles, invitations. By managers and admins in person."""

from flask import url_for
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.access import Role
from nas_asr.services import invitations as links
from nas_asr.services import teams as service
from nas_asr.web.api.frame import API, IN_PERSON, REFUSED, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.api.people import LinkOut
from nas_asr.web.security import limiter
from nas_asr.web.viewer import current_viewer, house

MEMBERS = Tag(name="members")


class TeamPath(BaseModel):
    """Which team."""

    slug: str


class MemberPath(TeamPath):
    """Who in which team."""

    name: str


class InvitationPath(TeamPath):
    """Which invitation into which team."""

    invitation_id: str


class TeamBody(Body):
    """A new team."""

    slug: Text = Field(description="For addresses and commands: a-z, 0-9, inner hyphens.")
    name: Text = ""


class NameBody(Body):
    """Another name for people to read."""

    name: Text


class RoleBody(Body):
    """A role in a team."""

    role: Role


class MemberOut(BaseModel):
    """A person in a team."""

    name: str
    role: Role
    since: Moment


class MemberList(BaseModel):
    """The people of a team."""

    items: list[MemberOut]


class InvitationOut(BaseModel):
    """A link into a team that still works, without its secret. by: null where the command line made it."""

    id: str
    role: Role
    by: str | None
    created_at: Moment
    expires_at: Moment


class InvitationList(BaseModel):
    """The links into a team that still work."""

    items: list[InvitationOut]


class SecretBody(Body):
    """An invitation that somebody got."""

    secret: Text = Field(description="The last part of the link.")


class JoinedOut(BaseModel):
    """Where it led."""

    team: str


@API.post("/teams", tags=[MEMBERS], responses={204: None, **REFUSED}, security=IN_PERSON)
def add_team(body: TeamBody) -> Answer:
    """A new team. Admins only, with a session."""
    service.create_team(house(), current_viewer(), body.slug, body.name)
    return "", 204


@API.patch("/teams/<slug>", tags=[MEMBERS], responses={204: None, 404: ErrorEnvelope}, security=IN_PERSON)
def rename_team(path: TeamPath, body: NameBody) -> Answer:
    """Another name for people to read; by its managers and admins, with a session."""
    service.rename_team(house(), current_viewer(), path.slug, body.name)
    return "", 204


@API.delete("/teams/<slug>", tags=[MEMBERS], responses={204: None, **REFUSED}, security=IN_PERSON)
def delete_team(path: TeamPath) -> Answer:
    """Take a team away that has no recordings and no folders. Admins only, with a session."""
    service.delete_team(house(), current_viewer(), path.slug)
    return "", 204


@API.get("/teams/<slug>/members", tags=[MEMBERS], responses={200: MemberList, 404: ErrorEnvelope})
def members(path: TeamPath) -> Answer:
    """The people of a team."""
    found = service.list_members(house(), current_viewer(), path.slug)
    items = [MemberOut(name=one.name, role=one.role, since=one.since) for one in found]
    return MemberList(items=items).model_dump(mode="json")


@API.put("/teams/<slug>/members/<name>", tags=[MEMBERS], responses={204: None, **REFUSED}, security=IN_PERSON)
def put_member(path: MemberPath, body: RoleBody) -> Answer:
    """Put a person into a team, or change their role; by its managers and admins, with a session."""
    service.add_member(house(), current_viewer(), path.slug, path.name, body.role)
    return "", 204


@API.delete("/teams/<slug>/members/<name>", tags=[MEMBERS], responses={204: None, **REFUSED}, security=IN_PERSON)
def remove_member(path: MemberPath) -> Answer:
    """Take a person out of a team; their access ends at once. By its managers and admins, with a session."""
    service.remove_member(house(), current_viewer(), path.slug, path.name)
    return "", 204


@API.get(
    "/teams/<slug>/invitations", tags=[MEMBERS], responses={200: InvitationList, 404: ErrorEnvelope}, security=IN_PERSON
)
def invitations(path: TeamPath) -> Answer:
    """The links into a team that still work; for its managers and admins, with a session."""
    items = [
        InvitationOut(
            id=one.id, role=one.role, by=one.by or None, created_at=one.created_at, expires_at=one.expires_at
        )
        for one in links.list_invitations(house(), current_viewer(), path.slug)
    ]  # fmt: skip
    return InvitationList(items=items).model_dump(mode="json")


@API.post("/teams/<slug>/invitations", tags=[MEMBERS], responses={201: LinkOut, **REFUSED}, security=IN_PERSON)
def invite(path: TeamPath, body: RoleBody) -> Answer:
    """A link into a team that works once; by its managers and admins, with a session."""
    made = links.make_invitation(house(), current_viewer(), path.slug, body.role)
    link = url_for("invitations.show", secret=made.secret, _external=True)
    return LinkOut(link=link, expires_at=made.expires_at).model_dump(mode="json"), 201


@API.delete(
    "/teams/<slug>/invitations/<invitation_id>",
    tags=[MEMBERS],
    responses={204: None, 404: ErrorEnvelope},
    security=IN_PERSON,
)
def withdraw_invitation(path: InvitationPath) -> Answer:
    """End a link before anybody used it; by the team's managers and admins, with a session."""
    links.withdraw_invitation(house(), current_viewer(), path.slug, path.invitation_id)
    return "", 204


@API.post(
    "/invitations",
    tags=[MEMBERS],
    responses={200: JoinedOut, 410: ErrorEnvelope, **REFUSED},
    security=IN_PERSON,
)
@limiter.limit("30 per minute")
def join_team(body: SecretBody) -> Answer:
    """Come into the team that an invitation leads to. Only with a session."""
    return JoinedOut(team=links.join(house(), current_viewer(), body.secret)).model_dump()
