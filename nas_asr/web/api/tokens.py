"""Room: web.api.tokens. Tokens for programs, made by a person who is signed in. A token never makes another."""

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.access import TokenScope
from nas_asr.services import tokens as service
from nas_asr.web.api.frame import API, IN_PERSON, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.viewer import current_viewer, house

TOKENS = Tag(name="tokens")


class TokenOut(BaseModel):
    """A token without its secret. prefix: how the secret begins, to tell tokens apart."""

    id: str
    name: str
    scope: TokenScope
    prefix: str
    team: str | None
    created_at: Moment
    used_at: Moment | None
    expires_at: Moment | None


class TokenList(BaseModel):
    """Your tokens."""

    items: list[TokenOut]


class TokenBody(Body):
    """A new token; it never may more than you, and less with a narrow scope or a team."""

    name: Text = Field(max_length=120, description="What it is for.")
    scope: TokenScope
    team: Text | None = Field(None, description="Only this team's recordings; a short name.")
    days: int | None = Field(None, ge=1, le=3650, description="How long it lives; null: until it is ended.")


class MadeOut(BaseModel):
    """The secret, this once."""

    token: str


class TokenPath(BaseModel):
    """Which one."""

    token_id: str


@API.get("/tokens", tags=[TOKENS], responses={200: TokenList}, security=IN_PERSON)
def tokens() -> Answer:
    """Your tokens. Only with a session."""
    items = [
        TokenOut(
            id=one.id, name=one.name, scope=one.scope, prefix=one.prefix, team=one.team, created_at=one.created_at,
            used_at=one.used_at, expires_at=one.expires_at,
        )
        for one in service.list_tokens(house(), current_viewer())
    ]  # fmt: skip
    return TokenList(items=items).model_dump(mode="json")


@API.post("/tokens", tags=[TOKENS], responses={201: MadeOut, 404: ErrorEnvelope}, security=IN_PERSON)
def make_token(body: TokenBody) -> Answer:
    """A new token; its secret is shown this once. Only with a session."""
    viewer = current_viewer()
    order = service.NewToken(body.name, body.scope, body.team, body.days)
    return MadeOut(token=service.create_token(house(), viewer, viewer.name, order)).model_dump(), 201


@API.delete("/tokens/<token_id>", tags=[TOKENS], responses={204: None, 404: ErrorEnvelope}, security=IN_PERSON)
def end_token(path: TokenPath) -> Answer:
    """End a token at once. Only with a session."""
    service.revoke_token(house(), current_viewer(), path.token_id)
    return "", 204
