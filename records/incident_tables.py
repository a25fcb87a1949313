"""Tables of incidents, of major incidents with their teams and bulletins, and of surveys."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from contracts.incidents import Category, Severity
from contracts.majors import BulletinState
from contracts.vocabulary import Intake, Role
from records.columns import UtcMoment, word

_OPEN = "over_at IS NULL AND matter <> ''"


class IncidentRow(SQLModel, table=True):
    """客户事故: what an incident was classified as, by when it was to be answered, and what was done. `clues` is
    canonical JSON; `intricate`: a complaint that is not clear and simple; `matter` the common cause; `about` the case
    that a complaint is about; `linked_to` the case it was a duplicate of; `major` the major incident it hangs on
    (`hangs`) or hung on; compensation in minor units."""

    __tablename__ = "incidents"

    dossier: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    customer: str = Field(index=True)
    channel: Intake = Field(sa_type=word(Intake))
    occurred_at: datetime = Field(sa_type=UtcMoment)
    reported_at: datetime = Field(sa_type=UtcMoment, index=True)
    affected: int = 1
    proposed_category: Category = Field(sa_type=word(Category))
    proposed_severity: Severity = Field(sa_type=word(Severity))
    clues: str = "[]"
    category: Category = Field(sa_type=word(Category))
    severity: Severity = Field(sa_type=word(Severity))
    matter: str = Field(default="", index=True)
    intricate: bool = False
    department: Role | None = Field(default=None, sa_type=word(Role))
    about: str = ""
    linked_to: str = ""
    major: str = Field(default="", index=True)
    hangs: bool = False
    cause: str = ""
    root_cause: str = ""
    interim: str = ""
    solution: str = ""
    minor: int = Field(default=0, sa_type=BigInteger)
    currency: str = ""
    reopened: int = 0
    escalated: bool = False
    acknowledge_due: datetime = Field(sa_type=UtcMoment)
    answer_due: datetime = Field(sa_type=UtcMoment)
    triaged_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    solved_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class MajorRow(SQLModel, table=True):
    """重大事故: what made it one, and how it stands. `matter` the cause that its reports have in common; `over_at`:
    from then on no report hangs on it any more, whether it was solved or not. Of a matter one is open at most."""

    __tablename__ = "majors"
    __table_args__ = (
        Index("one_open_major", "matter", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
    )

    dossier: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    matter: str = Field(default="", index=True)
    severity: Severity = Field(sa_type=word(Severity))
    because: str
    begun_by: str
    opened_at: datetime = Field(sa_type=UtcMoment)
    interim: str = ""
    interim_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    solution: str = ""
    cause: str = ""
    solved_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    over_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    next_bulletin_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class TeamRow(SQLModel, table=True):
    """应急小组: a role of the team and who filled it: as holder of `filled_as`, another role where somebody stood in;
    `late`: it was not accepted in time, so that the deputies were asked as well."""

    __tablename__ = "major_teams"

    dossier: str = Field(primary_key=True)
    role: Role = Field(primary_key=True, sa_type=word(Role))
    person: str
    filled_as: Role = Field(sa_type=word(Role))
    late: bool
    at: datetime = Field(sa_type=UtcMoment)


class BulletinRow(SQLModel, table=True):
    """通报: one word to customers and departments, or to the public. The solution is the one with the number 0."""

    __tablename__ = "bulletins"

    dossier: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    public: bool = False
    state: BulletinState = Field(sa_type=word(BulletinState))
    zh: str = ""
    en: str = ""
    drafted_by: str = ""
    approved_by: str = ""
    spoken_by: str = ""
    due_at: datetime = Field(sa_type=UtcMoment)
    sent_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class BulletinToldRow(SQLModel, table=True):
    """Who was told a bulletin: a customer once each, by `report` (a case) and no other of theirs; a
    department by its role."""

    __tablename__ = "bulletins_told"

    dossier: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    recipient: str = Field(primary_key=True)
    report: str = ""
    at: datetime = Field(sa_type=UtcMoment)


class ActionRow(SQLModel, table=True):
    """改进措施: what the review of a major incident wants done, by whom, until when."""

    __tablename__ = "improvement_actions"

    dossier: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    what: str
    owner: Role = Field(sa_type=word(Role))
    due_at: datetime = Field(sa_type=UtcMoment)
    done_by: str = ""
    done_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class SurveyRow(SQLModel, table=True):
    """满意度调查: a questionnaire about the dossier `about`, not sent before `begins_at`. `sent_at` is null until it
    is over, and where it never went out; `answers` is canonical JSON, `score` the mean from 1 to 5 in hundredths (420
    is 4.2), null while it is not answered."""

    __tablename__ = "surveys"

    dossier: str = Field(primary_key=True)
    about: str = Field(index=True)
    version: str
    begins_at: datetime = Field(sa_type=UtcMoment)
    sent_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    answered_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    answers: str = "{}"
    words: str = ""
    score: int | None = None
    followed_up_by: str = ""
