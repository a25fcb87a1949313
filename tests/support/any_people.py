"""Whoever is asked in any course of a closure: what they may say, with the data that it wants, and what it ends."""

from collections.abc import Coroutine, Sequence
from typing import Any

from contracts.findings import FindingKind
from contracts.refusals import Code
from contracts.tasks import DecisionReceipt, TaskOption, TaskSpec
from contracts.vocabulary import Outcome
from gateways.evidence import EvidenceStore
from records.tables import CaseRow
from tests.support.any_books import NO_SUCH_PAYEE, RIGHT_NUMBERS
from tests.support.any_world import AnyWorld, Question
from tests.support.happenings import attach

Saying = Coroutine[Any, Any, DecisionReceipt]
"""A decision that is on its way as soon as it is awaited."""

CUSTOMER, SUPERVISOR = "customer", "song.jia"
LISTENERS = (CUSTOMER, "cao.ning", "peng.fei")
YES = (
    *("confirm", "agree", "approve", "accept", "fixed", "confirmed", "top_up", "decline", "corrected", "release"),
    *("done", "solved", "agreed", "over", "continue", "received", "answered", "attested", "signed", "sent"),
)
"""What takes a case on, the better before the worse; for a day to pick any will do."""

THE_ORDER = {"by": "tax", "reference": "order 3"}
DETAILS = [
    {"field": "email", "value": "new@example.com"},
    {"field": "sms", "value": "+8613900139000"},
    {"field": "name", "value": "周小明"},
    {"field": "language", "value": "en"},
    {"payout": {"name": "周晓明", "account": "6217000000000000001", "bank": "CCB"}},
    {"payout": {"name": "李四", "account": "6217000000000000002", "bank": "CCB"}},
    {"payout": {"name": "周晓明", "account": NO_SUCH_PAYEE, "bank": "CCB"}},
]
"""What the customer may say has changed."""

AMENDED = ("payout_failed", "account_info_error", "identity_unproven", "checklist_failed")
"""The findings that a corrected request may clear."""


class AnyPeople:
    """Customer and staff."""

    def __init__(self, world: AnyWorld) -> None:
        self.world = world

    def says(self, question: Question, way: int) -> DecisionReceipt | Code:
        """As `anything`, and what it is answered."""
        return self.world.told(self.anything(question, way))

    def anything(self, question: Question, way: int) -> Saying:
        """Any option, by anybody who holds a role for it; `way` picks both, and the data."""
        options, people = question.spec.options, self._people(question)
        option, who = options[way % len(options)], people[way // len(options) % len(people)]
        return self.decision(question, option, who, way // 7)

    def says_yes(self, question: Question) -> DecisionReceipt | Code:
        """What takes the case on, by the first who may say so; where nobody is responsible, somebody is found."""
        option = _yes(question.spec.options)
        if question.spec.name == FindingKind.INTERNAL_PROCESS:
            self.world.hires()
        for who in self._people(question):
            said = self.world.told(self.decision(question, option, who))
            if said is not Code.FOUR_EYES:
                break
        return said

    def decision(self, question: Question, option: TaskOption, who: str, way: int = 0) -> Saying:
        """One decision, with a reason whether it needs one or not; the data are right when `way` is even."""
        firm, spec = self.world.firm, question.spec
        if option.wants == "reference" and way % 2 == 0:
            self.world.tried(lambda: attach(firm, spec.task, who))
        data = self._data(spec, option, way)
        return firm.decide(spec.task, option.name, who, reason="so be it", data=data)

    def _people(self, question: Question) -> Sequence[str]:
        if question.spec.for_customer:
            return LISTENERS
        firm = self.world.firm
        with firm.world.database.reading() as session:
            return [person.id for person in firm.books.holders(session, question.roles)]

    def _data(self, spec: TaskSpec, option: TaskOption, way: int) -> dict[str, Any]:
        if option.name == "fixed" and spec.finding.startswith(AMENDED) and way % 2 == 0:
            return self._amendment(spec)
        if option.among:
            return {option.wants: option.among[way % len(option.among)]}
        right = RIGHT_NUMBERS.get(spec.facts.get("field", ""), "2026 解 1")
        return {option.wants: right if way % 2 == 0 else "wrong"} if option.wants else {}

    def _amendment(self, spec: TaskSpec) -> dict[str, Any]:
        """All papers, and an account of the customer's own to pay out to."""
        row = self.world.row(spec.task.rpartition(".task-")[0])
        with self.world.firm.world.database.reading() as session:
            name = self.world.firm.books.customer(session, row.customer).name
        papers = ("identity_card", "business_licence", "regulator_order")
        store = self.world.firm.world.evidence
        return {
            "payout": {"name": name, "account": "6222020200112233445", "bank": "ICBC"},
            "documents": [_paper(store, row, kind) for kind in papers],
        }


def _paper(store: EvidenceStore, row: CaseRow, kind: str) -> dict[str, str]:
    reference = f"brought/{row.dossier}/{kind}.jpg"
    return {"kind": kind, "reference": reference, "sha256": store.put(reference, kind.encode())}


def _yes(options: Sequence[TaskOption]) -> TaskOption:
    known = {option.name: option for option in options}
    return next((known[name] for name in YES if name in known), options[0])


def ending_of(spec: TaskSpec, option: str) -> Outcome | None:
    """How the case ends by what was decided; None when it goes on."""
    match spec.name, option:
        case FindingKind.CUSTOMER_REFUSAL.value, "end":
            return Outcome.REFUSED
        case ("approval", "reject") | (_, "end"):
            return Outcome.REJECTED
        case "offer", other if other != "decline":
            return Outcome.RETAINED
        case "refusal_offer", other if other not in {"agree", "object"}:
            return Outcome.RETAINED
    return None
