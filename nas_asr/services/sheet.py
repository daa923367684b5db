"""Room: services.sheet. The text that readers see, open for edits: finds the few rows an edit needs, writes them, and the index.

Only what is touched is read or written, so that one correction in a transcript of five hours is one row. Never makes a version.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, tuple_, update
from sqlalchemy.orm import Session

from nas_asr.core.transcript import Segment
from nas_asr.services.segment_rows import add_rows, columns_of, seen_rows, segment_of
from nas_asr.services.version_texts import gone_row, over_row
from nas_asr.store import search
from nas_asr.store.models import Layer, SegmentRow, TranscriptVersion


class Sheet:
    """The rows over one version's own segments. Those of the index follow when it is closed."""

    def __init__(self, session: Session, root: TranscriptVersion) -> None:
        self._session = session
        self._root = root
        self._rows: dict[str, SegmentRow] = {}
        self._segments: dict[str, Segment] = {}  # what those rows say, for to ask them again takes its time
        self._unfound: set[str] = set()  # out of the index by now, and not in it again
        self.looked = 0  # rows that were read, again and again or not
        self.before: dict[str, Segment | None] = {}  # what was touched, as it was; None: it was not there

    def find(self, segment_id: str) -> Segment | None:
        """A segment, or None where there is none (any more)."""
        return None if self._row(segment_id) is None else self._segments[segment_id]

    def those(self, ids: Sequence[str]) -> list[Segment]:
        """Of these, the segments that are there, in order."""
        rows = sorted(self._many(ids), key=lambda row: (row.position, row.sub))
        return [self._segments[row.id] for row in rows]

    def following(self, segment_id: str) -> Segment | None:
        """The one after a segment; None where that is the last."""
        row = self._there(segment_id)
        later = tuple_(SegmentRow.position, SegmentRow.sub) > tuple_(row.position, row.sub)
        found = self._read(seen_rows(self._root).where(later).limit(1))
        return self._segments[found[0].id] if found else None

    def of_speaker(self, segment_id: str, *, from_here: bool) -> list[Segment]:
        """All segments with the speaker that this one has, or those from this one on."""
        row = self._there(segment_id)
        statement = seen_rows(self._root).where(_is(row.speaker))
        if from_here:
            place = tuple_(SegmentRow.position, SegmentRow.sub)
            statement = statement.where(place >= tuple_(row.position, row.sub))
        return [self._segments[row.id] for row in self._read(statement)]

    def holding(self, words: str) -> list[Segment]:
        """Segments that may hold these words, and perhaps some more."""
        like = SegmentRow.text.contains(words, autoescape=True)
        return [self._segments[row.id] for row in self._read(seen_rows(self._root).where(like))]

    def put(self, segments: Iterable[Segment]) -> None:
        """Segments as they are from now on."""
        wanted = {segment.id: segment for segment in segments}
        rows = self._many(list(wanted))
        self._touch(rows, wanted)
        new: list[SegmentRow] = []
        for row in rows:
            segment = wanted[row.id]
            if row.layer == Layer.OWN:
                new.append(over_row(self._root, segment, (row.position, row.sub)))
            else:
                _write(row, self._segments[row.id], segment)
            self._segments[row.id] = segment
        self._rows |= {row.id: row for row in new}
        add_rows(self._session, new)

    def insert(self, after: str, segment: Segment) -> None:
        """A new segment behind another one."""
        row = self._there(after)
        self._session.execute(
            update(SegmentRow)
            .where(
                SegmentRow.version_id == self._root.id, SegmentRow.position == row.position,
                SegmentRow.sub > row.sub, SegmentRow.layer != Layer.OWN,
            )
            .values(sub=SegmentRow.sub + 1)
        )  # fmt: skip
        self._rows[segment.id] = over_row(self._root, segment, (row.position, row.sub + 1))
        self._session.add(self._rows[segment.id])
        self._segments[segment.id] = segment
        self.before[segment.id] = None
        self._unfound.add(segment.id)

    def remove(self, segment_id: str) -> None:
        """A segment that is not there any more."""
        row = self._there(segment_id)
        self._touch([row], {})
        del self._rows[segment_id]
        self._unfound.discard(segment_id)
        if row.layer == Layer.OWN:
            self._session.add(gone_row(row))
        else:
            row.layer, row.words, row.text, row.spoken = Layer.GONE, [], "", ""

    def changed(self) -> list[Segment]:
        """What was touched and is still there, in order, as it is now."""
        here = [self._rows[one] for one in self.before if one in self._rows]
        changed = sorted(here, key=lambda row: (row.position, row.sub))
        return [now for row in changed if (now := self._segments[row.id]) != self.before[row.id]]

    def removed(self) -> list[str]:
        """What was there and is not any more."""
        return [one for one, was in self.before.items() if was is not None and one not in self._rows]

    def preceding(self, segment_id: str) -> str:
        """The segment before this one; empty where it is the first."""
        row = self._there(segment_id)
        earlier = tuple_(SegmentRow.position, SegmentRow.sub) < tuple_(row.position, row.sub)
        backwards = seen_rows(self._root).where(earlier).order_by(None)
        found = self._read(backwards.order_by(SegmentRow.position.desc(), SegmentRow.sub.desc()).limit(1))
        return found[0].id if found else ""

    def close(self) -> None:
        """Everything is written, and what was touched is found as it is now."""
        self._session.flush()
        search.add(self._session, [self._rows[one] for one in self._unfound])
        self._unfound.clear()

    def _touch(self, rows: Sequence[SegmentRow], wanted: dict[str, Segment]) -> None:
        """Take what is about to change out of the index, while its old words are known."""
        changed = [row for row in rows if row.id not in self._unfound and not _found_alike(row, wanted.get(row.id))]
        search.forget(self._session, changed)
        self._unfound |= {row.id for row in changed}
        for row in rows:
            self.before.setdefault(row.id, self._segments[row.id])

    def _row(self, segment_id: str) -> SegmentRow | None:
        found = self._many([segment_id])
        return found[0] if found else None

    def _there(self, segment_id: str) -> SegmentRow:
        row = self._row(segment_id)
        if row is None:
            raise LookupError(segment_id)
        return row

    def _many(self, ids: Sequence[str]) -> list[SegmentRow]:
        missing = [one for one in ids if one not in self._rows]
        for start in range(0, len(missing), 500):  # SQLite counts what is bound
            self._read(seen_rows(self._root).where(SegmentRow.id.in_(missing[start : start + 500])))
        return [self._rows[one] for one in ids if one in self._rows]

    def _read(self, statement: Select[SegmentRow]) -> list[SegmentRow]:
        rows = list(self._session.scalars(statement))
        self.looked += len(rows)
        self._rows |= {row.id: row for row in rows}
        self._segments |= {row.id: segment_of(row) for row in rows if row.id not in self._segments}
        return rows


def _write(row: SegmentRow, was: Segment, now: Segment) -> None:
    """Only what is different: of a name for thousands, that column of each."""
    old = columns_of(was)
    for name, value in columns_of(now).items():
        if value != old[name]:
            setattr(row, name, value)


def _is(speaker: str | None) -> ColumnElement[bool]:
    return SegmentRow.speaker.is_(None) if speaker is None else SegmentRow.speaker == speaker


def _found_alike(row: SegmentRow, wanted: Segment | None) -> bool:
    """Whether the same row is found by the same words and the same speaker afterwards."""
    if wanted is None or row.layer != Layer.OVER:
        return False
    return (row.text, row.spoken, row.speaker) == (wanted.text, wanted.spoken, wanted.speaker)
