"""Words as the rules of triage compare them: English by whole words, Chinese wherever it stands."""

import re
import unicodedata
from functools import lru_cache

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_BROKEN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘ʼ`"))
_SHORTEST_PLURAL = 4
_WORDS_KEPT = 50_000


def heard(text: str) -> str:
    """`text` without what people write now so, now so: width, case, apostrophes, hyphens, line breaks, plurals. Its
    words stand between single blanks, one at either end; Chinese runs on as it does on paper."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return f" {' '.join(_singular(run) for run in _RUN.findall(_BROKEN_HAN.sub('', plain)))} "


def phrase(word: str) -> str:
    """What is looked for in `heard` text: at an end in Latin script a whole word, at a Chinese one any part. Empty for
    a word without letters and digits."""
    inner = heard(word).strip()
    if not inner:
        return ""
    return f"{_edge(inner[0])}{inner}{_edge(inner[-1])}"


def _edge(letter: str) -> str:
    return "" if re.match(f"[{_HAN}]", letter) else " "


@lru_cache(maxsize=_WORDS_KEPT)
def _singular(word: str) -> str:
    """Near enough to compare by, not to read."""
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith("ss"):
        return word
    return word[:-2] if word.endswith("sses") else word[:-1]
