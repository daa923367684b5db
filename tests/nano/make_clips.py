"""Room: tests.nano.make_clips. Makes clips/ with espeak-ng and flite: short clips, two meetings, texts.json. Run by hand.

python -m tests.nano.make_clips [FOLDER]        (default: clips/ beside this file)
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.nano.checkpoint import CLIPS
from tests.nano.speech import RATE, Sound, Voice, noise, say
from tests.nano.words import UNITS, Unit, join, reading
from tests.sample.make_sample import write_flac

ANNA = Voice("flite", "slt", 150, 50, 1.0)
BEN = Voice("espeak-ng", "en-us+m3", 155, 45, 1.0)
LI = Voice("espeak-ng", "cmn-latn-pinyin+f2", 180, 55, 1.0)
WANG = Voice("espeak-ng", "cmn-latn-pinyin+m3", 175, 45, 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """Who says what, in spoken words with spaces between units, and the seconds of silence after it."""

    voice: Voice
    lang: str
    words: str
    after_s: float = 0.3

    @property
    def units(self) -> tuple[Unit, ...]:
        """The words as units of the vocabulary."""
        known = {unit.spoken: unit for unit in UNITS[self.lang]}
        return tuple(known[word] for word in self.words.split())


SHORT = {
    "zh.flac": (Line(LI, "zh", "今天 公司 三 七 会议"),),
    "zh_name.flac": (Line(LI, "zh", "学生 吴磊 打开 手机"),),
    "zh_two_names.flac": (Line(LI, "zh", "刘洋 报告 陈晨 天气"),),
    "en.flac": (Line(BEN, "en", "monday evening meeting three five"),),
    "en_name.flac": (Line(ANNA, "en", "john open project seven"),),
    "en_two_names.flac": (Line(BEN, "en", "sarah coffee stephen music"),),
    "en_one_word.flac": (Line(BEN, "en", "budget", 0.0),),
    "noise.flac": (),
}
MEETINGS = {
    "meeting_zh.flac": (
        Line(LI, "zh", "今天 上午 开始 会议", 1.1),
        Line(WANG, "zh", "吴磊 报告 项目 七 五", 1.0),
        Line(LI, "zh", "明天 下午 刘洋 关闭 市场", 1.2),
        Line(WANG, "zh", "医生 打开 手机 六", 1.0),
        Line(LI, "zh", "公司 停止 音乐", 0.6),
    ),
    "meeting_mixed.flac": (
        Line(ANNA, "en", "monday morning meeting three", 1.1),
        Line(BEN, "en", "john report budget seven five", 1.0),
        Line(LI, "zh", "今天 吴磊 开始 项目 八", 1.2),
        Line(ANNA, "en", "teacher sarah coffee music", 1.0),
        Line(BEN, "en", "tuesday evening close project", 0.6),
    ),
}


def played(lines: tuple[Line, ...], before_s: float) -> tuple[Sound, list[tuple[int, int]]]:
    """The sound at one level with a little room noise, and from when to when each line is, in ms."""
    pieces = [np.zeros(int(RATE * (before_s if lines else 2)), np.float32)]
    spans = []
    for line in lines:
        spoken = say(line.voice, reading(line.lang, line.units))
        start = sum(map(len, pieces))
        pieces += [spoken / np.abs(spoken).max() * 0.12, np.zeros(int(RATE * line.after_s), np.float32)]
        spans.append((start * 1000 // RATE, (start + len(spoken)) * 1000 // RATE))
    sound = np.concatenate(pieces)
    return sound + noise(np.random.default_rng(len(sound)), len(sound)) * np.float32(0.00005), spans


def described(name: str, lines: tuple[Line, ...], spans: list[tuple[int, int]]) -> dict[str, Any]:
    """A clip's texts: written, spoken, and with the twins of its names as hotwords."""
    told = []
    for line, (start, end) in zip(lines, spans, strict=True):
        twins = [unit.twin for unit in line.units if unit.twin]
        told.append(
            {
                "lang": line.lang,
                "start_ms": start,
                "end_ms": end,
                "text": join(line.lang, line.units),
                "spoken": join(line.lang, line.units, itn=False),
                "hotwords": twins,
                "text_with_hotwords": join(line.lang, line.units, hotwords=twins),
            }
        )
    return {"file": name, "lines": told}


def clips() -> Iterator[tuple[str, Sound, dict[str, Any]]]:
    """Every clip with its sound and texts."""
    for name, lines in {**SHORT, **MEETINGS}.items():
        sound, spans = played(lines, 0.5 if name in MEETINGS else 0.2)
        yield name, sound, described(name, lines, spans)


def main() -> None:
    """Write the clips and their texts."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CLIPS
    texts = []
    for name, sound, text in clips():
        write_flac(np.round(sound * 32767).astype(np.int16), folder / name)
        texts.append(text)
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
