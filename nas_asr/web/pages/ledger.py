"""Room: web.pages.ledger. The ledger of all folders or of one: what is shown of it, one line in full, and looking again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Invalid, NotVisible
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.folders import FolderView, list_folders
from nas_asr.services.ledger import LedgerFilter, count_ledger, line_in_full, list_ledger
from nas_asr.services.ledger_retry import count_failed, retry_failed, retry_line
from nas_asr.services.paging import PageOrder
from nas_asr.services.teams import list_teams
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("ledger", __name__, url_prefix="/folders")
_PAGE = 100
_UNSEEN = "unseen"
_NAMES = ("team", "folder", "state", "presence", "q", "cursor")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for, and addresses that ask for a little else."""

    given: dict[str, str]
    folder_id: str = ""

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def wanted(self) -> LedgerFilter:
        """The same for services. What is ignored by its name stays out until somebody asks for it, or for a name."""
        state, presence = self["state"], self["presence"]
        if state and state not in list(LedgerState):
            raise Invalid("There is no such state.", field="state")
        if presence and presence not in (*Presence, _UNSEEN):
            raise Invalid("A file is present, unseen or missing.", field="presence")
        unseen = presence == _UNSEEN
        return LedgerFilter(
            folder=self.folder_id or self["folder"], team=self["team"], state=LedgerState(state) if state else None,
            presence=Presence(presence) if presence and not unseen else None, q=self["q"], unseen=unseen,
            without_ignored=not self["q"],
        )  # fmt: skip

    def link(self, **changes: str) -> str:
        """This list with something else asked for, from its first page on."""
        query: dict[str, Any] = {**self.given, "cursor": "", **changes}
        query = {name: value for name, value in query.items() if value}
        if self.folder_id:
            return url_for("folders.ledger", folder_id=self.folder_id, **query)
        return url_for("ledger.every", **query)


@bp.get("/ledger")
def every() -> ResponseReturnValue:
    """The ledger of all folders that one may see."""
    folders = list_folders(house(), viewer())
    if wants_part("lines"):
        return render_template("folders/lines.html", **shown_lines(None))
    return render_template(
        "folders/every.html", **shown_lines(None), folders=folders, teams=list_teams(house(), viewer())
    )


@bp.post("/ledger/look-again")
def look_again_at_all() -> ResponseReturnValue:
    """Look again at all that failed of what the page showed."""
    asked = Asked({name: value for name in _NAMES if (value := request.form.get(name, "").strip())})
    count = retry_failed(house(), viewer(), asked.wanted)
    flash(ngettext("%(num)s file is looked at again.", "%(num)s files are looked at again.", count))
    return redirect(safe_next(request.form.get("next")) or url_for("ledger.every"))


@bp.get("/<folder_id>/lines/<line_id>")
def line(folder_id: str, line_id: str) -> ResponseReturnValue:
    """One line with everything that is known: why, other contents of the same name, other places of the recording."""
    me = viewer()
    view = line_in_full(house(), me, line_id)
    folder = next((one for one in list_folders(house(), me) if one.id == folder_id == view.line.folder_id), None)
    if folder is None:
        raise NotVisible("There is nothing here under this address for you.")
    return render_template("folders/line.html", view=view, line=view.line, folder=folder, may_ask=asks_in(me))


@bp.post("/<folder_id>/lines/<line_id>/look-again")
def look_again(folder_id: str, line_id: str) -> ResponseReturnValue:
    """Look at a file again now, whatever was said about it."""
    retry_line(house(), viewer(), line_id)
    flash(_("It is looked at again in a moment."))
    return redirect(safe_next(request.form.get("next")) or url_for("folders.ledger", folder_id=folder_id))


def shown_lines(folder: FolderView | None) -> dict[str, Any]:
    """What folders/lines.html shows: of one folder, or of all."""
    me = viewer()
    given = {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}
    asked = Asked(given, folder.id if folder else "")
    wanted = asked.wanted
    return {
        "asked": asked, "folder": folder, "page": list_ledger(house(), me, wanted, PageOrder(_PAGE, asked["cursor"])),
        "counts": count_ledger(house(), me, wanted), "may_ask": asks_in(me),
        "failed": count_failed(house(), me, wanted) if asked["state"] in ("", LedgerState.FAILED) else 0,
    }  # fmt: skip


def asks_in(me: Viewer) -> Callable[[str], bool]:
    """Whether this person may have files of that team looked at again."""
    teams = {team.slug for team in list_teams(house(), me) if me.runs_the_house or me.may(team.id, Action.WRITE)}
    return teams.__contains__
