"""客户事故: what a report of an incident carries, and what it is classified as."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.requests import Document, refuse_twice
from contracts.text import Id, Moment, Word, Words
from contracts.vocabulary import Intake, Language


class Category(StrEnum):
    """事故类别."""

    ACCOUNT = "account"  # 账户
    TRANSACTION = "transaction"  # 交易
    TECHNICAL = "technical"  # 技术
    OTHER = "other"  # 其他
    COMPLAINT = "complaint"  # 投诉


class Severity(StrEnum):
    """严重程度, P1 the gravest."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def rank(self) -> int:
        """0 for P4 to 3 for P1: what is graver is higher."""
        return len(Severity) - 1 - list(Severity).index(self)


class IncidentReport(Contract):
    """One report of an incident, by whichever of the seven channels; its words are kept as they were written.
    `category` null: proposed by the rules. `case`: the case that a complaint is about."""

    report_id: Id
    customer: Id
    account: Id | None = None
    channel: Intake
    occurred_at: Moment
    reported_at: Moment
    description: Annotated[Words, Field(min_length=1)]
    category: Category | None = None
    language: Language | None = None
    evidence: tuple[Document, ...] = Field(default=(), max_length=50)
    affected_customers: int = Field(default=1, ge=1, le=100_000_000)
    case: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.occurred_at > self.reported_at:
            raise ValueError("occurred_at: is after reported_at")
        refuse_twice("evidence", self.evidence)
        return self


class Clue(Contract):
    """依据: which rule of the policy led where, by which words or facts of the report."""

    rule: str
    found: tuple[Word, ...]
    says: str


class Proposed(Contract):
    """建议: what the rules make of a report, and what led to it. `matter` names the common cause that reports are
    counted and hung together by; empty where the rules see none. `duplicates`: open cases of the same customer that may
    be about the same."""

    category: Category
    severity: Severity
    matter: str = ""
    clues: tuple[Clue, ...] = ()
    duplicates: tuple[str, ...] = ()


class HandlingStep(StrEnum):
    """处理: what the department does, in this order; a task each."""

    ANALYSE = "analyse"  # 分析
    SOLVE = "solve"  # 方案
    CARRY_OUT = "carry_out"  # 执行
