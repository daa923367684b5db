"""Room: web.events. Tells open pages that something they show has changed (server-sent events). Carries no content.

Each stream asks anew, every second, who its viewer is and what they may see. It ends with `bye` where the session is over, and
with `left` where a team or a role in it was lost: the page looks then whether it may still be shown. It also says something
every second, because only writing shows that the page is gone.
A stream holds a server thread: their number is capped, for a person and in all, and a page without one asks by itself
every few seconds instead.
A word has three parts with a tilde between them: what lists show; when a text was changed at all; the text of the recording
that the page itself is about. The page decides how soon it heeds which.
"""

from collections.abc import Iterator
from threading import Event, Lock

from flask import Flask, Response, current_app, request

from nas_asr.services.base import House
from nas_asr.services.changes import told
from nas_asr.services.folder_watch import ledger_pulse
from nas_asr.services.listing import pulse
from nas_asr.services.sessions import SignedIn, session_of
from nas_asr.store.database import DatabaseTrouble
from nas_asr.web.pages.person import signed_in
from nas_asr.web.viewer import house
from nas_asr.web.wiring import WebSetup, wiring

_TICK_S = 1.0
_MOST_OF_A_PERSON = 3
_LONGEST_TICKS = 600  # then the browser comes back by itself, perhaps to another process


class Streams:
    """The places for open streams in this process; `closing` ends them all when the server goes down."""

    def __init__(self, places: int) -> None:
        self.closing = Event()
        self._places = places
        self._taken: list[tuple[str, Event]] = []  # whose, oldest first; the event ends that stream
        self._one_at_a_time = Lock()

    def take(self, user_id: str) -> Event | None:
        """A place, given back with `leave`, or None. A person who has the most already gives up their oldest for it."""
        with self._one_at_a_time:
            theirs = [place for place in self._taken if place[0] == user_id]
            if len(theirs) >= _MOST_OF_A_PERSON:
                theirs[0][1].set()
                self._taken.remove(theirs[0])
            if len(self._taken) >= self._places:
                return None
            over = Event()
            self._taken.append((user_id, over))
            return over

    def leave(self, over: Event) -> None:
        """The stream has ended; its place may have been given away before."""
        with self._one_at_a_time:
            self._taken = [place for place in self._taken if place[1] is not over]


def register(app: Flask) -> None:
    """The two addresses that pages listen to."""
    app.extensions["nas_asr_streams"] = Streams(app.extensions["nas_asr_web"].streams)
    app.add_url_rule("/events", "events", events)
    app.add_url_rule("/events/now", "events_now", events_now)


def events() -> Response:
    """A stream of `change` events, about a recording where one is named; 204 where all places are taken.

    A browser takes that for an end without an error.
    """
    person = signed_in()
    streams: Streams = current_app.extensions["nas_asr_streams"]
    over = streams.take(person.viewer.user_id)
    if over is None:
        return Response(status=204)
    who = (person, request.args.get("about", ""))
    response = Response(_stream(house(), wiring(), who, (over, streams.closing)), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    response.call_on_close(lambda: streams.leave(over))
    return response


def events_now() -> Response:
    """The word of this moment, for pages that ask instead of listening."""
    return Response(_word(house(), wiring(), signed_in(), request.args.get("about", "")), mimetype="text/plain")


def _stream(house: House, web: WebSetup, who: tuple[SignedIn, str], ends: tuple[Event, Event]) -> Iterator[str]:
    (person, about), (over, closing) = who, ends
    last = ""
    yield "retry: 3000\n\n"
    for _ in range(_LONGEST_TICKS):
        try:
            present = session_of(house, person.secret)
            word = _word(house, web, present, about) if present else ""
        except DatabaseTrouble:  # the browser comes back by itself, and is told then
            return
        if present is None:
            yield "event: bye\ndata: \n\n"
            return
        if word != last:
            last = word
            yield f"event: change\ndata: {word}\n\n"
        else:
            yield ": still here\n\n"
        if not person.viewer.roles.items() <= present.viewer.roles.items():
            yield "event: left\ndata: \n\n"
            return
        if closing.wait(_TICK_S):
            return
        if over.is_set():
            yield "event: full\ndata: \n\n"
            return


def _word(house: House, web: WebSetup, person: SignedIn, about: str) -> str:
    stage = web.stage_two()
    teams = len(person.viewer.roles)
    beat = pulse(house, person.viewer)
    lists = f"{beat.lists}/{ledger_pulse(house, person.viewer)}/{teams}/{stage.state}-{stage.done}-{stage.step}"
    own = told(house, person.viewer, about) if about else ""
    return "~".join(part.replace("\n", " ").replace("~", " ") for part in (lists, beat.texts, own))
