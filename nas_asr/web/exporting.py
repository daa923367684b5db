"""Room: web.exporting. Answers that are files to keep: one transcript, or many as a zip while it is made. No route, no query."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Lock

from flask import Response, current_app

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict
from nas_asr.export import ExportOptions as Options
from nas_asr.export import ExportSource, Format, content_disposition, file_name
from nas_asr.services.exports import Many, Reader, export_many, in_site_zone
from nas_asr.web.viewer import house
from nas_asr.web.watched import watched

ZIP = "application/zip"
# A zip holds one of the server's threads until its reader has all of it, and a slow one takes an hour
_MOST, _MOST_OF_A_PERSON = 8, 2


class Places:
    """The zips that are being sent by this process: some for everybody, few for one."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._one_at_a_time = Lock()

    def take(self, user_id: str) -> None:
        """A place, given back with `leave`; Conflict where there is none."""
        with self._one_at_a_time:
            if self._taken[user_id] >= _MOST_OF_A_PERSON:
                raise Conflict("Two exports of yours are being sent already.", "Wait until one of them is complete.")
            if self._taken.total() >= _MOST:
                raise Conflict("Too many exports are being sent at this moment.", "Try again in a few minutes.")
            self._taken[user_id] += 1

    def leave(self, user_id: str) -> None:
        """All of it was sent, or its reader has gone."""
        with self._one_at_a_time:
            self._taken -= Counter([user_id])


def as_file(source: ExportSource, form: Format, options: Options) -> Response:
    """One transcript."""
    name = file_name(source.recorded_at.date(), source.title, form.suffix)
    headers = {"Content-Disposition": content_disposition(name), "Content-Type": form.media_type}
    return Response(form.write(source, options), headers=headers)


def as_zip(viewer: Viewer, order: Many, present: Callable[[], Viewer | None]) -> Response:
    """Many, sent while they are read."""
    places: Places = current_app.extensions.setdefault("nas_asr_zips", Places())
    places.take(viewer.user_id)
    with ExitStack() as refused:
        refused.callback(places.leave, viewer.user_id)
        reader = Reader(present)
        pieces: Iterator[bytes] = export_many(house(), viewer, order, reader)
        refused.pop_all()
    name = file_name(in_site_zone(house(), house().now()).date(), "recordings", "zip")
    headers = {
        "Content-Disposition": content_disposition(name),
        "X-Accel-Buffering": "no",  # nginx would collect the whole of it on its disk first
    }
    response = Response(watched(pieces, reader.may), mimetype=ZIP, headers=headers)
    response.call_on_close(lambda: places.leave(viewer.user_id))
    return response
