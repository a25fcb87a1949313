"""处理: what is written down of an incident while it is dealt with, and what its activities answer."""

from datetime import datetime

from contracts.base import Contract
from contracts.incidents import Category, Severity
from contracts.money import Money
from contracts.text import Word, Words
from contracts.vocabulary import Role


class Triage(Contract):
    """分类定级: what a professional decided. `intricate`: a complaint that is not clear and simple."""

    category: Category
    severity: Severity
    matter: Word = ""
    department: Role
    intricate: bool = False
    by: str
    reason: Words = ""


class Triaged(Contract):
    """What follows from it: by which ladder the department works, and by when it is to be solved."""

    ladder: str
    expected_by: datetime


class News(Contract):
    """What was done in an incident: kept in its row as far as it is said, and in the trail in full."""

    what: Word
    by: str
    why: Words = ""
    cause: str = ""
    root_cause: Words = ""
    interim: Words = ""
    solution: Words = ""
    solved: bool = False
    reopened: bool = False
    escalated: bool = False


class Compensation(Contract):
    """赔付: what the firm pays the customer for an incident, and who approved it."""

    amount: Money
    approved_by: str
