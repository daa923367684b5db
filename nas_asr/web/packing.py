"""Room: web.packing. Answers that travel packed (gzip): our own files and the API's JSON. Never a page, never sound.

Pages hold a form's secret beside words of whoever asked; packed together, their length would tell of the secret (BREACH).
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_KINDS = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"})
_LEVEL = 4  # of 9: a transcript of hours is made for each asker, and must not take longer to pack than to send
_WORTH_IT = 1024  # bytes; what is smaller fits into a packet or two as it is


def configure(app: Flask) -> None:
    """Pack what leaves this application, for those who can unpack it."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    static = request.endpoint == "static"
    if request.method != "GET" or response.status_code != 200 or response.mimetype not in _KINDS:
        return response
    if not (static or request.path.startswith("/api/")) or (response.is_streamed and not static):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Range" in request.headers:
        return response
    response.direct_passthrough = False
    plain = response.get_data()
    if len(plain) < _WORTH_IT:
        return response
    response.set_data(_packed_once(plain) if static else gzip.compress(plain, _LEVEL, mtime=0))
    response.content_encoding = "gzip"
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # the same file, in other bytes
    return response


@lru_cache(maxsize=256)
def _packed_once(plain: bytes) -> bytes:
    return gzip.compress(plain, 9, mtime=0)
