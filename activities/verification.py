"""身份验证: papers, documents, contact, name screening, and the risk grade with its reasons."""

from dataclasses import dataclass
from datetime import date

from temporalio import activity

from activities import checks
from activities.casework import accepted, case_of, record, request_of, today
from contracts.books import CustomerFacts
from contracts.findings import Checked, Finding, FindingKind
from contracts.steps import Step
from gateways.books import Books
from gateways.evidence import EvidenceStore
from gateways.screening import Hit, Screening
from policy import Policies
from records.canonical import canonical
from records.database import Database


@dataclass
class Verification:
    """Proves who asks, and how much care the case needs."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore
    screening: Screening

    @activity.defn
    def identify(self, step: Step) -> Checked:
        """Check digits, expiry, name against the books, documents against the evidence store, a contact to ask on."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            request, customer = request_of(row), self.books.customer(effect.session, row.customer)
            day = today(step, policy)
            hashes = {each.reference: self.evidence.sha256_of(each.reference) for each in request.documents}
            findings = [
                *checks.papers(customer, day),
                *checks.payee(customer, request),
                *checks.reachable(customer),
                *checks.documents(request, customer, policy, hashes),
            ]
            return effect.record(record(effect.session, step, Checked(findings=tuple(findings))))

    @activity.defn
    def screen(self, step: Step) -> Checked:
        """The customer, and a company's legal representative, against the sanction list that is loaded."""
        rules = self.policies[step.policy].screening
        with self.database.transaction() as session:
            customer = self.books.customer(session, case_of(session, step).customer)
        screened = [self.screening.screen(name, born, rules) for name, born in _names(customer)]
        hits = [_hit(hit, each.version) for each in screened for hit in each.hits]
        unique = {finding.fingerprint: finding for finding in reversed(hits)}
        best = max((each.best_score for each in screened), default=0)
        reasons = (f"best score {best}", f"list {screened[0].version or 'none is loaded'}")
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            checked = Checked(findings=tuple(unique.values()), reasons=reasons)
            return effect.record(record(effect.session, step, checked))

    @activity.defn
    def grade(self, step: Step) -> Checked:
        """The risk grade from dealings, with its reasons; high needs somebody's word."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            hit = accepted(session, step.dossier, [FindingKind.SCREENING_HIT])
            points = checks.risk_points(
                policy,
                self.books.account(session, row.account),
                self.books.customer(session, row.customer),
                self.books.entries(session, row.account),
                request_of(row),
                today(step, policy),
                accepted_hit=hit,
            )
            risk = checks.grade(policy, sum(points.values()))
            reasons = tuple(f"{name}: {count}" for name, count in points.items())
            row.risk, row.risk_reasons = risk, canonical(list(reasons))
            checked = Checked(findings=tuple(checks.high_risk(policy, points)), risk=risk, reasons=reasons)
            return effect.record(record(session, step, checked))


def _names(customer: CustomerFacts) -> list[tuple[str, date | None]]:
    names: list[tuple[str, date | None]] = [(customer.name, customer.birth_date)]
    if customer.legal_representative:
        names.append((customer.legal_representative, None))
    return names


def _hit(hit: Hit, version: str) -> Finding:
    return Finding(
        kind=FindingKind.SCREENING_HIT,
        subject=hit.entry_id,
        detail=f"matches entry {hit.entry_id} of list {version[:12]} with score {hit.score}",
        facts={
            "score": str(hit.score),
            "matched_name": hit.matched_name,
            "alias": str(hit.is_alias).lower(),
            "list_version": version,
            "birth_date": hit.birth_date,
            "dataset": hit.dataset,
        },
    )
