"""Room: core.flags. What made a segment doubtful: stable words for programs, a sentence each for people. Judges nothing."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Flag(StrEnum):
    """What a guard found. With WITHOUT_HOTWORDS the others speak of the text that hotwords gave, which is gone."""

    LOOP = "loop"
    TOO_LONG = "too-long"
    TEXT_IN_SILENCE = "text-in-silence"
    HOTWORD_IN_SILENCE = "hotword-in-silence"
    LOST_TEXT = "lost-text"
    ADDED_TEXT = "added-text"
    WITHOUT_HOTWORDS = "without-hotwords"


RIGHT = "right"  # takes the place of the flags where a person said that what stands there is right
ABOUT_THE_TEXT = frozenset({*Flag, RIGHT})  # says nothing of another text

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        Flag.LOOP: "The engine repeated itself here.",
        Flag.TOO_LONG: "The engine gave more text than anybody says in this time.",
        Flag.TEXT_IN_SILENCE: "The engine wrote something where hardly anything can be heard.",
        Flag.HOTWORD_IN_SILENCE: "The engine put a hotword where hardly anything can be heard.",
        Flag.LOST_TEXT: "With hotwords a part of the text was lost.",
        Flag.ADDED_TEXT: "With hotwords the engine wrote something that it did not hear without them.",
        Flag.WITHOUT_HOTWORDS: "So this was heard again without hotwords, and that text stands here.",
    }
)
