"""处理: what remedies send to the activities that mend, and what these answer."""

from datetime import datetime

from contracts.base import Contract
from contracts.books import CustomerField
from contracts.money import Money
from contracts.text import Words


class Change(Contract):
    """更正: one field of the customer's record, its new value, who says so and who approved it (empty: nobody yet)."""

    field: CustomerField
    value: str
    by: str
    approved_by: str = ""
    reason: Words = ""


class Release(Contract):
    """解冻: who says that a freeze is over, under which reference, why, and the task that the paper is attached to."""

    by: str
    reference: str
    reason: Words = ""
    task: str = ""


class NewDay(Contract):
    """道歉: when a case that was held up is now expected to end. `stands`: its overall time stands at the moment, so
    that this is the earliest."""

    expected_by: datetime
    stands: bool


class Shortfall(Contract):
    """余额不足: what is short (not positive: nothing), whether the customer's other accounts could cover it, and
    whether the firm may waive it without a second approval."""

    short: Money
    set_off: bool
    waivable: bool
