"""Room: core.edits. What a person can do to a segment: another text, speaker, a cut, a merge, a word replaced, a yes. Pure.

Each takes segments and gives new ones. Both texts follow (decision 8): what was changed in the written one is changed in the
spoken one, so that a word edited away is found in neither.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from nas_asr.core.difference import matcher, units
from nas_asr.core.errors import Invalid
from nas_asr.core.flags import ABOUT_THE_TEXT, RIGHT
from nas_asr.core.merging import place_in, put_in, regions, written
from nas_asr.core.replacements import Replacement
from nas_asr.core.retiming import cut_words, retimed
from nas_asr.core.search_text import CJK, fold
from nas_asr.core.transcript import Milliseconds, Segment, Span

LONGEST_TEXT = 20_000  # characters of a segment; half an hour of fast speech has less
LONGEST_SPEAKER = 120
_SPELLED = f"[^\\W_{CJK}]"  # a sign of a word that is written with blanks around it


class EditOp(StrEnum):
    """What an edit does."""

    TEXT = "text"
    SPEAKER = "speaker"
    SPLIT = "split"
    MERGE = "merge"
    REPLACE_ALL = "replace_all"
    RIGHT = "right"


class SpeakerScope(StrEnum):
    """Which segments get the speaker: this one, those of the same speaker from here on, or all of the same speaker."""

    ONE = "one"
    FROM_HERE = "from_here"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit as it was asked for; which fields say something depends on op. at: characters of the text; None: not said."""

    op: EditOp = EditOp.TEXT
    id: str = ""
    text: str | None = None
    speaker: str | None = None
    scope: SpeakerScope = SpeakerScope.ONE
    at: int | None = None
    at_ms: Milliseconds | None = None
    find: str = ""
    replace: str | None = None
    whole_words: bool = False


def with_text(segment: Segment, text: str) -> Segment:
    """The segment with another written text. What made the old one doubtful says nothing of the new one."""
    if text == segment.text:
        return segment
    spoken = text if segment.spoken in (segment.text, "") else _followed(segment.text, text, segment.spoken)
    return replace(
        segment, text=text, spoken=spoken, words=retimed(segment.words, spoken), confidence=None,
        flags=tuple(flag for flag in segment.flags if flag not in ABOUT_THE_TEXT),
        replacements=_moved(segment.replacements, segment.text, text),
    )  # fmt: skip


def confirmed(segment: Segment) -> Segment:
    """The segment after a person said that its text is right. How sure the engine was of it stays, so that others' places do."""
    return replace(segment, flags=(*(flag for flag in segment.flags if flag not in ABOUT_THE_TEXT), RIGHT))


def split(segment: Segment, at: int, at_ms: Milliseconds | None, second_id: str) -> tuple[Segment, Segment]:
    """Two segments out of one, cut before the character `at`. Invalid where no text stands on one side.

    The time of the cut: between the words there, where their times are known; else at_ms; else by the share of characters.
    """
    left, right = segment.text[:at].rstrip(), segment.text[at:].lstrip()
    if at < 0 or not left or not right:
        raise Invalid(f"There is no text on both sides of character {at}.", "Split within the text.", field="at")
    said = _cut_spoken(segment, at)
    words = cut_words(segment.words, *said)
    if words[0] and words[1]:
        end, start = words[0][-1].end_ms, words[1][0].start_ms
    else:
        end = start = _cut_time(segment.span, at_ms, len(left), len(left) + len(right))
    end, start = (_within(segment.span, moment) for moment in (min(end, start), start))
    made = _parted(segment.replacements, segment.text, at)
    return (
        replace(segment, span=Span(segment.span.start_ms, end), text=left, spoken=said[0], words=words[0], replacements=made[0]),
        replace(
            segment, id=second_id, span=Span(start, segment.span.end_ms), text=right, spoken=said[1], words=words[1],
            replacements=made[1], flags=tuple(flag for flag in segment.flags if flag in ABOUT_THE_TEXT),
        ),
    )  # fmt: skip


def merged(first: Segment, second: Segment) -> Segment:
    """Both as one, under the first one's id and speaker."""
    text = joined(first.text, second.text)
    moved = len(text) - len(second.text)
    known = None not in (first.confidence, second.confidence)
    return replace(
        first, text=text, spoken=joined(first.spoken, second.spoken),
        span=Span(min(first.span.start_ms, second.span.start_ms), max(first.span.end_ms, second.span.end_ms)),
        speaker=first.speaker or second.speaker,
        confidence=min(first.confidence or 0.0, second.confidence or 0.0) if known else None,
        flags=tuple(
            flag for flag in dict.fromkeys((*first.flags, *second.flags))
            if flag != RIGHT or (flag in first.flags and flag in second.flags)
        ),
        words=tuple(sorted((*first.words, *second.words), key=lambda word: (word.start_ms, word.end_ms))),
        replacements=(
            *first.replacements,
            *(replace(one, start=one.start + moved, end=one.end + moved) for one in second.replacements),
        ),
    )  # fmt: skip


def joined(first: str, second: str) -> str:
    """Two texts as one; no blank where two scripts meet that are written without."""
    if not first or not second:
        return first or second
    tight = _is_wide(first[-1]) and _is_wide(second[0])
    return first + second if tight or first[-1].isspace() else f"{first} {second}"


def finder(find: str, *, whole_words: bool) -> re.Pattern[str]:
    """What replace_all looks for, letter by letter. whole_words: not within a longer word; Chinese has no such borders."""
    before = f"(?<!{_SPELLED})" if whole_words and re.match(_SPELLED, find) else ""
    after = f"(?!{_SPELLED})" if whole_words and re.match(_SPELLED, find[-1:]) else ""
    return re.compile(before + re.escape(find) + after)


def _followed(old: str, new: str, spoken: str) -> str:
    """The spoken text with what was changed in the written one. Where they say the same in other words, the person's stand."""
    was, now, said = units(old), units(new), units(spoken)
    changes = regions(*([fold(word) for word, _ in side] for side in (was, now, said)))
    return written(unit for slot in put_in(said, now, changes) for unit in slot)


def _cut_spoken(segment: Segment, at: int) -> tuple[str, str]:
    if segment.spoken == segment.text:
        return segment.spoken[:at].rstrip(), segment.spoken[at:].lstrip()
    said = units(segment.spoken)
    written = [fold(word) for word, _ in units(segment.text)]
    border = place_in(written, [fold(word) for word, _ in said], len(units(segment.text[:at])))
    left, right = ("".join(word + blank for word, blank in side).strip() for side in (said[:border], said[border:]))
    return left, right


def _cut_time(span: Span, at_ms: Milliseconds | None, left: int, whole: int) -> Milliseconds:
    if at_ms is None:
        return span.start_ms + span.length_ms * left // whole
    if not span.start_ms < at_ms < span.end_ms:
        raise Invalid(
            f"{at_ms} ms lies outside of the segment, which lasts from {span.start_ms} to {span.end_ms} ms.",
            "Name a time within it, or leave at_ms out.", field="at_ms",
        )  # fmt: skip
    return at_ms


def _within(span: Span, moment: Milliseconds) -> Milliseconds:
    return min(max(moment, span.start_ms), span.end_ms)


def _moved(made: Sequence[Replacement], old: str, new: str) -> tuple[Replacement, ...]:
    """Replacements that still stand in the changed text, in their new places; the others are the person's words now."""
    if not made:
        return ()
    was, now = _placed(old), _placed(new)
    found = []
    for i, j, size in matcher([word for _, word in was], [word for _, word in now]).get_matching_blocks()[:-1]:
        start, end = was[i][0], was[i + size - 1][0] + len(was[i + size - 1][1])
        shift = now[j][0] - start
        inside = (one for one in made if start <= one.start and one.end <= end)
        moved = (replace(one, start=one.start + shift, end=one.end + shift) for one in inside)
        found += [one for one in moved if new[one.start : one.end] == old[one.start - shift : one.end - shift]]
    return tuple(found)


def _placed(text: str) -> list[tuple[int, str]]:
    place = len(text) - len(text.lstrip())
    found = []
    for word, blank in units(text):
        found.append((place, word))
        place += len(word) + len(blank)
    return found


def _parted(made: Sequence[Replacement], text: str, at: int) -> tuple[tuple[Replacement, ...], tuple[Replacement, ...]]:
    """Those before a cut, and those after it; one that is cut itself is in neither."""
    begin = len(text) - len(text[at:].lstrip())
    end = len(text[:at].rstrip())
    return (
        tuple(one for one in made if one.end <= end),
        tuple(replace(one, start=one.start - begin, end=one.end - begin) for one in made if one.start >= begin),
    )


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"
