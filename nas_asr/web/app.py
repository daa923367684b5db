"""Room: web.app. The application factory: a table of contents, one step a line. Never a page, never a query."""

import hashlib

from flask import Flask, Response, request, url_for
from flask_openapi3 import Info, OpenAPI

from nas_asr import __version__
from nas_asr.services.base import House
from nas_asr.services.opus import opus_desk
from nas_asr.web import api, errors, events, locale, packing, pages, security, watched, widgets
from nas_asr.web.wiring import WEB, StageTwoView, WebSetup

__all__ = ["StageTwoView", "WebSetup", "create_app"]


def create_app(house: House, web: WebSetup) -> Flask:
    """The pages and the API of this house."""
    app = OpenAPI(
        "nas_asr",
        info=Info(title="nas_asr", version=__version__),
        doc_ui=False,  # the API serves its own description, to those who may see it
        validation_error_callback=errors.bad_field,
        static_folder=str(WEB / "static"),
        template_folder=str(web.templates),
    )
    app.extensions["nas_asr_house"] = house
    app.extensions["nas_asr_web"] = web
    app.extensions["nas_asr_opus"] = opus_desk(house.options.data)
    security.configure(app, web)
    errors.configure(app)
    locale.configure(app, house)
    _configure_static(app)
    packing.configure(app)
    watched.configure(app)
    events.register(app)
    pages.register(app)
    widgets.register(app)
    api.register(app)
    return app


def _configure_static(app: Flask) -> None:
    """Static files carry their content's hash in the address, so that browsers may keep them for a year."""
    stamp = hashlib.sha256()
    for path in sorted(file for file in (WEB / "static").rglob("*") if file.is_file()):
        stamp.update(path.read_bytes())
    version = stamp.hexdigest()[:12]

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=version)

    def api_url(path: str) -> str:
        return f"{request.script_root}/api/v1/{path}"

    def ask_again(response: Response) -> Response:
        # A module imports its neighbours by their bare names: what has no hash in its address may change under it.
        if request.endpoint == "static" and "v" not in request.args:
            response.headers["Cache-Control"] = "no-cache"
        return response

    app.after_request(ask_again)
    app.jinja_env.globals["static_url"] = static_url
    app.jinja_env.globals["api_url"] = api_url
    app.jinja_env.globals["app_version"] = __version__
