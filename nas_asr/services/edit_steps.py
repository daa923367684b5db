"""Room: services.edit_steps. From edits as they were asked for to steps on a sheet, each weighed first. Makes no version.

A refusal names the edit by its place in the list, from 1, and says what to do about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from nas_asr.core import edits as core
from nas_asr.core.edits import LONGEST_SPEAKER, LONGEST_TEXT, Edit, EditOp, SpeakerScope
from nas_asr.core.errors import Invalid
from nas_asr.core.ids import new_id
from nas_asr.core.steps import Step
from nas_asr.core.transcript import Segment
from nas_asr.services.file_names import shown_line
from nas_asr.services.sheet import Sheet

MOST_TEXT = 5_000_000  # characters that one call may write; a day of speech has a fifth of it
MOST_LOOKED = 100_000  # segments that one call may look at; a day of speech has a fifth of it
_LONG = 1_000  # characters; beyond, each weighs more, for comparing two texts takes longer than reading them
LONGEST_FIND = 1_000


def apply_all(sheet: Sheet, edits: Sequence[Edit]) -> list[Step]:
    """Every edit in its order; those that changed nothing are left out. Invalid names the edit that cannot be."""
    steps: list[Step] = []
    room = MOST_TEXT
    for index, edit in enumerate(edits):
        try:
            step = _OPS[edit.op](sheet, edit)
            room -= sum(len(segment.text) * max(1, len(segment.text) // _LONG) for segment in step.put)
            if room < 0:
                raise Invalid("This writes too much text at once.", "Replace less at a time.")
            if sheet.looked > MOST_LOOKED:
                raise Invalid("This looks through too much text at once.", "Send fewer edits at a time.")
        except Invalid as error:
            field = f"edits.{index}.{error.field}" if error.field else f"edits.{index}"
            raise Invalid(f"Edit {index + 1} ({edit.op}): {error.message}", error.remedy, field=field) from error
        if not step.empty:
            steps.append(step)
    return steps


def _text(sheet: Sheet, edit: Edit) -> Step:
    segment = _segment(sheet, edit)
    if edit.text is None:
        raise Invalid("The new text is missing.", "Send it as text.", field="text")
    changed = core.with_text(segment, _line(edit.text))
    return _put(sheet, edit, [changed] if changed != segment else [])


def _speaker(sheet: Sheet, edit: Edit) -> Step:
    segment = _segment(sheet, edit)
    name = shown_line(edit.speaker or "") or None
    if name is not None and len(name) > LONGEST_SPEAKER:
        raise Invalid(f"A speaker's name has at most {LONGEST_SPEAKER} characters.", "Shorten it.", field="speaker")
    if edit.scope == SpeakerScope.ONE:
        theirs = [segment]
    else:
        theirs = sheet.of_speaker(segment.id, from_here=edit.scope == SpeakerScope.FROM_HERE)
    changed = [replace(one, speaker=name) for one in theirs if one.speaker != name]
    sheet.put(changed)
    return Step(edit.op, speaker=(name, tuple(one.id for one in changed)), places=len(changed))


def _split(sheet: Sheet, edit: Edit) -> Step:
    segment = _segment(sheet, edit)
    if edit.at is None:
        raise Invalid("The place is missing.", "Send it as at: how many characters stand before it.", field="at")
    first, second = core.split(segment, edit.at, edit.at_ms, new_id())
    sheet.put([first])
    sheet.insert(first.id, second)
    return Step(edit.op, put=(first,), came=((first.id, second),))


def _merge(sheet: Sheet, edit: Edit) -> Step:
    segment = _segment(sheet, edit)
    following = sheet.following(segment.id)
    if following is None:
        raise Invalid("There is no segment after this one.", "Merge the one before it.", field="id")
    both = core.merged(segment, following)
    _check_length(both.text)
    sheet.put([both])
    sheet.remove(following.id)
    return Step(edit.op, put=(both,), gone=(following.id,))


def _right(sheet: Sheet, edit: Edit) -> Step:
    segment = _segment(sheet, edit)
    changed = core.confirmed(segment)
    return _put(sheet, edit, [changed] if changed != segment else [])


def _replace_all(sheet: Sheet, edit: Edit) -> Step:
    words = _new_words(edit)
    pattern = core.finder(edit.find, whole_words=edit.whole_words)
    changed, places, room = [], 0, MOST_TEXT
    for segment in sheet.holding(edit.find):
        text, count = pattern.subn(lambda _: words, segment.text)
        new = core.with_text(segment, _line(text)) if count else segment
        if new == segment:
            continue
        room -= len(new.text)
        if room < 0:
            raise Invalid("This writes too much text at once.", "Replace less at a time.")
        changed.append(new)
        places += count
    return _put(sheet, edit, changed, places)


def _new_words(edit: Edit) -> str:
    if not edit.find.strip():
        raise Invalid("There is nothing to look for.", "Send the words as find.", field="find")
    if edit.replace is None:
        raise Invalid(
            "The new words are missing.", "Send them as replace; empty takes the old ones out.", field="replace"
        )
    for name, words in (("find", edit.find), ("replace", edit.replace)):
        if len(words) > LONGEST_FIND:
            raise Invalid(f"These are more than {LONGEST_FIND} characters.", "Send fewer.", field=name)
    return edit.replace


def _put(sheet: Sheet, edit: Edit, changed: Sequence[Segment], places: int = 1) -> Step:
    sheet.put(changed)
    return Step(edit.op, put=tuple(changed), places=places)


def _segment(sheet: Sheet, edit: Edit) -> Segment:
    found = sheet.find(edit.id)
    if found is None:
        raise Invalid(
            "There is no such segment in this version." if edit.id else "The segment is missing.",
            "Send the id of a segment of the transcript.", field="id",
        )  # fmt: skip
    return found


def _line(text: str) -> str:
    """A segment is one paragraph: line breaks are blanks, and what would garble a line is shown as such."""
    line = shown_line(text)
    _check_length(line)
    return line


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"A segment has at most {LONGEST_TEXT} characters.", "Split it first.", field="text")


_OPS: Mapping[EditOp, Callable[[Sheet, Edit], Step]] = {
    EditOp.TEXT: _text,
    EditOp.SPEAKER: _speaker,
    EditOp.SPLIT: _split,
    EditOp.MERGE: _merge,
    EditOp.REPLACE_ALL: _replace_all,
    EditOp.RIGHT: _right,
}
