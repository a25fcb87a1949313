"""应急预案: the contingency plans of a policy as staff see them."""

from datetime import date

from contracts.base import Contract
from contracts.findings import FindingKind
from contracts.text import Words
from contracts.vocabulary import Role


class PlanStepLine(Contract):
    """A step of a plan, in both languages, and whose it is."""

    id: str
    owner: Role
    zh: Words
    en: Words


class PlanLine(Contract):
    """A plan: what starts it, its steps, who stands in for their owners, whom to call, when it was last reviewed and by
    when it has to be again; `overdue`: that day is past."""

    name: str
    triggers: tuple[FindingKind, ...]
    steps: tuple[PlanStepLine, ...]
    deputies: tuple[Role, ...]
    contacts: tuple[Words, ...]
    reviewed_on: date
    review_by: date
    overdue: bool
    source: str
