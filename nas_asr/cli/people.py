"""Room: cli.people. user, team, member and token commands. The command line acts for the house, without a viewer."""

from typing import Any

import click

from nas_asr.cli.frame import house_of, password_from_stdin, show
from nas_asr.cli.given import address_of, settings_of
from nas_asr.core.access import Role, TokenScope
from nas_asr.services import accounts, invitations, password_resets, teams, tokens

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def user() -> None:
    """People who can sign in."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May run the house; the first user always may.")
@click.option("--email", default="", help="Address for later notifications.")
@_stdin
@click.pass_context
def user_add(ctx: click.Context, name: str, admin: bool, email: str, password_stdin: bool) -> None:
    """Add a person."""
    order = accounts.NewUser(name, password_from_stdin(password_stdin), email, admin)
    accounts.create_user(house_of(ctx, make=True), None, order)
    click.echo(f"Added {name}.")


@user.command("list")
@_json
@click.pass_context
def user_list(ctx: click.Context, as_json: bool) -> None:
    """List people."""
    show(accounts.list_users(house_of(ctx), None), ("name", "is_admin", "disabled", "signed_in_at", "email"), as_json)


@user.command("passwd")
@click.argument("name")
@_stdin
@click.pass_context
def user_passwd(ctx: click.Context, name: str, password_stdin: bool) -> None:
    """Set a new password; all sessions of that person end."""
    accounts.set_password(house_of(ctx), None, name, password_from_stdin(password_stdin))
    click.echo(f"The password of {name} is set.")


@user.command("disable")
@click.argument("name")
@click.pass_context
def user_disable(ctx: click.Context, name: str) -> None:
    """End a person's access at once."""
    accounts.disable_user(house_of(ctx), None, name)
    click.echo(f"{name} can no longer sign in.")


@user.command("enable")
@click.argument("name")
@click.pass_context
def user_enable(ctx: click.Context, name: str) -> None:
    """Let a person in again, with the password and teams that they had."""
    accounts.enable_user(house_of(ctx), None, name)
    click.echo(f"{name} can sign in again.")


@user.command("reset")
@click.argument("name")
@click.pass_context
def user_reset(ctx: click.Context, name: str) -> None:
    """Print a link with which the person sets a new password: once, within an hour."""
    made = password_resets.make_reset(house_of(ctx), None, name)
    click.echo(f"{address_of(settings_of(ctx))}/reset/{made.secret}")


@click.group()
def team() -> None:
    """Teams."""


@team.command("add")
@click.argument("slug")
@click.option("--name", default="", help="Name for people; the slug if left out.")
@click.pass_context
def team_add(ctx: click.Context, slug: str, name: str) -> None:
    """Add a team."""
    teams.create_team(house_of(ctx), None, slug, name)
    click.echo(f"Added team {slug}. Next: nas-asr folder add {slug} PATH --language en")


@team.command("list")
@_json
@click.pass_context
def team_list(ctx: click.Context, as_json: bool) -> None:
    """List teams."""
    show(teams.list_teams(house_of(ctx), None), ("slug", "name", "members", "hotwords_version"), as_json)


@click.group()
def member() -> None:
    """Who is in which team."""


@member.command("add")
@click.argument("team_slug", metavar="TEAM")
@click.argument("user_name", metavar="USER")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.pass_context
def member_add(ctx: click.Context, team_slug: str, user_name: str, role: str) -> None:
    """Put a person into a team, or change their role."""
    teams.add_member(house_of(ctx), None, team_slug, user_name, Role(role))
    click.echo(f"{user_name} is {role} of {team_slug}.")


@member.command("remove")
@click.argument("team_slug", metavar="TEAM")
@click.argument("user_name", metavar="USER")
@click.pass_context
def member_remove(ctx: click.Context, team_slug: str, user_name: str) -> None:
    """Take a person out of a team; access ends at once."""
    teams.remove_member(house_of(ctx), None, team_slug, user_name)
    click.echo(f"{user_name} is no longer in {team_slug}.")


@member.command("invite")
@click.argument("team_slug", metavar="TEAM")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.pass_context
def member_invite(ctx: click.Context, team_slug: str, role: str) -> None:
    """Print a link into a team: for a new person or one with an account, once, within seven days."""
    made = invitations.make_invitation(house_of(ctx), None, team_slug, Role(role))
    click.echo(f"{address_of(settings_of(ctx))}/invitations/{made.secret}")


@click.group()
def token() -> None:
    """Tokens for programs."""


@token.command("add")
@click.argument("user_name", metavar="USER")
@click.option("--name", required=True, help="What it is for.")
@click.option("--scope", type=click.Choice([scope.value for scope in TokenScope]), required=True)
@click.option("--team", "team_slug", default=None, help="Narrow it to one team.")
@click.option("--days", type=click.IntRange(1, 3650), default=None, help="How long it lives; no end if left out.")
@click.pass_context
def token_add(ctx: click.Context, /, user_name: str, scope: str, **options: Any) -> None:
    """Make a token and print it, this once."""
    order = tokens.NewToken(options["name"], TokenScope(scope), options["team_slug"], options["days"])
    click.echo(tokens.create_token(house_of(ctx), None, user_name, order))


@token.command("list")
@_json
@click.pass_context
def token_list(ctx: click.Context, as_json: bool) -> None:
    """List tokens; the secrets themselves are not kept."""
    columns = ("id", "name", "user", "scope", "team", "prefix", "used_at", "expires_at")
    show(tokens.list_tokens(house_of(ctx), None), columns, as_json)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(ctx: click.Context, token_id: str) -> None:
    """End a token at once."""
    tokens.revoke_token(house_of(ctx), None, token_id)
    click.echo("Revoked.")
