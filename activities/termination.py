"""解约 and 销户完成: instruments back, papers handed over, contract and services ended, the account closed."""

from dataclasses import dataclass

from temporalio import activity

from activities import checks
from activities.casework import case_of, cleared, note, record, request_of, today
from contracts.findings import Checked, Finding, FindingKind
from contracts.refusals import Code, Refused
from contracts.steps import Step
from contracts.vocabulary import Outcome
from gateways.books import Books
from gateways.casebook import open_adjustments
from gateways.evidence import EvidenceStore
from policy import Policies
from records.canonical import canonical
from records.database import Database


@dataclass
class Termination:
    """Ends what the account stood on."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def instruments(self, step: Step) -> Checked:
        """Cheque books, seals, tokens and cards are back."""
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            found = checks.instruments(self.books.agreements(effect.session, row.account))
            return effect.record(record(effect.session, step, Checked(findings=tuple(found))))

    @activity.defn
    def hand_over_list(self, step: Step) -> str:
        """移交清册: the customer's papers and files, a line each with its hash; kept as evidence."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            documents = request_of(row).documents
            agreements = self.books.agreements(effect.session, row.account)
            lines = [f"{each.kind}: {each.reference} (SHA-256 {each.sha256})" for each in documents]
            lines += [f"agreement {each.id}, signed on {each.signed_on}" for each in agreements]
            items = "\n".join(lines) or "-"
            reference = f"handover/{step.dossier}/{step.round}.txt"
            sha256 = self.evidence.put(reference, items.encode())
            note(effect.session, step, "hand-over list made", evidence={reference: sha256})
            return effect.record(items)

    @activity.defn
    def end_contract(self, step: Step) -> Checked:
        """The agreements end today, and with them the services."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            for agreement in self.books.agreements(effect.session, row.account):
                if agreement.ended_on is None:
                    self.books.end_agreement(effect.session, agreement.id, today(step, policy))
                    note(effect.session, step, f"agreement {agreement.id} ended")
            return effect.record(cleared(effect.session, step))

    @activity.defn
    def close(self, step: Step) -> Checked:
        """Mark the account closed: balance zero, no freeze, no adjustment open. Afterwards it takes no posting."""
        policy = self.policies[step.policy]
        try:
            with self.database.once(step.key, None, Checked) as effect:
                if effect.done:
                    return effect.result
                row = case_of(effect.session, step)
                if waiting := open_adjustments(effect.session, row.account):
                    found = tuple(checks.adjusting(waiting))
                    return effect.record(record(effect.session, step, Checked(findings=found)))
                self.books.mark_closed(effect.session, row.account, step.dossier, today(step, policy))
                row.outcome = Outcome.CLOSED
                note(effect.session, step, "account closed", evidence={"account": canonical(row.account)})
                return effect.record(cleared(effect.session, step))
        except Refused as refusal:
            if refusal.code is not Code.NOT_ALLOWED:
                raise
            sentence = refusal.sentence
        with self.database.transaction() as session:
            account = self.books.account(session, case_of(session, step).account)
            failed = Finding(kind=FindingKind.PAYOUT_FAILED, detail=sentence)
            return record(session, step, Checked(findings=tuple(checks.frozen(account)) or (failed,)))
