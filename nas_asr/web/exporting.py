"""Room: web.exporting. Answers that are files to keep: one transcript, or many as a zip while it is made. No route, no query."""

from collections.abc import Callable, Iterator

from flask import Response

from nas_asr.core.access import Viewer
from nas_asr.export import ExportOptions as Options
from nas_asr.export import ExportSource, Format, content_disposition, file_name
from nas_asr.services.exports import Many, export_many
from nas_asr.web.viewer import house

ZIP = "application/zip"


def as_file(source: ExportSource, form: Format, options: Options) -> Response:
    """One transcript."""
    name = file_name(source.recorded_at.date(), source.title, form.suffix)
    headers = {"Content-Disposition": content_disposition(name), "Content-Type": form.media_type}
    return Response(form.write(source, options), headers=headers)


def as_zip(viewer: Viewer, order: Many, present: Callable[[], Viewer | None]) -> Response:
    """Many, sent while they are read."""
    pieces: Iterator[bytes] = export_many(house(), viewer, order, present)
    name = file_name(house().now().date(), "recordings", "zip")
    headers = {
        "Content-Disposition": content_disposition(name),
        "X-Accel-Buffering": "no",  # nginx would collect the whole of it on its disk first
    }
    return Response(pieces, mimetype=ZIP, headers=headers)
