"""Room: tests.engine.test_guards. What the guards doubt, and that people may say what they like."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nas_asr.core.flags import Flag
from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import Pcm
from nas_asr.engine import guards
from nas_asr.engine.silero import SileroVad
from tests.engine.scripted import noise, sample_speech, silence, utterance


@pytest.mark.parametrize(
    "text",
    [
        "我们要讨论" * 5,
        "的" * 12,
        "好的好的好的好的好的好的好的",
        "so we " + "thank you " * 7,
        "la " * 11,
        "and then we go to the next point in the list " * 3,
        "今天天气很好我们去公园" * 3,
        "开会了 " + "GPU 显存 不足 " * 5,
    ],
)
def test_a_text_that_goes_round_in_circles_is_a_loop(text: str) -> None:
    assert guards.findings(text, utterance(30_000)) == (Flag.LOOP,)


@pytest.mark.parametrize(
    "text",
    [
        "no no no no no that is not it",
        "对对对对对对就是这样",
        "哈哈哈哈哈哈哈",
        "是的是的是的是的",
        "my number is 8 8 8 8 0 0 0 4 4 4",
        "very very very very good",
        "一步一步一步一步地来",
        "round and round and round and round it goes",
        "",
    ],
)
def test_what_people_repeat_is_no_loop(text: str) -> None:
    assert guards.findings(text, utterance(10_000)) == ()


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("今天的会议我们讨论一下显存的问题然后决定预算和人员安排", 1_000),
        ("the quick brown fox jumps over the lazy dog and then goes home to sleep", 1_000),
        ("GPU显存不够用所以训练任务都失败了需要再加两块卡 please buy them", 1_000),
        ("a" * 120, 2_000),
        ("сегодня мы говорим о том что было вчера и что будет завтра на работе", 500),
    ],
)
def test_nobody_says_so_much_in_this_time(text: str, ms: int) -> None:
    assert guards.findings(text, utterance(ms)) == (Flag.TOO_LONG,)
    assert guards.findings(text, utterance(20_000)) == ()


@pytest.mark.parametrize(
    ("text", "ms"),
    [("我们明天上午九点在三楼会议室见面", 2_000), ("well I think we should do it tomorrow then", 1_500), ("yes", 60)],
)
def test_quick_speech_is_not_too_long(text: str, ms: int) -> None:
    assert guards.findings(text, utterance(ms)) == ()


def test_real_transcripts_are_neither_loops_nor_too_long(audio: Path) -> None:
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["reference"] and row["duration_s"]]
    assert len(rows) > 10
    for row in rows:
        assert guards.findings(row["reference"], utterance(round(1000 * float(row["duration_s"])))) == (), row["path"]


@pytest.mark.parametrize(
    ("pcm", "expected"),
    [
        (silence(2_000), True),
        (noise(2_000, -70), True),
        (noise(2_000, -30), True),
        (noise(2_000, -12), True),
        (silence(10), True),
        (silence(0), True),
        (sample_speech(), False),
        (sample_speech() // 8, False),
        (sample_speech() // 128, False),
    ],
    ids=["zeros", "hiss", "noise", "loud noise", "too short to judge", "nothing", "speech", "quiet speech", "hardly any level"],
)
def test_silence_and_steady_noise_are_told_from_speech(pcm: Pcm, expected: bool) -> None:
    assert guards.silent(utterance(pcm=pcm), SileroVad()) is expected


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Kubernetes", "we moved the whole system to cube and eighties last summer"),
        ("我们把系统", "我们把系统迁到酷伯内提斯上面性能提高了很多"),
        ("", "明天见"),
        ("we moved the system to Kubernetes", "we moved the system to cube and eighties and saved a lot of money last year"),
        ("张伟章伟刘洋刘阳吴磊吴蕾陈晨陈辰王芳王方", "今天下午三点我们在会议室讨论项目预算的问题"),
    ],
)
def test_a_text_that_lacks_its_end_or_most_of_itself_is_found(text: str, plain: str) -> None:
    assert guards.lost(text, plain)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("we moved it all to Kubernetes", "we moved it all to cube and eighties"),
        ("我们把系统迁到Kubernetes", "我们把系统迁到酷伯内提斯"),
        ("章伟和刘阳在开会", "张伟和刘洋在开会"),
        ("Kubernetes", "酷伯内提斯"),
        ("the IPO", "the I P O"),
        ("so yes", "so yes yes"),
        ("", "um"),
        ("", ""),
    ],
)
def test_a_hotword_in_its_place_loses_nothing(text: str, plain: str) -> None:
    assert not guards.lost(text, plain)


def test_what_nobody_heard_without_hotwords_was_added() -> None:
    assert guards.changes("明天见张伟章伟刘洋刘阳", "明天见") == (Flag.ADDED_TEXT,)
    assert guards.changes("Kubernetes", "") == (Flag.ADDED_TEXT,)
    assert guards.changes("please send it to Okonkwo", "please send it to") == ()
    assert guards.changes("我们把系统", "我们把系统迁到酷伯内提斯上面性能提高了很多") == (Flag.LOST_TEXT,)


def test_much_sound_and_little_text_is_sparse() -> None:
    pcm = np.tile(sample_speech(), 2)
    assert guards.sparse("ok", utterance(pcm=pcm))
    assert not guards.sparse("good morning everybody and welcome to this meeting of ours", utterance(pcm=pcm))
    assert not guards.sparse("", utterance(pcm=silence(9_000)))


def test_a_hotword_is_found_in_any_case_but_not_within_a_word() -> None:
    words = (Hotword("IPO"), Hotword("章伟"), Hotword("Raspberry Pi"))
    assert guards.holds("the ipo is near", words) and guards.holds("请章伟发言", words)
    assert guards.holds("a raspberry pi", words)
    assert not guards.holds("hippopotamus and raspberry pie", words)
