"""Room: engine.guided. Around any recogniser: hotwords that are chosen for each utterance, and guards over every text.

A short list goes into every prompt; of a long one an utterance is first heard without any, and again with those that sound
like a part of it. A text that holds a hotword, or that the guards doubt, is heard without hotwords as well; the better one
stays. Knows no engine.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from nas_asr.core.flags import Flag
from nas_asr.core.hotwords import Hotword, fit_for_prompt
from nas_asr.core.ports import Beat, Brief, Recogniser, Utterance, Vad
from nas_asr.core.transcript import EngineLabel, Heard
from nas_asr.engine import guards
from nas_asr.engine.relevance import DIRECT, Relevance, stands

AHEAD = 32  # utterances that may wait for a second pass: a GPU's batch, and 30 MB of sound at most


@dataclass(slots=True)
class _Row:
    """An utterance under way: its texts without and with hotwords. again: the words of the pass that is still to come."""

    utterance: Utterance
    words: tuple[Hotword, ...]
    plain: Heard | None = None
    guided: Heard | None = None
    again: tuple[Hotword, ...] | None = None

    def take(self, heard: Heard) -> None:
        """The text of the pass that was to come."""
        if self.again:
            self.guided = heard
        else:
            self.plain = heard
        self.again = None


class Guided:
    """A Recogniser. Several recognise calls may be open at once, as far as the one inside allows it."""

    def __init__(self, inner: Recogniser, vad: Vad) -> None:
        self._inner = inner
        self._vad = vad
        self.knows_hotwords = inner.knows_hotwords

    @property
    def label(self) -> EngineLabel:
        """Of the one inside."""
        return self._inner.label

    def serves(self, language: str) -> bool:
        """What the one inside serves."""
        return self._inner.serves(language)

    def state(self) -> Mapping[str, int | str]:
        """What the one inside tells of itself, nothing where it does not."""
        state: Any = getattr(self._inner, "state", None)
        told: Mapping[str, int | str] = state() if callable(state) else {}
        return told

    def close(self) -> None:
        """Close the one inside."""
        self._inner.close()

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with the better text, in order; at most AHEAD of them wait for a second pass."""
        words = fit_for_prompt(brief.hotwords) if self.knows_hotwords else ()
        brief = replace(brief, hotwords=words if len(words) <= DIRECT else ())
        relevance = Relevance(words) if len(words) > DIRECT else None
        rows: deque[_Row] = deque()
        with closing(self._inner.recognise(utterances, brief, beat)) as heard:
            for utterance, first in heard:
                rows.append(self._heard_once(utterance, first, brief.hotwords, relevance))
                if len(rows) >= AHEAD:
                    self._hear_again(rows, brief, beat)
                yield from self._settled(rows)
        self._hear_again(rows, brief, beat)
        yield from self._settled(rows)

    def _heard_once(
        self, utterance: Utterance, first: Heard, words: tuple[Hotword, ...], relevance: Relevance | None
    ) -> _Row:  # fmt: skip
        """Whether it must be heard again, and with what."""
        if relevance is not None:
            near = relevance.words_for(first.spoken)
            is_right = all(stands(one.word, first.spoken) for one in near)
            return _Row(utterance, near, plain=first, again=None if is_right else near)
        if not words:
            return _Row(utterance, (), plain=first)
        to_compare = guards.holds(first.spoken, words) or guards.sparse(first.spoken, utterance)
        doubtful = to_compare or guards.findings(first.spoken, utterance)
        return _Row(utterance, words, guided=first, again=() if doubtful else None)

    def _hear_again(self, rows: Iterable[_Row], brief: Brief, beat: Beat) -> None:
        """The open ones, those with the same words together, so that batches stay batches."""
        groups: dict[frozenset[Hotword], list[_Row]] = {}
        for row in rows:
            if row.again is not None:
                groups.setdefault(frozenset(row.again), []).append(row)
        for group in groups.values():
            waiting = {id(row.utterance): row for row in group}
            asked = replace(brief, hotwords=group[0].again or ())
            with closing(self._inner.recognise([row.utterance for row in group], asked, beat)) as heard:
                for utterance, text in heard:
                    waiting[id(utterance)].take(text)
            for row in group:
                row.again = None  # also of one that the recogniser passes over

    def _settled(self, rows: deque[_Row]) -> Iterator[tuple[Utterance, Heard]]:
        while rows and rows[0].again is None:
            row = rows.popleft()
            yield row.utterance, self._better(row)

    def _better(self, row: _Row) -> Heard:
        """One text where there is one; of two the one with hotwords, unless the guards have more against it."""
        heard = row.guided or row.plain
        assert heard is not None
        against = self._doubts(row.utterance, heard, row.words)
        if row.plain is None or row.guided is None or row.plain.spoken == row.guided.spoken:
            return _flagged(heard, against)
        against_plain = self._doubts(row.utterance, row.plain, row.words)
        if not against_plain:
            against = (*against, *guards.changes(heard.spoken, row.plain.spoken))
        invented = Flag.HOTWORD_IN_SILENCE in against and Flag.HOTWORD_IN_SILENCE not in against_plain
        if invented or len(against_plain) < len(against):
            return _flagged(row.plain, (*against, *against_plain, Flag.WITHOUT_HOTWORDS))
        return _flagged(heard, against)

    def _doubts(self, utterance: Utterance, heard: Heard, words: Sequence[Hotword]) -> tuple[Flag, ...]:
        found = guards.findings(heard.spoken, utterance)
        if not heard.spoken or not guards.silent(utterance, self._vad):
            return found
        is_hotword = guards.holds(heard.spoken, words)
        return (*found, Flag.HOTWORD_IN_SILENCE if is_hotword else Flag.TEXT_IN_SILENCE)


def _flagged(heard: Heard, flags: Sequence[Flag]) -> Heard:
    """The engine's own flags first."""
    return replace(heard, flags=tuple(dict.fromkeys([*heard.flags, *map(str, flags)]))) if flags else heard
