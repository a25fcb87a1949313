"""Tables of the rollout of policies: what was published, by whom it was approved, and what each case answered."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from contracts.rollout import PolicyStand, RolloutState
from records.columns import UtcMoment, word


class PublishedPolicyRow(SQLModel, table=True):
    """制度发布: a policy file that was proposed; `text` is the whole file. `ruling`: the id of the decision on it."""

    __tablename__ = "published_policies"

    version: str = Field(primary_key=True)
    text: str
    sha256: str
    effective: date
    state: RolloutState = Field(default=RolloutState.PROPOSED, sa_type=word(RolloutState))
    proposed_by: str
    at: datetime = Field(sa_type=UtcMoment)
    ruling: str = ""
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    reason: str = ""


class PolicyAnswerRow(SQLModel, table=True):
    """What a case answered to a version, once. `looks` and `added` are canonical JSON; `asked`: false for a case that
    the version does not touch, which keeps its own without being asked."""

    __tablename__ = "policy_answers"

    version: str = Field(primary_key=True)
    dossier: str = Field(primary_key=True)
    case_id: str
    stand: PolicyStand = Field(sa_type=word(PolicyStand))
    looks: str = "[]"
    added: str = "[]"
    asked: bool = True
    at: datetime = Field(sa_type=UtcMoment)
