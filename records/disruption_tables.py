"""Tables of disruptions: what was declared, which cases it touched, which customers heard of it, its plan's steps."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from contracts.disruption import DisruptionKind, DisruptionStand, DisruptionState
from records.columns import UtcMoment, word


class DisruptionWord(StrEnum):
    """What a customer is told of a disruption, each once."""

    BEGUN = "begun"
    GOES_ON = "goes_on"


class DisruptionRow(SQLModel, table=True):
    """中断: a disruption that was declared. `systems`, `branches` and `regions` are JSON lists; `ending` and `ruling`:
    the ids of the decisions that ended it and ruled on more time."""

    __tablename__ = "disruptions"

    reference: str = Field(primary_key=True)
    kind: DisruptionKind = Field(sa_type=word(DisruptionKind))
    detail: str
    systems: str = "[]"
    branches: str = "[]"
    regions: str = "[]"
    policy: str
    state: DisruptionState = Field(default=DisruptionState.LASTING, sa_type=word(DisruptionState))
    declared_by: str
    at: datetime = Field(sa_type=UtcMoment)
    ending: str = ""
    ended_by: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    cause: str = ""
    working_days: int = 0
    ruling: str = ""
    ruled_by: str = ""
    ruled_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    granted: bool | None = None
    reason: str = ""
    over_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class DisruptedCaseRow(SQLModel, table=True):
    """A case that a disruption touched, once. `suspended_at` null: it ended before; `place`: in which order it is let
    go, from 1, set when the cases are."""

    __tablename__ = "disrupted_cases"

    reference: str = Field(primary_key=True)
    dossier: str = Field(primary_key=True)
    case_id: str
    customer: str
    stand: DisruptionStand = Field(sa_type=word(DisruptionStand))
    suspended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    place: int | None = None
    resumed_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class DisruptionToldRow(SQLModel, table=True):
    """A customer is told something of a disruption, by the case `dossier` and by no other of their cases."""

    __tablename__ = "disruption_told"

    reference: str = Field(primary_key=True)
    customer: str = Field(primary_key=True)
    word: DisruptionWord = Field(primary_key=True, sa_type=word(DisruptionWord))
    dossier: str
    at: datetime = Field(sa_type=UtcMoment)


class DisruptionStepRow(SQLModel, table=True):
    """The `n`th step of the contingency plan that a disruption started. `roles`: its owner and the deputies, a JSON
    list; `signature`: the id of the message that signed it."""

    __tablename__ = "disruption_steps"

    reference: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    n: int
    roles: str
    zh: str
    en: str
    signature: str = ""
    done_by: str = ""
    done_at: datetime | None = Field(default=None, sa_type=UtcMoment)
