"""Room: web.pages. One file a page, named as its templates and its tests. Reads the request, calls services, renders."""

from flask import Flask

from nas_asr.export import FORMATS
from nas_asr.web.export_words import format_name
from nas_asr.web.pages import (
    account,
    admin,
    archive,
    audit,
    check,
    choice,
    difference,
    drafts,
    exports,
    folders,
    history,
    hotwords,
    invitations,
    ledger,
    library,
    login,
    models,
    parts,
    person,
    queue,
    recording,
    resets,
    search,
    settings,
    setup,
    storage,
    teams,
    trash,
    users,
)  # fmt: skip
from nas_asr.web.pages.marking import marked


def register(app: Flask) -> None:
    """All pages."""
    for page in (
        login, setup, library, recording, history, exports, parts, difference, search, folders, ledger, choice, archive, teams,
        hotwords, drafts, invitations, resets, account, admin, users, settings, models, queue, audit, storage, check,
        trash,
    ):  # fmt: skip
        app.register_blueprint(page.bp)
    app.context_processor(person.for_templates)
    app.jinja_env.filters.update(marked=marked, format_name=format_name)
    app.jinja_env.globals.update(
        outlook=person.engine_outlook, models_page=person.models_page, missing_worker=person.missing_worker,
        paused=person.paused,
        export_formats=tuple(FORMATS.values()),
    )  # fmt: skip
