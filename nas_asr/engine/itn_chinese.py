"""Room: engine.itn_chinese. Chinese figures as people write them: 2025年1月, 下午3点20分, 3.5万. Idioms stay as they are.

House style: numbers below ten stay characters unless they belong to a date, a time of day, a percentage, a range or a decimal;
units stay as spoken (60公里, not 60km), and so do 年, 月, 点 and 元.
"""

import re

from nas_asr.engine.itn_rules import Rules, stays

_DIGITS = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "幺": "1", "两": "2"}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_NUM = "[零〇一二三四五六七八九十百千万亿两]"
_CARDINAL = rf"(?:[一二三四五六七八九十两]{_NUM}*|零)"
_DECIMAL = rf"{_CARDINAL}(?:点[零〇一二三四五六七八九]+[万亿]?)?"
_ALL = frozenset("零〇一二三四五六七八九十百千万亿两幺")

# Longer before shorter, for the first that fits is taken.
_UNITS = (
    "平方公里|平方千米|平方米|平方厘米|立方米|立方厘米|公里|千米|厘米|毫米|微米|纳米|公斤|千克|毫克|毫升|公顷|"
    "摄氏度|美元|欧元|日元|英镑|韩元|卢布|港币|港元|人民币|元|分钟|小时|秒钟|毫秒|千瓦时|千瓦|兆瓦|赫兹|兆赫|分贝|"
    "百分点|岁|度|米|克|斤|吨|升|亩|秒|帧|瓦|伏|安|寸|尺|里"
)
_COUNTED = "个|天|年|月|周|岁|人|名|位|次|倍|块|元|万|亿|千|百|分钟|小时|秒|公里|米|公斤|斤|层|楼|页|章|遍|只|台|辆|张|本|级|度"

# Fixed words: a numeral in them is no figure. The longest is looked for first.
_FIXED = """
不怕一万就怕万一 千万 百万 万万 亿万 上万 上百 上千 数十 数百 数千 数万 成百上千 成千上万 千千万万
万一 十字 十足 十佳 十拿九稳 十有八九 十之八九 八九不离十 半斤八两 十恶不赦 十全十美 十万火急 十里八乡
十里洋场 十指连心 十面埋伏 以一当十 一目十行 一传十十传百 一五一十 一千零一夜 十万个为什么 十万八千里
三十六计 七十二变 七十二行 三百六十行 一百零八将 十八罗汉 十八般武艺 十三陵 十三香 十年树木百年树人
十年寒窗 三十而立 四十不惑 五十步笑百步 五十知天命 台上一分钟台下十年功 九九八十一难 三十年河东三十年河西
三七二十一 二十四史 二十四孝 二百五 九牛一毛 三心二意 二八分 七七八八 九一八 七七事变 一二九运动 五四运动
五四青年 六一儿童 三八妇女 三八节 六一节 五一节 五一假期 五一劳动节 五一黄金周 双十一 双十二 六一八大促
三一五晚会 十一国庆 十一假期 十一长假 十一黄金周 十一放假 十月革命 八月十五 三月三 五月天 九月九 十二五
十三五 十四五 十五五 十几二十 十二生肖 两万五千里长征 二十四节气 十三太保 七十二家房客 十六大 十七大
十八大 十九大 二十大 四五六线 二三线 三四线 一二线 百年好合 百年老店 一日三秋 一月三舟 十月怀胎 五五开
三三两两 十三幺 十年如一日 七零八落 一楼 二楼 一分为二 一刀两断 接二连三 七老八十 五十肩 十一郎 十三妹
小九九 二人转 四六级
"""

_DAYPART = "凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|今早|今晚|明早|明晚|昨晚|当晚"
_HOUR = "(?:二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_MINUTE = "(?:[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九])"
_DAY = "(?:三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_MONTH = "(?:十[一二]?|[一二三四五六七八九])"
_YEAR_SIGN = "[零〇一二三四五六七八九]"

_PAIR = "一两|一二|两三|二三|三四|三五|四五|五六|六七|七八|八九"


def number(spoken: str) -> str | None:
    """A numeral in figures: 一百二十三 is 123, 二零二五 is 2025, 三点五 is 3.5, 两千万 is 2000万. None where it is no numeral."""
    whole, point, decimals = spoken.partition("点")
    if point:
        figures = _figures(decimals.rstrip("万亿"))
        before = number(whole)
        rank = decimals[len(figures or "") :]
        return f"{before}.{figures}{rank}" if figures and before and before.isdigit() and len(rank) < 2 else None
    if not spoken or not _ALL.issuperset(spoken):
        return None
    if all(sign in _DIGITS for sign in spoken):
        return _figures(spoken)
    return _with_myriads(spoken)


def _figures(signs: str) -> str | None:
    return "".join(_DIGITS[sign] for sign in signs) if signs and all(sign in _DIGITS for sign in signs) else None


def _with_myriads(spoken: str) -> str | None:
    """万 and 亿 are written where nothing comes after them, as people do: 2000万, 1亿3000万, but 35000."""
    hundred_millions, has_hundred_millions, below = spoken.rpartition("亿")
    if has_hundred_millions:
        head = number(hundred_millions)
        tail = number(below.lstrip("零")) if below else ""
        if head is None or tail is None or "亿" in head:
            return None
        return f"{head}亿{tail}" if not tail or tail.endswith("万") else None
    myriads, has_myriads, below = spoken.rpartition("万")
    if not has_myriads:
        value = _below_myriad(spoken)
        return None if value is None else str(value)
    head_value = _below_myriad(myriads)
    if head_value is None:
        return None
    if not below:
        return f"{head_value}万"
    if len(below) == 1 and below in _DIGITS:  # 三万五
        return str(head_value * 10_000 + int(_DIGITS[below]) * 1000)
    tail_value = _below_myriad(below)
    return None if tail_value is None else str(head_value * 10_000 + tail_value)


def _below_myriad(spoken: str) -> int | None:
    """Up to 9999; the unit after 百 and 千 may be left out, as in 两千三."""
    total, digit, last = 0, None, 10_000
    for sign in spoken:
        if sign in _SMALL:
            unit = _SMALL[sign]
            if unit >= last or (digit is None and not (unit == 10 and (not total or last > 10))):
                return None
            total += (1 if digit is None else digit) * unit
            digit, last = None, unit
        elif sign in "零〇":
            if digit is not None or not total:
                return None
            last = min(last, 11)
        elif digit is None and sign in _DIGITS:
            digit = int(_DIGITS[sign])
        else:
            return None
    if digit is not None:
        total += digit * (last // 10 if last in (100, 1000) else 1)
    return total


def _percent(found: re.Match[str]) -> str | None:
    value = "100" if found["n"] == "百" else number(found["n"])
    high = number(found["high"]) if found["to"] else ""
    if value is None or high is None:
        return None
    sign = "%" if found["of"] == "百" else "‰"
    return f"{'-' if found['minus'] else ''}{value}{sign}" + (f"{found['to']}{high}{sign}" if high else "")


def _date(found: re.Match[str]) -> str | None:
    year = _figures(found["y"]) if found["y"] else ""
    month, day = found["m"] and number(found["m"]), found["d"] and number(found["d"])
    text = f"{year}年" if year else ""
    return text + (f"{month}月{found['part'] or ''}" if month else "") + (f"{day}{found['sign'] or ''}" if day else "")


def _year(found: re.Match[str]) -> str | None:
    figures = _figures(found["y"])
    return figures and f"{figures}年"


def _time(found: re.Match[str]) -> str | None:
    """Figures only where it is surely a time of day: 三点 alone may be three points of a list."""
    hour, minute, rest = number(found["h"]), found["min"], found["rest"] or ""
    if not (found["daypart"] or minute or found["sec"] or rest or found["clock"] == "点钟"):
        return None
    if minute:
        shown = number(minute.lstrip("零")) or ""
        minute = f"0{shown}" if minute.startswith("零") else shown
    second = f"{number(found['sec'])}秒" if found["sec"] else ""
    return f"{found['daypart'] or ''}{hour}{found['clock']}{minute or ''}{found['fen'] or ''}{second}{rest}"


def _hour(found: re.Match[str]) -> str | None:
    hour = number(found["h"])
    return hour and f"{hour}点"


def _range(found: re.Match[str]) -> str | None:
    low, high = number(found["low"]), number(found["high"])
    if low is None or high is None or "两" in (found["low"], found["high"]):
        return None
    return f"{low}{found['to']}{high}"


def _measured(found: re.Match[str]) -> str | None:
    """From ten on, and every decimal; below, people write the character."""
    value = number(found["n"])
    if value is None or (len(value) == 1 and not (found["minus"] or found["below"])):
        return None
    return f"{'-' if found['minus'] else ''}{found['below'] or ''}{value}{found['unit']}"


def _negative(found: re.Match[str]) -> str | None:
    value = number(found["n"])
    return f"-{value}" if value and len(value) > 1 else None


def _row(found: re.Match[str]) -> str | None:
    return _figures(found.group())


def _large(found: re.Match[str]) -> str | None:
    value = number(found.group())
    return value if value and len(found.group()) > 1 else None


def _generation(found: re.Match[str]) -> str | None:
    figures = _figures(found["n"])
    return figures and f"{figures}后"


RULES: Rules = (
    # 千万 stays, but not in 两千万
    (re.compile(rf"(?<!{_NUM})(?:{'|'.join(sorted(_FIXED.split(), key=len, reverse=True))})"), stays),
    (re.compile(rf"(?:正月|腊月|大年|年初|农历{_MONTH}月|初){_NUM}+"), stays),
    # "very", unless somebody counts points or minutes
    (re.compile(r"(?<![零一二两三四五六七八九十百点得打扣考加差过满])十分(?![钟之])"), stays),
    # about so many: 五六个, 二三十, 十几, 十五六岁, 好几十
    (re.compile(rf"(?<!{_NUM})(?:十?(?:{_PAIR})(?={_COUNTED})|(?:{_PAIR})(?:[十百千]+[万亿]?|[万亿]))(?!{_NUM})"), stays),
    (re.compile(rf"{_NUM}*[几数]+[十百千万亿]+|{_NUM}+几"), stays),
    (
        re.compile(rf"(?P<minus>负)?(?P<of>[百千])分之(?P<n>百(?!{_NUM})|{_DECIMAL})(?:(?P<to>[到至])(?P<high>{_DECIMAL})(?!{_UNITS}))?"),
        _percent,
    ),
    (
        re.compile(
            rf"(?:(?P<y>{_YEAR_SIGN}{{4}}|{_YEAR_SIGN}{{2}})年)?(?<![十百千万每几第一二三四五六七八九])(?P<m>{_MONTH})月(?P<part>份)?"
            rf"(?:(?P<d>{_DAY})(?P<sign>[日号]))?(?!{_NUM})"
        ),
        _date,
    ),
    (re.compile(rf"(?P<y>{_YEAR_SIGN}{{4}})年(?P<m>{_MONTH})月(?P<part>份)?(?P<d>{_DAY})(?P<sign>)"), _date),
    (re.compile(rf"(?<!{_NUM})(?P<y>{_YEAR_SIGN}{{4}}|[零〇六七八九]{_YEAR_SIGN}|一{_YEAR_SIGN})年(?!级)"), _year),
    (re.compile(rf"(?<!{_NUM})(?P<n>[零五六七八九][零五])后(?![来面天边悔])"), _generation),
    (re.compile(rf"(?<![{''.join(_ALL)}第])(?P<h>{_HOUR})点(?=钟?[到至](?:{_DAYPART})?{_HOUR}点)"), _hour),
    (re.compile(rf"(?<=点[到至])(?P<h>{_HOUR})点(?![{''.join(_ALL)}半整])"), _hour),
    (
        re.compile(
            rf"(?<![{''.join(_ALL)}第])(?P<daypart>{_DAYPART})?(?P<h>{_HOUR})(?P<clock>点钟|点)(?:(?P<min>{_MINUTE})(?P<fen>分(?![之钟]))?"
            rf"(?:(?P<sec>{_DAY}|[四五]十[一二三四五六七八九]?)秒)?|(?P<rest>半|整|[一三]刻))?(?![零〇一二三四五六七八九十百千万亿都也儿])"
        ),
        _time,
    ),
    (
        re.compile(
            rf"(?<![{''.join(_ALL)}周期拜第初从])(?P<low>{_DECIMAL})(?P<to>[到至])(?P<high>{_DECIMAL})(?={_COUNTED}|{_UNITS})(?!月|楼)"
        ),
        _range,
    ),
    (
        re.compile(
            rf"(?<![{''.join(_ALL)}第点])(?:(?P<minus>(?<![胜抱担肩欺辜自])负)|(?P<below>零下))?(?P<n>{_DECIMAL})(?P<unit>{_UNITS})"
        ),
        _measured,
    ),
    (re.compile(rf"(?<![胜抱担肩欺辜自])负(?P<n>{_DECIMAL})(?![楼层{''.join(_ALL)}])"), _negative),
    (re.compile(rf"(?<!{_NUM})[零〇一二三四五六七八九幺]{{6,}}(?!{_NUM})"), _row),
    (re.compile(rf"(?<![{''.join(_ALL)}第点几数])[一二两三四五六七八九十]{_NUM}*[万亿]{_NUM}*(?![点几])"), _large),
)  # fmt: skip


def may_matter(text: str) -> bool:
    """Whether there is anything in it that a grammar could write."""
    return not _ALL.isdisjoint(text) or any(sign.isascii() and sign.isalnum() for sign in text)


_CLOCK = re.compile(r"\d\d?:\d\d(?::\d\d)?(?:[ap]\.m\.)?|\d{4}/\d{2}|\d{2}/\d{2}")


def touched(text: str, spoken: str) -> str:
    """wetext's text, or what was spoken where wetext wrote a time or a date: what is one, our own rules have written already."""
    if _CLOCK.search(text) and not _CLOCK.search(spoken) and "比" not in spoken:
        return spoken
    return text.replace("~", "到") if "到" in spoken and "~" not in spoken else text
