"""结算: the data checked once more, a snapshot, what is owed collected, the balance paid out. Exactly once."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities import checks
from activities.casework import case_of, cleared, note, record, request_of
from contracts.books import Line, OwnLedger, PaymentState
from contracts.findings import Checked, Finding, FindingKind
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.steps import Step
from gateways.books import Books
from gateways.casebook import open_adjustments
from gateways.evidence import EvidenceStore
from gateways.payments import PaymentOrder, PaymentRail, PaymentRefused
from policy import Policies
from records.database import Database
from records.tables import CaseRow, PaymentOrderRow

CLEAR = Checked()


@dataclass
class Settlement:
    """Takes the account to zero. What is done follows from what the books and the orders say, never from how often a
    step was tried, so that every step may be repeated after any failure."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore
    rail: PaymentRail

    @activity.defn
    def check_again(self, step: Step) -> Checked:
        """The data once more, and a snapshot of them as evidence."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            account = self.books.account(session, row.account)
            receivables = self.books.receivables(session, row.account)
            pending = self.books.pending(session, row.account)
            found = [
                *checks.finance(policy, account, receivables, open_adjustments(session, row.account)),
                *checks.unsettled(pending),
            ]
            reference = f"snapshots/{step.dossier}/{step.round}.json"
            owed = [each.model_dump_json() for each in receivables]
            content = f'{{"account": {account.model_dump_json()}, "receivables": [{", ".join(owed)}]}}'
            sha256 = self.evidence.put(reference, content.encode())
            note(session, step, "snapshot kept", evidence={reference: sha256})
            return effect.record(record(session, step, Checked(findings=tuple(found))))

    @activity.defn
    def collect(self, step: Step) -> Checked:
        """Collect what is owed from the balance, each receivable once."""

        def collect(session: Session, row: CaseRow) -> Checked:
            for each in self.books.receivables(session, row.account):
                amount = self.books.collect_receivable(
                    session, each.id, f"{step.dossier}/collect/{each.id}", step.dossier
                )
                note(session, step, f"receivable {each.id} collected", evidence={"amount": str(amount)})
            return cleared(session, step)

        return self._moving(step, collect)

    @activity.defn
    def pay_out(self, step: Step) -> Checked:
        """Pay the whole balance to the customer's own account elsewhere; without one it is set aside for the customer.

        The order is written down with its posting, handed over under its reference, then marked: whichever of the three
        a failure cuts off, the next try goes on from there.
        """
        written = self._moving(step, lambda session, row: self._write_order(session, step, row))
        if written.findings:
            return written
        with self.database.transaction() as session:
            open_ = self._unfinished(session, step.dossier)
        return self._hand_over(step, open_) if open_ else written

    def _moving(self, step: Step, move: Callable[[Session, CaseRow], Checked]) -> Checked:
        """Move money in one transaction. What the books do not allow is a finding, not a fault."""
        try:
            with self.database.transaction() as session:
                return move(session, case_of(session, step))
        except Refused as refusal:
            if refusal.code is not Code.NOT_ALLOWED:
                raise
            sentence = refusal.sentence
        with self.database.transaction() as session:
            row = case_of(session, step)
            account = self.books.account(session, row.account)
            findings = tuple(checks.frozen(account)) or (_failed(sentence),)
            return record(session, step, Checked(findings=findings))

    def _write_order(self, session: Session, step: Step, row: CaseRow) -> Checked:
        account = self.books.account(session, row.account)
        if self._unfinished(session, step.dossier):
            return CLEAR
        if short := tuple(checks.shortage(account, ())):  # what was on its way may have overdrawn it since the check
            return record(session, step, Checked(findings=short))
        if not account.balance.minor:
            return cleared(session, step)
        orders = select(func.count()).where(PaymentOrderRow.dossier == step.dossier)
        reference = f"{step.dossier}/pay_out/{session.exec(orders).one() + 1}"
        payout = request_of(row).payout
        if payout is None:
            self.books.set_aside(session, account.id, account.balance, reference, step.dossier)
        else:
            self._post(session, step, reference, f"customer:{account.id}", OwnLedger.PAYOUTS_PENDING, account.balance)
        session.add(
            PaymentOrderRow(
                reference=reference,
                dossier=step.dossier,
                payee_name=payout.name if payout else "",
                payee_account=payout.account if payout else "",
                bank=payout.bank if payout else "",
                minor=account.balance.minor,
                currency=account.currency,
                state=PaymentState.WRITTEN if payout else PaymentState.SET_ASIDE,
                at=step.at,
            )
        )
        what = "payout ordered" if payout else "balance set aside for the customer"
        note(session, step, what, evidence={"reference": reference, "amount": str(account.balance)})
        return CLEAR if payout else cleared(session, step)

    def _hand_over(self, step: Step, row: PaymentOrderRow) -> Checked:
        order, error = _order(row), ""
        try:
            if not self.rail.known(order.reference):
                self.rail.pay(order)
        except PaymentRefused as refused:
            error = str(refused)
        with self.database.transaction() as session:
            case_of(session, step)
            return self._mark(session, step, row.reference, error)

    def _mark(self, session: Session, step: Step, reference: str, error: str) -> Checked:
        row = session.get_one(PaymentOrderRow, reference, with_for_update=True)
        if row.state is not PaymentState.WRITTEN:
            return CLEAR  # a try that was thought lost has marked it
        amount, pending = Money(minor=row.minor, currency=row.currency), OwnLedger.PAYOUTS_PENDING.of(row.currency)
        account = session.get_one(CaseRow, step.dossier).account
        if error:
            row.state, row.error = PaymentState.REFUSED, error
            self._post(session, step, f"{reference}/refused", pending, f"customer:{account}", amount)
            return record(session, step, Checked(findings=(_failed(error),)))
        row.state = PaymentState.PAID
        self._post(session, step, f"{reference}/paid", pending, OwnLedger.PAYOUTS, amount)
        note(session, step, "paid out", evidence={"reference": reference, "amount": str(amount)})
        return cleared(session, step)

    def _post(self, session: Session, step: Step, reference: str, source: str, target: str, amount: Money) -> None:
        to = OwnLedger(target).of(amount.currency) if target in set(OwnLedger) else target
        lines = [Line(ledger=source, amount=-amount), Line(ledger=to, amount=amount)]
        self.books.post(session, reference, "payout", lines, step.dossier, at=step.at)

    def _unfinished(self, session: Session, dossier: str) -> PaymentOrderRow | None:
        written = select(PaymentOrderRow).where(
            PaymentOrderRow.dossier == dossier, col(PaymentOrderRow.state) == PaymentState.WRITTEN
        )
        return session.exec(written).first()


def _order(row: PaymentOrderRow) -> PaymentOrder:
    return PaymentOrder(
        reference=row.reference,
        payee_name=row.payee_name,
        payee_account=row.payee_account,
        bank=row.bank,
        amount=Money(minor=row.minor, currency=row.currency).text,
        currency=row.currency,
        text=f"closing balance, {row.dossier}",
    )


def _failed(sentence: str) -> Finding:
    return Finding(kind=FindingKind.PAYOUT_FAILED, detail=sentence)
