"""账务检查: what the regular check of the books finds, and what became of it."""

from enum import StrEnum

from contracts.base import Contract
from contracts.money import Money


class BookRule(StrEnum):
    """Which rule an entry breaks."""

    DOUBLED = "doubled"  # 重复入账
    UNBALANCED = "unbalanced"  # 借贷不平
    LATE = "late"  # 期后入账
    UNPRICED = "unpriced"  # 价目表外收费


class Breach(Contract):
    """An entry that breaks a rule. `account`: the one it stands on, empty where on none of a customer."""

    rule: BookRule
    entry: str
    account: str
    amount: Money
    words: str


class CheckedLine(Contract):
    """A breach, and the adjustment that deals with it. `new`: it was opened by this check; `why`: why there is none."""

    breach: Breach
    case: str = ""
    new: bool = False
    why: str = ""


class BooksChecked(Contract):
    """What a check of the books came to."""

    entries: int
    found: tuple[CheckedLine, ...]
