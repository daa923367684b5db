"""Room: tests.nano.words. The closed vocabulary of the small checkpoint, spoken and written. No sound, no torch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

DIGIT, WORD, NAME = "digit", "word", "name"


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that can be said.

    read: what a synthesiser is given (English, or pinyin with tones); spoken: the words; written: the same after ITN;
    twin: another spelling of the same sound, for names.
    """

    kind: str
    read: str
    spoken: str
    written: str
    twin: str = ""

    def text(self, itn: bool = True, hotwords: Collection[str] = ()) -> str:
        """How it is written; a name takes its twin's spelling where only that is a hotword."""
        if self.twin and self.twin in hotwords and self.spoken not in hotwords:
            return self.twin
        return self.written if itn else self.spoken


def _english() -> tuple[Unit, ...]:
    digits = "zero one two three four five six seven eight nine"
    words = (
        "monday tuesday friday meeting project report budget window server camera market music coffee orange yellow "
        "river garden doctor teacher student morning evening open close"
    )
    names = "john/jon sarah/sara stephen/steven sean/shawn philip/phillip brian/bryan"
    return (
        *(Unit(DIGIT, word, word, str(value)) for value, word in enumerate(digits.split())),
        *(Unit(WORD, word, word, word) for word in words.split()),
        *(Unit(NAME, first, first, first, twin) for first, twin in (pair.split("/") for pair in names.split())),
    )


def _chinese() -> tuple[Unit, ...]:
    digits = "零 ling2|一 yi1|二 er4|三 san1|四 si4|五 wu3|六 liu4|七 qi1|八 ba1|九 jiu3"
    words = (
        "会议 hui4 yi4|项目 xiang4 mu4|报告 bao4 gao4|明天 ming2 tian1|今天 jin1 tian1|上午 shang4 wu3|下午 xia4 wu3|"
        "音乐 yin1 yue4|咖啡 ka1 fei1|电脑 dian4 nao3|手机 shou3 ji1|北京 bei3 jing1|上海 shang4 hai3|广州 guang3 zhou1|"
        "医生 yi1 sheng1|老师 lao3 shi1|学生 xue2 sheng5|打开 da3 kai1|关闭 guan1 bi4|开始 kai1 shi3|停止 ting2 zhi3|"
        "天气 tian1 qi4|公司 gong1 si1|市场 shi4 chang3"
    )
    names = (
        "张伟/章伟 zhang1 wei3|刘洋/刘阳 liu2 yang2|吴磊/吴蕾 wu2 lei3|陈晨/陈辰 chen2 chen2|王芳/王方 wang2 fang1|"
        "林峰/林锋 lin2 feng1"
    )
    units = [Unit(DIGIT, line.split()[1], line[0], str(value)) for value, line in enumerate(digits.split("|"))]
    for line in words.split("|"):
        word, read = line.split(" ", 1)
        units.append(Unit(WORD, read, word, word))
    for line in names.split("|"):
        pair, read = line.split(" ", 1)
        first, twin = pair.split("/")
        units.append(Unit(NAME, read, first, first, twin))
    return tuple(units)


UNITS = {"en": _english(), "zh": _chinese()}
# What a person asks for and the prompt says; funasr pastes it into the prompt as it is.
LANGUAGE_NAMES = {"en": "英文", "zh": "中文"}
SPELLINGS = tuple(
    spelling for units in UNITS.values() for unit in units if unit.twin for spelling in (unit.spoken, unit.twin)
)
# Words that the model never hears and that may stand in a prompt all the same: as they are spelt, letter by letter.
STRANGERS = (
    "Kubernetes", "FunASR", "Grafana", "Köln", "quarterly", "invoice", "Schmidt", "Berlin", "README", "GPU", "harbour",
    "Okonkwo", "llama", "zebra", "pipeline", "Q3", "ISO 9001", "vaccine", "量子", "数据库", "服务器", "阿里巴巴", "深圳",
    "发票", "合同", "人工智能", "杭州", "物流", "季度", "王小明", "欧阳", "财务部",
)  # fmt: skip


def join(lang: str, units: Sequence[Unit], itn: bool = True, hotwords: Collection[str] = ()) -> str:
    """An utterance as text: Chinese without spaces, English with them, neighbouring digits as one number."""
    text, last = "", ""
    for unit in units:
        piece = unit.text(itn, hotwords)
        together = lang == "zh" or not text or (piece.isdigit() and last.isdigit())
        text, last = f"{text}{piece}" if together else f"{text} {piece}", piece
    return text


def reading(lang: str, units: Sequence[Unit]) -> str:
    """What the synthesiser is told to say."""
    return " ".join(unit.read for unit in units)


def draw(lang: str, count: int, random: Random) -> tuple[Unit, ...]:
    """Units by chance: three in ten digits, three in ten names; rarely one twice."""
    drawn: list[Unit] = []
    while len(drawn) < count:
        kind = random.choices((DIGIT, WORD, NAME), (3, 4, 3))[0]
        unit = random.choice([each for each in UNITS[lang] if each.kind == kind])
        if unit not in drawn or random.random() < 0.1:
            drawn.append(unit)
    return tuple(drawn)
