"""处理: what a remedy does to the books and the records: correct, waive, set off, release, learn. Each done once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from temporalio import activity

from activities import checks
from activities.casework import case_of, move_expected, note, request_of
from contracts.books import AccountFacts, CustomerField, Line, OwnLedger
from contracts.findings import Finding, FindingKind
from contracts.mending import Change, NewDay, Release, Shortfall
from contracts.money import Money
from contracts.refusals import Refused
from contracts.requests import Amendment
from contracts.steps import Step
from contracts.vocabulary import Language
from gateways.books import Books
from gateways.books_facts import ledger_of
from gateways.books_standing import correction
from gateways.calendar_days import calendar_of
from gateways.deadlines import stands
from gateways.overall import overall_of
from policy import Policies
from records.canonical import canonical
from records.database import Database
from records.people_tables import AttachmentRow, TrainingRow
from records.tables import CaseRow


@dataclass
class Mending:
    """What remedies do. The old value of everything that is changed stays in the trail."""

    database: Database
    books: Books
    policies: Policies

    @activity.defn
    def unusable(self, step: Step, change: Change) -> str:  # noqa: ARG002
        """Why the value that was named cannot be; empty when it can."""
        try:
            correction(change.field, change.value)
        except Refused as refusal:
            return refusal.sentence
        return ""

    @activity.defn
    def correct(self, step: Step, change: Change) -> str:
        """Correct a field of the customer's record; answers the old value."""

        def correct(session: Session, row: CaseRow) -> str:
            old = self.books.update_customer(session, row.customer, change.field, change.value)
            if change.field is CustomerField.LANGUAGE:
                row.language = Language(change.value)
            evidence = {"field": change.field.value, "old": old, "new": change.value, "approved by": change.approved_by}
            note(session, step, f"record corrected: {change.field}", change.reason, who=change.by, evidence=evidence)
            return old

        return self._once(step, correct)

    @activity.defn
    def readdress(self, step: Step, change: Change) -> str:
        """Take a new contact in the place of the old one. Until it is answered there whether it is right, nothing
        else is sent there."""

        def readdress(session: Session, row: CaseRow) -> str:
            old = self.books.propose_contact(session, row.customer, change.field, change.value)
            evidence = {"field": change.field.value, "old": old, "new": change.value}
            note(session, step, f"new contact: {change.field}", change.reason, who=change.by, evidence=evidence)
            return old

        return self._once(step, readdress)

    @activity.defn
    def verify_contact(self, step: Step, change: Change) -> str:
        """The contact is the customer's: from now on it is written to."""

        def verify(session: Session, row: CaseRow) -> str:
            self.books.update_customer(session, row.customer, change.field, change.value)
            note(session, step, f"contact verified: {change.field}", change.reason, who=change.by)
            return change.field

        return self._once(step, verify)

    @activity.defn
    def amend(self, step: Step, amendment: Amendment, why: str) -> str:
        """Change the request; the expected end follows."""

        def amend(session: Session, row: CaseRow) -> str:
            old = request_of(row)
            new = amendment.of(old)
            row.request = new.model_dump_json()
            changed = [name for name in Amendment.model_fields if getattr(old, name) != getattr(new, name)]
            evidence = {f"{name} old": canonical(old.model_dump(mode="json")[name]) for name in changed}
            evidence |= {f"{name} new": canonical(new.model_dump(mode="json")[name]) for name in changed}
            note(session, step, f"request changed: {', '.join(changed)}", why, evidence=evidence)
            move_expected(session, self.policies[step.policy], row, step.at)
            return ", ".join(changed)

        return self._once(step, amend)

    @activity.defn
    def short(self, step: Step) -> Shortfall:
        """What is short on the account at this moment, and what the policy and the customer's other accounts allow."""
        with self.database.reading() as session:
            row = session.get_one(CaseRow, step.dossier)
            short, covered = self._short(session, row), self._covered(session, row)
            waived = self._waived(session, row)
        rules = self.policies[step.policy].shortfall
        within = rules is not None and not checks.exceeds(waived + short, rules.waiver_limit)
        return Shortfall(short=short, set_off=covered, waivable=within)

    @activity.defn
    def waive(self, step: Step, allowed: Money, by: str) -> str:
        """减免: the firm credits what is short, no more than was allowed; the debt is then collected in full."""

        def waive(session: Session, row: CaseRow) -> str:
            amount = min(self._short(session, row), allowed, key=lambda money: money.minor)
            if amount.minor > 0:
                fees = OwnLedger.FEES.of(amount.currency)
                self._move(session, step, "fee waiver", fees, ledger_of(row.account), amount)
                note(session, step, "waived", str(amount), who=by)
            return str(amount)

        return self._once(step, waive)

    @activity.defn
    def set_off(self, step: Step) -> str:
        """抵销: take what is short from the customer's other accounts in the same currency, at the customer's word.
        Empty when they do not cover it any more: then nothing is taken."""

        def set_off(session: Session, row: CaseRow) -> str:
            taken, short = [], self._short(session, row)
            for other in self._givers(session, row) if self._covered(session, row) else ():
                amount = min(short, other.balance, key=lambda money: money.minor)
                if amount.minor > 0:
                    self._move(session, step, "set off", ledger_of(other.id), ledger_of(row.account), amount)
                    taken.append(f"{amount} from {other.id}")
                    short = short - amount
            note(session, step, "set off" if taken else "not set off", ", ".join(taken), who="customer")
            return ", ".join(taken)

        return self._once(step, set_off)

    @activity.defn
    def release_freeze(self, step: Step, finding: Finding, release: Release) -> bool:
        """解冻 on the word of whoever froze it. False where an authority's paper is not attached to the task; then
        nothing is released. A freeze that took its place meanwhile stays."""
        with self.database.once(step.key, None, bool) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            freeze = self.books.account(session, row.account).freeze
            papers = session.exec(select(AttachmentRow).where(col(AttachmentRow.task) == release.task)).all()
            evidence = {paper.reference: paper.sha256 for paper in papers} | {"reference": release.reference}
            if finding.facts["by"] in checks.AUTHORITIES and not papers:
                note(session, step, "freeze not released: no paper of the authority", who=release.by, evidence=evidence)
                return effect.record(False)
            if freeze and (freeze.by, freeze.reference) == (finding.facts["by"], finding.facts["reference"]):
                self.books.release(session, row.account)
                note(session, step, "freeze released", release.reason, who=release.by, evidence=evidence)
            return effect.record(True)

    @activity.defn
    def learn(self, step: Step, finding: Finding, cause: str) -> str:
        """培训: the cause goes onto the list of what staff are trained in."""

        def learn(session: Session, row: CaseRow) -> str:
            session.add(TrainingRow(dossier=row.dossier, kind=finding.kind, words=cause or finding.detail, at=step.at))
            note(session, step, f"put on the training list: {finding.kind}", cause)
            return cause

        return self._once(step, learn)

    @activity.defn
    def new_day(self, step: Step, kind: FindingKind) -> NewDay:
        """When the case is now expected to end: not before the finding that holds it up is due to be mended."""
        with self.database.once(step.key, None, NewDay) as effect:
            if effect.done:
                return effect.result
            session, row, policy = effect.session, case_of(effect.session, step), self.policies[step.policy]
            move_expected(session, policy, row, step.at)
            ladder = policy.ladders[policy.finding(kind).ladder]
            day = max(row.expected_by, calendar_of(session, policy).add(step.at, ladder.due))
            pausing = ladder.waits_for in overall_of(session, policy, row).pauses_for
            note(session, step, "new day", str(kind), evidence={"expected by": day.isoformat()})
            return effect.record(NewDay(expected_by=day, stands=pausing or stands(session, policy, row, step.at)))

    @activity.defn
    def after(self, step: Step, span: str) -> datetime:
        """The moment when a span of the policy, counted from now, is over."""
        with self.database.reading() as session:
            return calendar_of(session, self.policies[step.policy]).add(step.at, span)

    def _short(self, session: Session, row: CaseRow) -> Money:
        """What is owed beyond the balance; not positive when nothing is."""
        account = self.books.account(session, row.account)
        return checks.owed(account, self.books.receivables(session, row.account)) - account.balance

    def _covered(self, session: Session, row: CaseRow) -> bool:
        """Whether something is short that the customer's other accounts hold."""
        short = self._short(session, row)
        return sum(each.balance.minor for each in self._givers(session, row)) >= short.minor > 0

    def _waived(self, session: Session, row: CaseRow) -> Money:
        """What was waived in this case before: the limit is one for the whole case."""
        entries, mine = self.books.entries(session, row.account), f"{row.dossier}/{Mending.waive.__name__}/"
        nothing = Money(minor=0, currency=self.books.account(session, row.account).currency)
        return sum((each.amount for each in entries if each.reference.startswith(mine)), nothing)

    def _givers(self, session: Session, row: CaseRow) -> list[AccountFacts]:
        """The customer's other accounts that money can be taken from."""
        account = self.books.account(session, row.account)
        others = self.books.accounts_of(session, row.customer)
        return [each for each in others if each.id != account.id and checks.can_give(each, account.currency)]

    def _move(self, session: Session, step: Step, text: str, source: str, target: str, amount: Money) -> None:
        """One balanced entry; `source` tells several of one step apart."""
        lines = [Line(ledger=source, amount=-amount), Line(ledger=target, amount=amount)]
        self.books.post(session, f"{step.key}/{source}", text, lines, step.dossier, at=step.at)

    def _once(self, step: Step, do: Callable[[Session, CaseRow], str]) -> str:
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return effect.result
            return effect.record(do(effect.session, case_of(effect.session, step)))
