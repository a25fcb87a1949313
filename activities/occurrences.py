"""发生的事: what happens to a running case is judged, written down as a finding, and said to be over."""

from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel, ValidationError
from sqlmodel import Session, func, select
from temporalio import activity

from activities.casework import case_of, note, today
from activities.deciders import Deciders, unrecused
from contracts.findings import Finding, FindingKind, FindingState
from contracts.judgement import Decider
from contracts.occurrences import NEEDED_DATA, OF_THE_CUSTOMER, RAISABLE, FreezeOrder, InfoChange, Occurrence, Raised
from contracts.refusals import Code, Fault, Refused, bad_input, faults_of
from contracts.requests import Amendment
from contracts.steps import Step
from contracts.tasks import Noted
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.books_standing import correction
from gateways.hearing import LISTENERS
from policy import Policies, Policy
from records.canonical import canonical
from records.database import Database
from records.tables import FindingRow

STEP = "raised"
"""Under this name stand the findings that no check has found."""


@dataclass
class Occurrences:
    """Judges who may say that something happened, and keeps what they said."""

    database: Database
    books: Books
    policies: Policies
    deciders: Deciders

    @activity.defn
    def occurrence(self, step: Step, occurrence: Occurrence) -> Raised:
        """Something happened. Refused: BAD_INPUT, FORBIDDEN, UNAUTHENTICATED; NOT_ALLOWED for what a check finds."""
        with self.database.once(step.key, None, Raised) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            policy = self.policies[step.policy]
            facts = _facts(occurrence, policy, today(step, policy))
            who = self._who(session, step, policy, occurrence)
            noted = occurrence.kind in OF_THE_CUSTOMER and Role.CUSTOMER not in who.roles
            by = f"customer, noted by {who.id}" if noted else who.id
            facts |= {"by": by, "noted_by": who.id} if occurrence.kind in OF_THE_CUSTOMER else {}
            if occurrence.kind is FindingKind.ACCOUNT_FROZEN:
                order = FreezeOrder.model_validate_json(facts.pop("data"))
                facts |= {"by": order.by.value, "reference": order.reference}
                self.books.freeze(session, row.account, order.by, order.reference, today(step, policy))
            if occurrence.kind is FindingKind.REGULATION_CHANGE:
                facts["version"] = self.policies.in_force_on(today(step, policy)).version
            same = select(func.count()).where(FindingRow.dossier == step.dossier, FindingRow.kind == occurrence.kind)
            subject = f"{session.exec(same).one() + 1}"
            if occurrence.kind is FindingKind.CUSTOMER_COMPLAINT and not occurrence.detail.strip():
                raise Refused(Code.REASON_MISSING, "A complaint needs the words of the customer (--detail).")
            detail = occurrence.detail or str(occurrence.kind)
            finding = Finding(kind=occurrence.kind, subject=subject, detail=detail, facts=facts)
            session.add(
                FindingRow(
                    dossier=step.dossier, fingerprint=finding.fingerprint, kind=finding.kind, subject=subject,
                    detail=detail, facts=canonical(facts), step=STEP, round=1, raised_at=step.at,
                )
            )  # fmt: skip
            note(session, step, f"raised: {finding.fingerprint}", detail, who=by, evidence=facts)
            return effect.record(Raised(finding=finding, noted=Noted(by=by, at=step.at)))

    @activity.defn
    def over(self, step: Step, finding: Finding, why: str) -> None:
        """What happened is dealt with, and how."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            case_of(effect.session, step)
            row = effect.session.get_one(FindingRow, (step.dossier, finding.fingerprint))
            if row.state is FindingState.OPEN:
                row.state, row.ended_at = FindingState.CLEARED, step.at
            note(effect.session, step, f"dealt with: {finding.fingerprint}", why)
            effect.record("over")

    def _who(self, session: Session, step: Step, policy: Policy, occurrence: Occurrence) -> Decider:
        who = self.deciders.heard(session, step, policy, occurrence.token, occurrence.decision_id)
        allowed = LISTENERS | {Role.CUSTOMER, Role.SUPERVISOR, Role.MANAGER}
        if occurrence.kind in OF_THE_CUSTOMER and not who.roles & allowed:
            raise Refused(Code.FORBIDDEN, f"{who.id} may not note what the customer says: customer service does.")
        if occurrence.kind not in OF_THE_CUSTOMER and Role.CUSTOMER in who.roles:
            raise Refused(Code.FORBIDDEN, f"Only staff say that a case has {occurrence.kind}.")
        return unrecused(session, step.dossier, who)


def _facts(occurrence: Occurrence, policy: Policy, day: date) -> dict[str, str]:
    """The data, read as the kind needs them; one line a fact."""
    if occurrence.kind not in RAISABLE:
        kinds = ", ".join(sorted(RAISABLE))
        raise Refused(Code.NOT_ALLOWED, f"{occurrence.kind} is found by a check; what can be raised is {kinds}.")
    model = Amendment if occurrence.kind is FindingKind.CUSTOMER_NEED_CHANGE else NEEDED_DATA.get(occurrence.kind)
    if model is None:
        if occurrence.data:
            raise bad_input("occurrence", [Fault(path="data", message=f"{occurrence.kind} takes none")])
        return {}
    read = _read(model, occurrence)
    if isinstance(read, InfoChange) and read.field and read.value:
        correction(read.field, read.value)
    if isinstance(read, Amendment):
        _refuse_useless(read, day + timedelta(days=policy.schedule.furthest_days))
    return {"data": read.model_dump_json(exclude_none=True)}


def _refuse_useless(amendment: Amendment, furthest: date) -> None:
    """A change that changes nothing, or a day that is too far ahead."""
    if amendment == Amendment():
        raise bad_input("occurrence", [Fault(path="data", message="names nothing that changes")])
    if amendment.wished_on and amendment.wished_on > furthest:
        words = f"is too far ahead; the last day that can be wished is {furthest}"
        raise bad_input("occurrence", [Fault(path="data.wished_on", message=words)])


def _read(model: type[BaseModel], occurrence: Occurrence) -> BaseModel:
    try:
        return model.model_validate_json(canonical(occurrence.data))
    except ValidationError as error:
        faults = [Fault(path=f"data.{fault.path}".rstrip("."), message=fault.message) for fault in faults_of(error)]
        raise bad_input("occurrence", faults) from None
