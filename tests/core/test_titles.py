"""Room: tests.core.test_titles. The order in which people look for titles."""

from nas_asr.core.titles import title_key


def test_titles_stand_in_the_order_in_which_people_look_for_them() -> None:
    looked_for = [
        "10 Jahre", "Budget", "budget 2", "ＢＵＤＧＥＴ 10", "アニメ",
        "安全", "北京 9", "北京 10", "访谈", "会议", "张伟", "重庆", "周会",  # 重 by its commonest reading, zhong
    ]  # fmt: skip
    assert sorted(reversed(looked_for), key=title_key) == looked_for


def test_what_has_no_common_reading_stands_behind_and_is_never_the_same() -> None:
    signs = ["阿", "座", "亍", "龘", "\u3400", "\u4dbf"]
    assert sorted(signs, key=title_key)[:2] == ["阿", "座"] and len({title_key(sign) for sign in signs}) == len(signs)
    every = [chr(sign) for sign in range(0x3400, 0xA000)]
    assert len({title_key(sign) for sign in every}) == len(every)
