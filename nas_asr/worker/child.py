"""Room: worker.child. The spawned program that loads the engine once and answers rings until its parent ends it.

Speaks with the parent in frames: R ring, and back Y ready, T trouble, B I live, D done. Ready and done say what is loaded.
"""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from nas_asr import logs
from nas_asr.core.errors import NasAsrError
from nas_asr.core.frames import read_frame, write_frame
from nas_asr.core.lifeline import hold
from nas_asr.core.offers import Skills
from nas_asr.core.ports import Transcriber
from nas_asr.services.reach import OUT_OF_REACH
from nas_asr.services.transcribe import Claimant, Incarnation
from nas_asr.worker import job
from nas_asr.worker.blind import BlindSpot
from nas_asr.worker.growth import resident_bytes
from nas_asr.worker.room import Errand, Pace, WorkerRoom, make_room

RING, READY, TROUBLE, ALIVE, DONE = b"R", b"Y", b"T", b"B", b"D"


def main() -> None:
    """Load the engine, then answer rings. Exit status 1 where the engine cannot be loaded: the parent was told why."""
    errand = Errand(**json.loads(sys.argv[1]))
    hold(errand.parent)
    # Ctrl-C and a service manager reach all of us at once; the parent alone decides. No SIG_IGN: programs that the
    # engine starts would inherit it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for descriptor in (errand.ears, errand.mouth):  # or the end of us would not be heard before theirs
        os.set_inheritable(descriptor, False)
    _volunteer()
    logs.configure()
    try:
        room = make_room(errand.factory, errand.argument)
    except NasAsrError as error:
        words = {"code": error.code, "message": error.message, "remedy": error.remedy}
        write_frame(errand.mouth, TROUBLE, json.dumps(words).encode())
        sys.exit(1)
    with suppress(BrokenPipeError):  # the parent is gone, and so are we
        _answer(errand, room)
    room.transcriber.close()


def _answer(errand: Errand, room: WorkerRoom) -> None:
    skills = Skills(room.transcriber.offers, room.house.options.engine)
    pace = Pace(**errand.pace)
    who = Incarnation(errand.name, errand.boot)
    claimant = Claimant(who, skills, pace.lease_s)
    shuns = job.Shunned(frozenset(errand.shuns), time.monotonic() + pace.shun_s)
    blind = BlindSpot()
    job.sit_down(job.Desk(room, claimant, pace, lambda: write_frame(errand.mouth, ALIVE), blind, shuns))
    words = {**skills.told(), **_state(room.transcriber), "nvidia": _has_nvidia()}
    write_frame(errand.mouth, READY, json.dumps(words).encode())
    while (frame := read_frame(errand.ears)) is not None:
        if frame.kind == RING:
            trouble = job.transcribe(frame.body.decode())
            words = {**_state(room.transcriber), "engine_trouble": trouble, OUT_OF_REACH: sorted(blind.runs)}
            write_frame(errand.mouth, DONE, json.dumps(words).encode())


def _state(transcriber: Transcriber) -> dict[str, Any]:
    """What is in memory, and in short the engine that was used last, or will be first."""
    loaded = transcriber.loaded()
    best = {"engine": transcriber.offers[0].engine} if transcriber.offers else {}
    newest = loaded[0] if loaded else best
    short = {name: newest.get(name, "") for name in ("engine", "model", "revision", "device")}
    return {**short, "loaded": loaded, "resident": resident_bytes()}


def _has_nvidia() -> bool:
    """Whether this machine has a card that an engine on the processor leaves idle. WSL shows another device."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


def _volunteer() -> None:
    """When memory runs out, the kernel takes this program before the pages and the database's writers."""
    with suppress(OSError):
        Path(f"/proc/{os.getpid()}/oom_score_adj").write_text("600", "ascii")
