"""Names made comparable: width and case, traditional and simplified characters, spaces, company suffixes, pinyin."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from opencc import OpenCC
from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal
from rapidfuzz import fuzz

# Surnames of one character that are read otherwise than the character elsewhere (the usual reading first), and
# surnames of two characters, which tell where the given name begins.
_SURNAMES = """
单 shan|曾 zeng|翟 zhai di|仇 qiu|缪 miao mou|覃 qin tan|解 xie|查 zha|区 ou|朴 piao pu|盖 ge gai|尉 wei yu|折 she zhe
召 shao zhao|乐 yue le|宓 mi fu|洗 xian|员 yun yuan|郇 xun huan|郗 xi chi|郄 qie xi|阚 kan|隗 wei kui|秘 bi|祭 zhai ji
种 chong|牟 mu mou|费 fei bi|能 nai|黑 he hei|薄 bo|柏 bai bo|繁 po fan|句 gou|炅 gui|角 jue jiao|重 chong|莘 shen xin
乜 nie mie|佴 nai|粘 nian|藏 zang|谌 chen shen|都 du|番 pan|么 yao|卜 bu|蔚 yu wei|颉 xie jie|圈 juan|华 hua|任 ren
万 wan|燕 yan|宁 ning|葛 ge|车 che|过 guo|晟 cheng sheng|长 zhang chang|盛 sheng|石 shi|应 ying|那 na|冼 xian|亓 qi
尉迟 yuchi|万俟 moqi|单于 chanyu|令狐 linghu|澹台 tantai|皇甫 huangfu|长孙 zhangsun|鲜于 xianyu|宇文 yuwen|欧阳 ouyang
司马 sima|上官 shangguan|诸葛 zhuge|夏侯 xiahou|东方 dongfang|赫连 helian|公孙 gongsun|慕容 murong|钟离 zhongli
司徒 situ|司空 sikong|轩辕 xuanyuan|闾丘 luqiu|亓官 qiguan|濮阳 puyang|淳于 chunyu|申屠 shentu|太叔 taishu
公冶 gongye|宗政 zongzheng|仲孙 zhongsun|独孤 dugu|南宫 nangong|西门 ximen|呼延 huyan|端木 duanmu|百里 baili
东郭 dongguo|拓跋 tuoba|公羊 gongyang|谷梁 guliang|乐正 yuezheng|漆雕 qidiao|壤驷 rangsi|司寇 sikou|子车 ziju
颛孙 zhuansun|巫马 wuma|公西 gongxi|梁丘 liangqiu|左丘 zuoqiu|东门 dongmen|叱干 chigan|纳兰 nalan|完颜 wanyan
耶律 yelu|叶赫 yehe|第五 diwu|段干 duangan|达奚 daxi|贺兰 helan|羊舌 yangshe|微生 weisheng|范姜 fanjiang
"""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_HAN_RUN = re.compile(rf"[{_HAN}]")
_SCRIPTS_TOUCH = re.compile(rf"[{_HAN}][^\W_{_HAN}]|[^\W_{_HAN}][{_HAN}]")
_HAN_COMPANY = re.compile(r"(?:私人|股份)?(?:有限)?(?:责任)?公司$")
_FULL_FORMS = {"ltd": "limited", "co": "company", "inc": "incorporated", "corp": "corporation"}
_LATIN_COMPANY = frozenset({"llc", "llp", "plc", "gmbh", "pte", "pty", *_FULL_FORMS, *_FULL_FORMS.values()} - {"co"})
_CO = re.compile(r"\bco\.")
_APOSTROPHES = str.maketrans(dict.fromkeys("'’ʼ`"))
_SPELT_OUT = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_U_UMLAUT = re.compile(r"\b([ln])(?:v|yu)(?=e?\b)")
_LONGEST_PERSON = 4
_READINGS_KEPT = 100_000
_ANOTHER_SYLLABLE = 10.0


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way a name is written. `han`: its characters without spaces and company suffix, empty in Latin script.
    `readings`: its Latin words, the surname first where read from characters; several where a surname has several.
    """

    han: str
    readings: tuple[tuple[str, ...], ...]

    @property
    def compact(self) -> tuple[str, ...]:
        """Each reading without spaces."""
        return tuple("".join(words) for words in self.readings)

    @property
    def turned(self) -> frozenset[str]:
        """Each reading without spaces, as it stands and with the surname moved from either end to the other."""
        orders = (order for words in self.readings for order in (words, words[-1:] + words[:-1], words[1:] + words[:1]))
        return frozenset("".join(order) for order in orders)

    @property
    def by_word(self) -> tuple[str, ...]:
        """Each reading with spaces kept and words sorted."""
        return tuple(" ".join(sorted(words)) for words in self.readings)


def same_name(a: str, b: str) -> bool:
    """Whether two names are one for a payment: equal but for width, case, spaces, punctuation, traditional characters
    and the short forms of a company's suffix. Nothing fuzzy; an empty name is no name's equal.
    """
    return _strict(a) == _strict(b) != ""


def score(query: str, candidate: str) -> float:
    """How near two names are, 0 to 100. Characters are compared as characters; against Latin script they are read as
    pinyin, in either order of surname and given name. Company suffixes do not count.
    """
    pairs = product(spellings(query), spellings(candidate))
    return max((_closeness(one, other) for one, other in pairs), default=0.0)


def spellings(name: str) -> tuple[Spelling, ...]:
    """The ways `name` is written: two where it stands in both scripts (`张伟 Zhang Wei`), none if it has no letters."""
    text = _CO.sub("company ", _normal(name).translate(_APOSTROPHES))
    runs: list[str] = _RUN.findall(text)
    han = [run for run in runs if _is_han(run)]
    latin = [run for run in runs if not _is_han(run)]
    twice = han and any(len(run) > 1 for run in latin) and not _SCRIPTS_TOUCH.search(text)
    parts = (han, latin) if twice else (runs,)
    return tuple(_spelling(part) for part in parts if part)


def _normal(name: str) -> str:
    """NFKC, case folded, simplified. 锺 is the simplified 鍾 of names, which the conversion writes 钟."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    simplified: str = _simplifier().convert(folded)
    return simplified.replace("锺", "钟")


def _strict(name: str) -> str:
    kept = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in _normal(name))
    words = kept.split()
    for place in range(len(words) - 1, 0, -1):
        if words[place] not in {*_FULL_FORMS, *_FULL_FORMS.values()}:
            break
        words[place] = _FULL_FORMS.get(words[place], words[place])
    # 公司法: 有限责任公司 and 有限公司 are one form of company, 股份有限公司 is another.
    return re.sub("有限责任公司$", "有限公司", "".join(words))


def _spelling(runs: list[str]) -> Spelling:
    if not any(_is_han(run) for run in runs):
        return Spelling(han="", readings=(_without_suffix(_plain(" ".join(runs)).split()),))
    whole = "".join(runs)
    core = _HAN_COMPANY.sub("", whole) or whole
    if core == whole and len(core) in range(2, _LONGEST_PERSON + 1) and all(_is_han(run) for run in runs):
        return Spelling(han=core, readings=tuple(_person_readings(core)))
    return Spelling(han=core, readings=((_pinyin(core),),))


def _person_readings(name: str) -> Iterator[tuple[str, ...]]:
    length = 2 if name[:2] in _surnames() and len(name) > 2 else 1
    surname, given = name[:length], name[length:]
    for reading in _surnames().get(surname) or (_pinyin(surname),):
        yield reading, _pinyin(given)


@lru_cache(maxsize=_READINGS_KEPT)
def _pinyin(text: str) -> str:
    return _plain("".join(lazy_pinyin(text, v_to_u=True)))


def _plain(text: str) -> str:
    """Latin script without marks and apostrophes; ü however it is written (lü, lv, lyu) as u."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELT_OUT))
    bare = "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")
    return _U_UMLAUT.sub(r"\1u", bare)


def _without_suffix(words: list[str]) -> tuple[str, ...]:
    end = len(words)
    while end > 1 and (words[end - 1] in _LATIN_COMPANY or (words[end - 1] == "co" and end < len(words))):
        end -= 1
    return tuple(words[:end])


def _closeness(one: Spelling, other: Spelling) -> float:
    if one.han and other.han:
        return fuzz.ratio(one.han, other.han)
    turns = (fuzz.ratio(turn, compact) for turn in one.turned for compact in other.compact)
    sorts = (fuzz.ratio(words, others) for words in one.by_word for others in other.by_word)
    best = max(*turns, *sorts)
    # One letter makes another syllable, and that another name: 李敏 Li Min is not 李明 Li Ming.
    return best if best == 100 or not (_is_pinyin(one) and _is_pinyin(other)) else best - _ANOTHER_SYLLABLE


def _is_pinyin(spelling: Spelling) -> bool:
    return bool(spelling.han) or any(_mandarin().fullmatch(" ".join(words)) for words in spelling.readings)


@cache
def _surnames() -> dict[str, tuple[str, ...]]:
    rows = (row.split() for row in _SURNAMES.replace("\n", "|").split("|") if row)
    return {surname: tuple(readings) for surname, *readings in rows}


@cache
def _mandarin() -> re.Pattern[str]:
    """A name of two to four syllables, each one of Mandarin."""
    marked = {reading for readings in PINYIN_DICT.values() for reading in readings.split(",")}
    syllables = {_plain(to_normal(reading)) for reading in marked}
    spoken = [each for each in syllables if each in {"a", "e", "o"} or (len(each) > 1 and set(each) & set("aeiou"))]
    return re.compile(rf"(?:(?:{'|'.join(sorted(spoken))}) ?){{2,4}}")


@cache
def _simplifier() -> OpenCC:
    return OpenCC("hk2s")


def _is_han(run: str) -> bool:
    return bool(_HAN_RUN.match(run))
