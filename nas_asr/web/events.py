"""Room: web.events. Tells open pages that something they show has changed (server-sent events). Carries no content.

Each stream asks anew, every second, who its viewer is and what they may see, so that a person who leaves a team hears no
more of it from the next second on. A stream holds a server thread: their number is capped, and a page that is refused
asks by itself every few seconds instead.
"""

from collections.abc import Iterator
from threading import BoundedSemaphore, Event

from flask import Flask, Response, current_app

from nas_asr.services.accounts import SignedIn, session_of
from nas_asr.services.base import House
from nas_asr.services.recordings import pulse
from nas_asr.web.pages.person import signed_in
from nas_asr.web.viewer import house
from nas_asr.web.wiring import WebSetup, wiring

_TICK_S = 1.0
_SIGN_OF_LIFE_TICKS = 15
_LONGEST_TICKS = 600  # then the browser comes back by itself, perhaps to another process


class Streams:
    """The places for open streams in this process; `closing` ends them all when the server goes down."""

    def __init__(self, places: int) -> None:
        self.free = BoundedSemaphore(places)
        self.closing = Event()


def register(app: Flask) -> None:
    """The two addresses that pages listen to."""
    app.extensions["nas_asr_streams"] = Streams(app.extensions["nas_asr_web"].streams)
    app.add_url_rule("/events", "events", events)
    app.add_url_rule("/events/now", "events_now", events_now)


def events() -> Response:
    """A stream of `change` events; 503 where all places are taken."""
    person = signed_in()
    streams = current_app.extensions["nas_asr_streams"]
    if not streams.free.acquire(blocking=False):
        return Response(status=503, headers={"Retry-After": "5"})
    response = Response(_stream(house(), wiring(), person, streams.closing), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    response.call_on_close(streams.free.release)
    return response


def events_now() -> Response:
    """The word of this moment, for pages that ask instead of listening."""
    return Response(_word(house(), wiring(), signed_in()), mimetype="text/plain")


def _stream(house: House, web: WebSetup, person: SignedIn, closing: Event) -> Iterator[str]:
    last = ""
    yield "retry: 3000\n\n"
    for tick in range(_LONGEST_TICKS):
        present = session_of(house, person.viewer.user_id, person.session_version)
        if present is None:
            yield "event: bye\ndata: \n\n"
            return
        if (word := _word(house, web, present)) != last:
            last = word
            yield f"event: change\ndata: {word}\n\n"
        elif tick % _SIGN_OF_LIFE_TICKS == 0:
            yield ": still here\n\n"
        if closing.wait(_TICK_S):
            return


def _word(house: House, web: WebSetup, person: SignedIn) -> str:
    stage = web.stage_two()
    teams = len(person.viewer.roles)
    return f"{pulse(house, person.viewer)}/{teams}/{stage.state}-{stage.done}-{stage.step}".replace("\n", " ")
