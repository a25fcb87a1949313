"""Tables of how people work: what they put to tasks, who keeps out or is away, clocks, codes, announced days."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from contracts.findings import FindingKind
from contracts.tasks import ExtensionState
from records.columns import UtcMoment, word


class AttachmentRow(SQLModel, table=True):
    """Evidence that staff put to a task: its place in the evidence store and its SHA-256."""

    __tablename__ = "attachments"

    id: int | None = Field(default=None, primary_key=True)
    task: str = Field(index=True)
    dossier: str = Field(index=True)
    staff: str
    at: datetime = Field(sa_type=UtcMoment)
    reference: str
    sha256: str
    words: str = ""


class RecusalRow(SQLModel, table=True):
    """回避: a member of staff keeps out of a case, by their own word."""

    __tablename__ = "recusals"

    dossier: str = Field(primary_key=True)
    staff: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=UtcMoment)


class HoldRow(SQLModel, table=True):
    """A time in which a case was paused; `until` null: it still is. `disruption`: which one suspended it,
    if not staff."""

    __tablename__ = "holds"

    id: int | None = Field(default=None, primary_key=True)
    dossier: str = Field(index=True)
    since: datetime = Field(sa_type=UtcMoment)
    until: datetime | None = Field(default=None, sa_type=UtcMoment)
    disruption: str = ""


class ExtensionRow(SQLModel, table=True):
    """延期: more time that was asked for, and what became of it. `task` null: for the whole case. `disruption`: which
    one it makes good, if nobody asked for it in this case."""

    __tablename__ = "extensions"

    decision_id: str = Field(primary_key=True)
    dossier: str = Field(index=True)
    task: str | None = None
    working_days: int
    reason: str
    asked_by: str
    at: datetime = Field(sa_type=UtcMoment)
    state: ExtensionState = Field(default=ExtensionState.ASKED, sa_type=word(ExtensionState))
    disruption: str = ""


class AbsenceRow(SQLModel, table=True):
    """Days on which a person is away, both included, entered here and not in the core system."""

    __tablename__ = "absences"

    staff: str = Field(primary_key=True)
    since: date = Field(primary_key=True)
    until: date
    entered_by: str
    at: datetime = Field(sa_type=UtcMoment)


class CommentRow(SQLModel, table=True):
    """A remark of staff on a task."""

    __tablename__ = "comments"

    id: int | None = Field(default=None, primary_key=True)
    task: str = Field(index=True)
    dossier: str
    staff: str
    at: datetime = Field(sa_type=UtcMoment)
    text: str


class CalendarDayRow(SQLModel, table=True):
    """A day that was announced later, or that the firm itself says it works, or not."""

    __tablename__ = "calendar_days"

    day: date = Field(primary_key=True)
    worked: bool
    words: str = ""
    source: str
    loaded_at: datetime = Field(sa_type=UtcMoment)


class CalendarYearRow(SQLModel, table=True):
    """A year whose holidays were announced: its days that stand nowhere else are ordinary."""

    __tablename__ = "calendar_years"

    year: int = Field(primary_key=True)
    source: str
    loaded_at: datetime = Field(sa_type=UtcMoment)


class AnswerCodeRow(SQLModel, table=True):
    """A code with which a customer may answer: for which task, sent to which address by which contact (its key)."""

    __tablename__ = "answer_codes"

    nonce: str = Field(primary_key=True)
    contact: str = Field(unique=True)
    task: str
    dossier: str
    address: str
    issued_at: datetime = Field(sa_type=UtcMoment)


class UsedTokenRow(SQLModel, table=True):
    """A single-use token that was used."""

    __tablename__ = "used_tokens"

    jti: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcMoment)
    used_for: str


class TrainingRow(SQLModel, table=True):
    """培训: what staff are to be trained in, and which case taught it."""

    __tablename__ = "training"

    id: int | None = Field(default=None, primary_key=True)
    dossier: str = Field(index=True)
    kind: FindingKind = Field(sa_type=word(FindingKind))
    words: str
    at: datetime = Field(sa_type=UtcMoment)
