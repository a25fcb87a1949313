"""How a major incident stands, as `major show` tells it."""

from datetime import datetime

from contracts.base import Contract
from contracts.incidents import Severity
from contracts.majors import BulletinState
from contracts.vocabulary import Role


class MemberLine(Contract):
    """Who filled a role of the emergency team; as holder of another role where somebody stood in."""

    role: Role
    person: str
    filled_as: Role
    late: bool
    at: datetime


class BulletinLine(Contract):
    """通报: one word to customers and departments, or to the public; `told`: how many of them."""

    n: int
    public: bool
    state: BulletinState
    zh: str
    en: str
    drafted_by: str
    approved_by: str
    due_at: datetime
    sent_at: datetime | None
    told: int


class ReportLine(Contract):
    """A report that hangs on it (`hangs`) or hung on it; `with_report` answers it together with another one."""

    case: str
    customer: str
    hangs: bool
    solved_at: datetime | None
    with_report: str


class ActionLine(Contract):
    """改进措施: whose it is and until when."""

    n: int
    what: str
    owner: Role
    due_at: datetime
    done_by: str
    done_at: datetime | None


class MajorView(Contract):
    """重大事故: all that staff see of one besides its case."""

    case: str
    matter: str
    severity: Severity
    because: str
    begun_by: str
    opened_at: datetime
    interim: str
    interim_at: datetime | None
    solution: str
    cause: str
    solved_at: datetime | None
    over_at: datetime | None
    next_bulletin_at: datetime | None
    team: tuple[MemberLine, ...]
    bulletins: tuple[BulletinLine, ...]
    reports: tuple[ReportLine, ...]
    actions: tuple[ActionLine, ...]
