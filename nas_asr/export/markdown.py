"""Room: export.markdown. Notes for Obsidian and its like: front matter, and a paragraph a turn that links to its second.

What people said or named is text there, never markup, HTML or a line of the front matter.
"""

import json
import re
from collections.abc import Iterator

from nas_asr.export.source import ExportOptions, ExportSource, one_line
from nas_asr.export.timecode import clock
from nas_asr.export.turns import Turn, turns

# A backslash before these takes away whatever they mean to CommonMark, or to Obsidian: $ mathematics, # a tag
_ALWAYS = re.compile(r"[\\`*_\[\]<>#$]|&(?=[#\w]+;)|(?<=[~=%])[~=%]")
_AT_THE_START = re.compile(r"[-+=~]|\d{1,9}(?=[.)])")


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8, LF; the time of day in the zone that the source's moment carries."""
    blocks = [*_front_matter(source, options), "", f"# {escaped(source.title)}", ""]
    for turn in turns(source, options):
        blocks += [_paragraph(turn, options, options.link.replace("{}", source.id)), ""]
    return options.marked("\n".join(blocks[:-1]) + "\n")


def _front_matter(source: ExportSource, options: ExportOptions) -> Iterator[str]:
    transcript = source.transcript
    engine = transcript.engine
    made_by = " ".join(part for part in (engine.name, engine.model, engine.revision) if part)
    yield "---"
    yield f"title: {_quoted(source.title)}"
    yield f"date: {source.recorded_at.isoformat(timespec='seconds')}"
    yield f"duration: {_quoted(clock(source.duration_ms))}"
    yield f"team: {_quoted(source.people)}"
    yield f"speakers: [{', '.join(map(_quoted, options.speakers_of(source)))}]"
    yield "tags: [transcript]"
    yield f"source: {_quoted(source.path)}"
    yield f"sha256: {_quoted(source.sha256)}"
    yield f"hotwords: {source.hotwords_version}"
    yield f"pipeline: {_quoted(f'{made_by}, itn {transcript.itn}')}"
    yield "---"


def _paragraph(turn: Turn, options: ExportOptions, link: str) -> str:
    parts = [f"**{escaped(turn.speaker)}**"] if turn.speaker else []
    if options.timestamps:
        at = clock(turn.start_ms)
        parts.append(f"[{at}]({link}?t={turn.start_ms // 1000})" if link else at)
    return " ".join([*parts, escaped(turn.text)])


def escaped(text: str) -> str:
    """The text on one line, so that a reader of Markdown shows exactly it, wherever in a paragraph it stands."""
    plain = _ALWAYS.sub(r"\\\g<0>", one_line(text))
    start = _AT_THE_START.match(plain)
    if start is None:
        return plain
    sign = start[0]
    return f"{sign}\\{plain[len(sign) :]}" if sign[0].isdigit() else f"\\{plain}"


def _quoted(text: str) -> str:
    """A YAML string in double quotes; whatever YAML would not print, or could move the cursor, by its number."""
    plain = json.dumps(one_line(text), ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _by_number(sign) for sign in plain)


def _by_number(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
