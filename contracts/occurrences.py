"""发生的事: what happens to a running case from outside its course: details change, a complaint, a freeze, an event."""

from typing import Any, Self

from pydantic import Field, JsonValue, model_validator

from contracts.base import Contract
from contracts.books import CustomerField
from contracts.findings import Finding, FindingKind
from contracts.requests import Payout
from contracts.tasks import Noted
from contracts.text import Name, Word, Words
from contracts.vocabulary import FreezeBy

OF_THE_CUSTOMER = frozenset(
    {FindingKind.CUSTOMER_INFO_CHANGE, FindingKind.CUSTOMER_COMPLAINT, FindingKind.CUSTOMER_NEED_CHANGE}
)
"""What the customer says, or staff who note it; the rest is for staff to say."""

RAISABLE = OF_THE_CUSTOMER | {
    FindingKind.ACCOUNT_FROZEN,
    FindingKind.EXTERNAL_EVENT,
    FindingKind.INTERNAL_PROCESS,
    FindingKind.REGULATION_CHANGE,
    FindingKind.SYSTEM_FAULT,
}
"""What can be said to have happened; every other kind is found by a check."""


class Occurrence(Contract):
    """Something happened to a running case. `data` is what the kind needs: InfoChange, Amendment or FreezeOrder."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    kind: FindingKind
    detail: Words = ""
    data: dict[Word, JsonValue] = {}
    token: str = Field(max_length=4_000)


class InfoChange(Contract):
    """更新资料: one field of the customer's record and its new value, or another account to pay out to."""

    field: CustomerField | None = None
    value: Name | None = None
    payout: Payout | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.field is None) is not (self.value is None) or (self.field is None) is (self.payout is None):
            raise ValueError("should be a field with its value, or a payout")
        return self


class FreezeOrder(Contract):
    """冻结: by whom and under which reference."""

    by: FreezeBy
    reference: Name


class Raised(Contract):
    """What was written down of an occurrence: the finding that the case deals with, and who said it."""

    finding: Finding
    noted: Noted


NEEDED_DATA: dict[FindingKind, type[Any]] = {
    FindingKind.CUSTOMER_INFO_CHANGE: InfoChange,
    FindingKind.ACCOUNT_FROZEN: FreezeOrder,
}
"""What the data of a kind are read as; a need that changed is read as an Amendment."""
