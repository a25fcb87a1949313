"""Tables of adjustments: what was found out, what was said, the plans, and what became of each."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from contracts.adjustments import Cause, PlanMark, Speaker
from records.columns import UtcMoment, word


class AdjustmentRow(SQLModel, table=True):
    """账目调整: why the books of an account were suspected, and what it turned out to be. `incident`: the one about a
    system's fault, `waived_by`: who let it go on before that was solved; `content`: whether the customer said so at the
    end; `improvement`: what is to be done better, said by `learned_by`."""

    __tablename__ = "adjustments"

    dossier: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    account: str = Field(index=True)
    raised_by: str
    suspected_cause: Cause = Field(sa_type=word(Cause))
    cause: Cause | None = Field(default=None, sa_type=word(Cause))
    incident: str = ""
    waived_by: str = ""
    content: bool | None = None
    improvement: str = ""
    learned_by: str = ""


class PlanRow(SQLModel, table=True):
    """更正方案: a plan (canonical JSON) and its hash. The database refuses to change or delete it."""

    __tablename__ = "adjustment_plans"

    dossier: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    hash: str = Field(index=True)
    plan: str
    proposed_by: str
    why: str = ""
    at: datetime = Field(sa_type=UtcMoment)


class PlanMarkRow(SQLModel, table=True):
    """What became of a plan, once each, with the hash of the plan that it was said of; `words`: by whose decision, or
    the entries (canonical JSON). The database refuses to change or delete it."""

    __tablename__ = "plan_marks"

    dossier: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    mark: PlanMark = Field(primary_key=True, sa_type=word(PlanMark))
    hash: str
    words: str
    at: datetime = Field(sa_type=UtcMoment)


class RemarkRow(SQLModel, table=True):
    """询问客户: what was said, word for word. The database refuses to change or delete it."""

    __tablename__ = "remarks"

    id: int | None = Field(default=None, primary_key=True)
    dossier: str = Field(index=True)
    speaker: Speaker = Field(sa_type=word(Speaker))
    about: str
    words: str
    heard_by: str = ""
    at: datetime = Field(sa_type=UtcMoment)
