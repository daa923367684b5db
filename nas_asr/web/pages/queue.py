"""Room: web.pages.queue. What is at work and what waits, for admins: put first, stop, pause. No transcript."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.services import pause as pausing
from nas_asr.services import queue as service
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("queue", __name__, url_prefix="/admin/queue")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page; its list changes under the reader's eyes."""
    page = "queue/list.html" if wants_part("queue-now") else "queue/queue.html"
    return render_template(page, queue=service.list_queue(house(), viewer()))


@bp.post("/pause")
def pause() -> ResponseReturnValue:
    """No new run begins."""
    pausing.pause(house(), viewer())
    flash(_("Paused. What is at work is finished; nothing new begins."))
    return redirect(url_for("queue.show"))


@bp.post("/resume")
def resume() -> ResponseReturnValue:
    """Runs begin again."""
    pausing.resume(house(), viewer())
    flash(_("Recordings are transcribed again."))
    return redirect(url_for("queue.show"))


@bp.post("/<run_id>/first")
def put_first(run_id: str) -> ResponseReturnValue:
    """Before all others."""
    service.put_first(house(), viewer(), run_id)
    flash(_("It is next."))
    return redirect(url_for("queue.show"))


@bp.post("/<run_id>/back")
def take_its_turn(run_id: str) -> ResponseReturnValue:
    """Among the others again."""
    service.take_its_turn(house(), viewer(), run_id)
    return redirect(url_for("queue.show"))


@bp.post("/<run_id>/stop")
def stop(run_id: str) -> ResponseReturnValue:
    """Stop it."""
    service.stop_run(house(), viewer(), run_id)
    flash(_("Stopped. Its team can ask for it again."))
    return redirect(url_for("queue.show"))


@bp.post("/<run_id>/again")
def again(run_id: str) -> ResponseReturnValue:
    """What failed or was stopped, once more."""
    service.run_again(house(), viewer(), run_id)
    flash(_("It is in the queue again."))
    return redirect(url_for("queue.show"))
