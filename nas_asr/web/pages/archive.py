"""Room: web.pages.archive. What tonight's archive takes and why the rest stays; the rule; the last runs. Never opens a bag."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.access import Role, Viewer
from nas_asr.core.archive_rule import Rule, Stay
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotVisible
from nas_asr.services.archive_nights import NightView, ask, list_nights
from nas_asr.services.archive_plan import Plan, tonight
from nas_asr.services.archive_rules import RuleOrder, read_rule, save_rule
from nas_asr.services.folders import list_folders
from nas_asr.services.teams import TeamView, list_teams
from nas_asr.web.errors import status_of
from nas_asr.web.locale import said
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("archive", __name__, url_prefix="/archive")

_SHOWN = 50
STAYS = {
    Stay.ARCHIVED: lazy("in the archive already"),
    Stay.FOLDER: lazy("in a folder that the rule leaves out"),
    Stay.SHORT: lazy("too short"),
    Stay.NO_TRANSCRIPT: lazy("without a transcript"),
    Stay.UNDER_WAY: lazy("being transcribed or waiting for it"),
    Stay.FRESH: lazy("touched a short while ago"),
}
_KINDS = {"night": lazy("Night"), "now": lazy("On request"), "verify": lazy("Verification")}
_STATES = {"due": lazy("queued"), "running": lazy("under way"), "done": lazy("done"), "failed": lazy("failed")}
_PILLS = {"due": "queued", "running": "transcribing", "done": "done", "failed": "failed"}
_WORDS: dict[str, Any] = {"stays": STAYS, "kinds": _KINDS, "states": _STATES, "pills": _PILLS, "most": _SHOWN}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A team's part of the page. plan: None for an admin who is no member, for it shows titles."""

    team: TeamView
    may_manage: bool
    rule: Rule
    plan: Plan | None
    nights: list[NightView]

    @property
    def busy(self) -> bool:
        """Whether a run waits or is under way, so that what is shown will soon be different."""
        return any(night.state in ("due", "running") for night in self.nights)

    @property
    def checked(self) -> NightView | None:
        """The last verification that came to an end."""
        return next((night for night in self.nights if night.kind == "verify" and night.ended_at), None)


@bp.get("")
def index() -> ResponseReturnValue:
    """All teams of the viewer; while a run of a team is under way, the page asks for that team's runs again and again."""
    slug = request.args.get("team", "")
    if slug and wants_part(f"runs-{slug}"):
        me = viewer()
        team = next((team for team in list_teams(house(), me) if team.slug == slug), None)
        if team is None:
            raise NotVisible("There is nothing here under this address for you.", "Go back to the library.")
        return render_template("archive/runs.html", shelf=_shelf(team, me), **_WORDS)
    return _page()


@bp.post("/<slug>/rule")
def rule(slug: str) -> ResponseReturnValue:
    """Another rule."""
    form = request.form
    try:
        order = RuleOrder(
            on="on" in form, folders=tuple(form.getlist("folders")), min_minutes=_number("min_minutes"),
            untouched_hours=_number("untouched_hours"),
        )  # fmt: skip
        save_rule(house(), viewer(), slug, order)
    except Invalid as problem:
        list_nights(house(), viewer(), slug)  # a team that is not theirs stays a 404
        return _page(problem, slug), status_of(problem)
    flash(_("The rule is saved."))
    return redirect(url_for("archive.index") + f"#{slug}")


@bp.post("/<slug>/<any(now, verify):kind>")
def start(slug: str, kind: str) -> ResponseReturnValue:
    """Archive at once, or read all bags of the team again; another process does it."""
    try:
        ask(house(), viewer(), slug, kind)
    except Conflict as problem:
        flash(f"{said(problem.message)} {said(problem.remedy)}", "problem")
    else:
        flash(_("It is asked for and begins in a moment. Its result is below."))
    return redirect(url_for("archive.index") + f"#{slug}")


def _number(field: str) -> int:
    text = request.form.get(field, "")
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Invalid("This must be a whole number.", field=field)
    return int(text)


def _page(problem: NasAsrError | None = None, slug: str = "") -> str:
    me = viewer()
    options = house().options
    return render_template(
        "archive/archive.html", shelves=[_shelf(team, me) for team in list_teams(house(), me)], problem=problem,
        wrong=slug, folders=list_folders(house(), me), root=options.archive.absolute() if me.runs_the_house else "",
        at=options.archive_at.strftime("%H:%M"), **_WORDS,
    )  # fmt: skip


def _shelf(team: TeamView, me: Viewer) -> Shelf:
    return Shelf(
        team=team,
        may_manage=me.runs_the_house or team.role == Role.MANAGER,
        rule=read_rule(house(), me, team.slug),
        plan=tonight(house(), me, team.slug) if team.role is not None else None,
        nights=list_nights(house(), me, team.slug),
    )
