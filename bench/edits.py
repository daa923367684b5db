"""Room: bench.edits. What a saved correction costs in a long transcript, and how much is kept of each.

    python bench/edits.py [--segments 10000] [--edits 200] [--quick] [--json]

SQLite with fsync, the service that the API calls; once each: the first edit, one text, a split, a speaker, a name for every
second segment, a word replaced where it is rare and one in every segment, an older version restored, what a page is told of two
corrections, and reading the version that readers see (also as the API's JSON, with words) and one that is made anew.
CPU seconds of the process for the large ones (_cpu_s), for those of a machine that does other things as well.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import func, select

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.core.edits import Edit, EditOp, SpeakerScope
from nas_asr.core.ids import new_id
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript, Word
from nas_asr.services.base import House
from nas_asr.services.changes import changes_since
from nas_asr.services.edits import edit_transcript
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.services.transcribe import Claimant, Incarnation, claim, finish
from nas_asr.services.transcripts import read_transcript
from nas_asr.services.versions import restore_version
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import SegmentRow, TranscriptVersion
from nas_asr.store.schema import migrate
from nas_asr.web.app import WebSetup, create_app
from tests.cast import RememberingQueue, make_cast, make_recording

WORDS = [f"word{number}" for number in range(3000)]
WORKER = Claimant(Incarnation("bench", "1"), Skills((Offer("sphinx", ("en",)),)))


@contextmanager
def a_house() -> Iterator[House]:
    """A house of its own."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'nas_asr.sqlite3'}")
        migrate(db)
        yield House(db, RememberingQueue(), Settings(data=Path(folder)))
        db.close()


def meeting(count: int, draw: random.Random) -> Transcript:
    """So many segments of eight words with their times, by two speakers; a word of each hundredth stands nowhere else."""
    segments = []
    for place in range(count):
        start, said = 1800 * place, draw.choices(WORDS, k=8)
        said[0] = "rare" if place % 100 == 0 else said[0]
        words = tuple(Word(word, start + 200 * at, start + 200 * at + 150) for at, word in enumerate(said))
        text = " ".join(said)
        segments.append(Segment(new_id(), Span(start, start + 1700), text, text, str(place % 2 + 1), words=words))
    return Transcript(tuple(segments), 1800 * count, 1, 1, EngineLabel("sphinx"), "en")


def worked(act: Callable[[], object]) -> float:
    """Seconds of this process, whatever else the machine does."""
    begin = time.process_time()
    act()
    return round(time.process_time() - begin, 2)


def timed(act: Callable[[], object], times: int = 1) -> float:
    """Milliseconds, the middle of all."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begin) * 1000)
    return round(statistics.median(taken), 1)


def as_json(house: House, viewer: Viewer, recording: str) -> int:
    """What the API answers, in bytes."""
    app = create_app(house, WebSetup(secret_key="a key for figures, forty characters long"))
    token = create_token(house, viewer, viewer.name, NewToken("figures", TokenScope.READ))
    answer = app.test_client().get(f"/api/v1/recordings/{recording}/transcript", headers={"X-API-Key": token})
    assert answer.status_code == 200
    return len(answer.data)


def measure(house: House, viewer: Viewer, recording: str, edits: int) -> dict[str, float]:
    """Every kind of edit, in milliseconds."""
    draw = random.Random(7)
    segments = read_transcript(house, viewer, recording).transcript.segments
    seen = 1

    def save(op: EditOp = EditOp.TEXT, **more: object) -> Callable[[], None]:
        def act() -> None:
            nonlocal seen
            new = {"text": " ".join(draw.choices(WORDS, k=8))} if op == EditOp.TEXT else more
            edit = Edit(op, id=draw.choice(segments).id, **new)
            seen = edit_transcript(house, viewer, recording, seen, [edit]).version

        return act

    return {
        "first_ms": timed(save()),
        "text_ms": timed(save(), edits),
        "split_ms": timed(save(EditOp.SPLIT, at=6), 20),
        "speaker_ms": timed(save(EditOp.SPEAKER, speaker="Anna"), 20),
        "replace_all_ms": timed(save(EditOp.REPLACE_ALL, find="rare", replace="rarely")),
        "speaker_all_cpu_s": worked(save(EditOp.SPEAKER, speaker="Ben", scope=SpeakerScope.ALL)),
        "speaker_all_again_cpu_s": worked(save(EditOp.SPEAKER, speaker="Eva", scope=SpeakerScope.ALL)),
        "replace_everywhere_cpu_s": worked(save(EditOp.REPLACE_ALL, find="word", replace="term")),
        "restore_cpu_s": worked(lambda: restore_version(house, viewer, recording, 2)),
        "changes_ms": timed(lambda: changes_since(house, viewer, recording, seen - 2), 3),
        "json_with_words_cpu_s": worked(lambda: as_json(house, viewer, recording)),
        "read_shown_ms": timed(lambda: read_transcript(house, viewer, recording), 3),
        "read_older_ms": timed(lambda: read_transcript(house, viewer, recording, 2), 3),
    }


def kept(house: House) -> dict[str, float]:
    """How much an edit leaves behind."""
    steps = func.length(TranscriptVersion.steps)
    with house.db.read() as session:
        some = select(func.avg(steps)).where(TranscriptVersion.root > 0, TranscriptVersion.tally["text"].is_not(None))
        size, rows = session.scalar(some), session.scalar(select(func.count()).select_from(SegmentRow))
    return {"bytes_a_correction": round(size or 0), "rows": rows or 0}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=10_000)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    count, edits = (2_000, 50) if asked.quick else (asked.segments, asked.edits)
    with a_house() as house:
        cast = make_cast(house.db)
        recording = make_recording(house, cast.choir)
        held = claim(house, WORKER)
        assert held is not None
        finish(house, held, meeting(count, random.Random(1)))
        result = {"segments": count, **measure(house, cast.bob, recording, edits), **kept(house)}
    if asked.json:
        print(json.dumps(result))
    else:
        print("\n".join(f"{name:>20} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
