"""Room: tests.long_meeting. A Chinese meeting of any length as it would be transcribed, for pages that are to be looked at."""

import base64
import math
import random

from nas_asr.core.ids import new_id
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.waveforms import keep_waveform
from nas_asr.store.models import Recording, Run, SegmentRow, TranscriptVersion
from tests.cast import a_waveform

SPEAKERS = ("王伟", "李娜", "张敏", "陈强")
_OPENINGS = (
    "我先说一下", "关于这个问题，", "刚才提到的", "大家看一下", "从上个月的数据来看，", "我补充一点，",
    "这边的情况是", "客户那边反馈说，",
)  # fmt: skip
_MATTERS = (
    "显存占用的问题", "第三季度的预算", "新版本的上线时间", "华东区的销售目标", "GPU服务器的采购合同", "会议纪要的格式",
    "用户反馈里提到的卡顿", "和供应商的付款节奏", "测试环境的权限", "下周去上海出差的安排", "招聘两名后端工程师",
    "Kubernetes集群的扩容",
)  # fmt: skip
_TURNS = (
    "目前还在跟进，预计下周三之前能有结果。", "我建议先评估一下风险，再决定要不要推迟。",
    "大概需要{n}万元，财务那边已经批了。", "完成了百分之{n}，剩下的部分月底前做完。",
    "没有什么大的阻塞，就是人手有点紧张。", "这个数据和我们预期的差了{n}个点，要再核对一遍。",
    "我觉得可以，先按这个方案走，有问题再调整。", "这里需要李娜配合一下，把接口文档发给他们。",
    "明天上午十点我们再单独开个会讨论。", "嗯，对，是的。",
)  # fmt: skip


def write_meeting(house: House, recording_id: str, count: int, *, step_ms: int = 1800) -> None:
    """A machine version of so many segments; one in nine has figures that were spoken otherwise, one in sixty a flag."""
    chance = random.Random(6)  # noqa: S311 (the same meeting each time)
    with house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        run = session.get_one(Run, recording.run_id)
        recording.duration_ms = count * step_ms
        version = TranscriptVersion(
            id=new_id(), recording_id=recording.id, team_id=recording.team_id, number=1, run_id=run.id,
            created_at=house.now(), language="zh", engine="fun-asr-nano", model="test", duration_ms=count * step_ms,
        )  # fmt: skip
        session.add(version)
        session.flush()
        for number in range(count):
            text, spoken = _sentence(chance)
            session.add(
                SegmentRow(
                    id=new_id(), version_id=version.id, recording_id=recording.id, team_id=recording.team_id,
                    position=number, start_ms=number * step_ms, end_ms=(number + 1) * step_ms - 300,
                    speaker=SPEAKERS[number // 3 % 4], text=text, spoken=spoken,
                    flags=["loop"] if number % 60 == 59 else [], words=_words(spoken, number * step_ms, step_ms),
                )
            )  # fmt: skip
        keep_waveform(session, recording, a_waveform(recording.duration_ms))
        run.state = recording.state = RunState.DONE
        recording.version = 1


def waveform(duration_ms: int, count: int = 1200) -> dict[str, object]:
    """What GET .../waveform answers: speech with a rest of two seconds in each twenty."""
    step = max(1, duration_ms // count)
    chance = random.Random(7)  # noqa: S311
    peaks = [
        6 if at * step % 20_000 > 18_000 else int(90 + 70 * abs(math.sin(at / 9)) + chance.random() * 60)
        for at in range(count)
    ]
    speech = [[start, min(start + 18_000, duration_ms)] for start in range(0, duration_ms, 20_000)]
    encoded = base64.b64encode(bytes(peaks)).decode()
    return {"duration_ms": duration_ms, "step_ms": step, "peaks": encoded, "speech": speech}


def _sentence(chance: random.Random) -> tuple[str, str]:
    parts = [chance.choice(_OPENINGS) + chance.choice(_MATTERS) + "，", chance.choice(_TURNS)]
    if chance.random() < 0.3:
        parts.append(chance.choice(_MATTERS) + chance.choice(_TURNS))
    spoken = "".join(parts).replace("{n}", "二十五")
    return spoken.replace("百分之二十五", "25%").replace("二十五", "25"), spoken


def _words(spoken: str, start_ms: int, step_ms: int) -> list[list[object]]:
    each = (step_ms - 300) / len(spoken)
    return [[sign, round(start_ms + i * each), round(start_ms + (i + 1) * each)] for i, sign in enumerate(spoken)]
