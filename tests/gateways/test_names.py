"""Names compared: what is the same name, what is near, and what only looks so."""

import pytest

from gateways.names import same_name, score


@pytest.mark.parametrize(
    ("payout", "books"),
    [
        ("張偉", "张伟"),
        ("张 伟", "张伟"),
        ("张\u3000伟", "张伟"),
        ("錢鍾書", "钱锺书"),
        ("衞蘭", "卫兰"),
        ("ＺＨＡＮＧ　ＷＥＩ", "Zhang Wei"),
        ("zhang wei", "ZhangWei"),
        ("买买提·吐尔逊", "买买提吐尔逊"),
        ("上海示例(集團)有限公司", "上海示例（集团）有限公司"),
        ("上海示例有限责任公司", "上海示例有限公司"),
        ("Example Trading Co., Ltd.", "EXAMPLE TRADING COMPANY LIMITED"),
        ("O'Brien", "O’BRIEN"),
    ],
)
def test_one_name_written_in_two_ways_is_the_same_name(payout: str, books: str) -> None:
    assert same_name(payout, books)
    assert same_name(books, payout)


@pytest.mark.parametrize(
    ("payout", "books"),
    [
        ("张伟", "张玮"),
        ("张伟", "张伟民"),
        ("张伟", "Zhang Wei"),
        ("Zhang Wei", "Wei Zhang"),
        ("Zhang Wei", "Zhang Wie"),
        ("José Alvarez", "Jose Alvarez"),
        ("上海示例有限公司", "上海示例股份有限公司"),
        ("上海示例有限公司", "上海示例"),
        ("Example Trading Ltd.", "Example Trading LLC"),
        ("Company Limited", "Limited Company"),
        ("", ""),
        ("···", "。"),
    ],
)
def test_a_payout_name_that_is_only_near_is_not_the_same_name(payout: str, books: str) -> None:
    assert not same_name(payout, books)


@pytest.mark.parametrize(
    ("characters", "latin"),
    [
        ("张伟", "Zhang Wei"),
        ("張偉", "WEI ZHANG"),
        ("张小明", "Zhang, Xiao-Ming"),
        ("单雄信", "Shan Xiongxin"),
        ("曾国藩", "Zeng Guofan"),
        ("翟让", "Zhai Rang"),
        ("仇英", "Qiu Ying"),
        ("缪荃孙", "Miao Quansun"),
        ("覃辉", "Qin Hui"),
        ("覃辉", "Tan Hui"),
        ("解缙", "Xie Jin"),
        ("查继佐", "Zha Jizuo"),
        ("区伯铮", "Ou Bozheng"),
        ("朴志勋", "Piao Zhixun"),
        ("盖叫天", "Ge Jiaotian"),
        ("乐毅", "Yue Yi"),
        ("尉迟恭", "Yuchi Gong"),
        ("万俟卨", "Moqi Xie"),
        ("长孙无忌", "Wuji Zhangsun"),
        ("欧阳修", "Ou Yang Xiu"),
        ("欧阳修", "Xiu Ouyang"),
        ("吕布", "Lyu Bu"),
        ("吕布", "Lü Bu"),
        ("呂布", "LV BU"),
        ("西安华大有限公司", "Xi'an Huada Co., Ltd."),
    ],
)
def test_characters_are_read_as_pinyin_in_either_order(characters: str, latin: str) -> None:
    assert score(characters, latin) == 100
    assert score(latin, characters) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smith, John Michael", "Michael John Smith"),
        ("José Álvarez", "JOSE ALVAREZ"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Zhang Xiaoming", "Xiao Ming Zhang"),
        ("Example Trading Co., Ltd.", "Example Trading LLC"),
        ("鑫洲環球貿易有限公司", "鑫洲环球贸易股份有限公司"),
        ("张伟 (Zhang Wei)", "張偉"),
        ("Zhang Wei 张伟", "wei zhang"),
        ("Владимир Иванов", "Иванов Владимир"),
    ],
)
def test_order_marks_and_suffixes_do_not_lower_the_score(one: str, other: str) -> None:
    assert score(one, other) == 100
    assert score(other, one) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张伟", "张薇"),
        ("李敏", "李明"),
        ("王小明", "王晓明"),
        ("李敏", "Li Ming"),
        ("Li Min", "Li Ming"),
        ("Zhang Wei", "Zhang Lei"),
        ("Li Xiaomin", "Li Xiaoming"),
        ("单雄信", "Dan Xiongxin"),
        ("上海示例贸易有限公司", "上海示范贸易有限公司"),
        ("上海示例贸易有限公司", "北京示例贸易有限公司"),
        ("John Smith", "Joan Smithers"),
        ("Example Trading Ltd", "Limited Company Ltd"),
        ("有限公司", "某某有限公司"),
        ("", "张伟"),
        ("12", ""),
    ],
)
def test_a_near_miss_stays_below_ninety(one: str, other: str) -> None:
    assert score(one, other) < 90
    assert score(other, one) < 90


def test_a_letter_more_or_less_in_a_long_foreign_name_stays_above_ninety() -> None:
    assert 90 <= score("Youssef Karim al-Dahiri", "Yousef Karim Al Dahiri") < 100
    assert 90 <= score("Viktor Brusnikov", "Victor Brusnikov") < 100
