"""What the records say of a customer's code: to whom it was sent, for what, and whether it was used."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from sqlmodel import col, select

from activities.deciders import CUSTOMER, Proof
from contracts.books import ContactFacts, CustomerFacts
from contracts.refusals import Code, Refused
from contracts.tasks import TaskOption, TaskSpec, TaskState
from contracts.vocabulary import CustomerKind, Language, Medium, Risk, Role
from gateways.answer_codes import AnswerCodes
from gateways.tokens import CustomerLinks
from records.database import Database
from records.people_tables import AnswerCodeRow
from records.tables import TaskRow

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VALID = timedelta(hours=1)
DOSSIER = "closure-ACC-1.1"
CONTACT = "closure-ACC-1.1/notice-3"
MAIL, PHONE = "zhang.wei@example.com", "+8613800138000"
NEUTRAL = "This code is not valid or no longer valid; please ask us for a new one."
OPTIONS = (TaskOption(name="confirm"), TaskOption(name="deny"))


def a_spec(n: int = 1, **changed: Any) -> TaskSpec:
    """A question to the customer."""
    asked = {"task": f"closure-ACC-1.task-{n}-confirm_contact", "name": "confirm_contact", "subject": "is it you"}
    values = {"roles": (Role.CUSTOMER,), "options": OPTIONS, "facts": {"day": "2026-12-15"}}
    return TaskSpec.model_validate({**asked, **values, **changed})


def a_customer(*verified: str, unverified: tuple[str, ...] = ()) -> CustomerFacts:
    """A customer with these addresses."""
    contacts = [
        ContactFacts(channel=Medium.EMAIL, address=address, verified=address in verified, preferred=False)
        for address in (*verified, *unverified)
    ]
    return CustomerFacts(
        id="CUS-1", kind=CustomerKind.PERSON, name="张伟", language=Language.ZH, since=date(2019, 4, 1), risk=Risk.LOW,
        contacts=tuple(contacts),
    )  # fmt: skip


ZHANG = a_customer(MAIL, PHONE)


class Post:
    """Asks, and judges what comes back, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.codes = AnswerCodes(CustomerLinks(b"k" * 32))

    def ask(self, spec: TaskSpec) -> None:
        """The task stands in the inbox, as `spec` says it."""
        with self.database.transaction() as session:
            row = session.get(TaskRow, spec.task)
            if row:
                row.spec = spec.model_dump_json()
                return
            session.add(
                TaskRow(
                    task=spec.task, dossier=DOSSIER, case_id="closure-ACC-1", name=spec.name, subject=spec.subject,
                    spec=spec.model_dump_json(), roles="[]", state=TaskState.OPEN, shown_at=NOW, due_at=NOW, since=NOW,
                )
            )  # fmt: skip

    def issue(self, spec: TaskSpec, contact: str = CONTACT, address: str = MAIL) -> str:
        with self.database.transaction() as session:
            return self.codes.issue(session, contact, address, spec, DOSSIER, NOW)

    def prove(
        self, code: str, spec: TaskSpec | None, customer: CustomerFacts = ZHANG, dossier: str = DOSSIER,
        valid: timedelta = VALID,
    ) -> str:  # fmt: skip
        with self.database.reading() as session:
            return self.codes.prove(session, code, valid, customer, spec, dossier)

    def use(self, nonce: str, used_for: str, at: datetime = NOW) -> None:
        with self.database.transaction() as session:
            Proof(CUSTOMER, nonce, code=True).use(session, used_for, at)


@pytest.fixture
def post(database: Database) -> Post:
    """A post that has asked the first question."""
    post = Post(database)
    post.ask(a_spec())
    return post


def refusal(act: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code, caught.value.sentence


OUTDATED = (Code.UNAUTHENTICATED, NEUTRAL)


def test_a_code_that_was_sent_answers_its_question_and_speaks_for_its_case(post: Post) -> None:
    code = post.issue(a_spec())
    assert post.prove(code, a_spec()) == post.prove(code, None)


def test_a_code_is_written_down_with_the_address_it_went_to(post: Post) -> None:
    nonce = post.prove(post.issue(a_spec()), a_spec())
    with post.database.reading() as session:
        row = session.get_one(AnswerCodeRow, nonce)
    assert (row.contact, row.task, row.dossier) == (CONTACT, a_spec().task, DOSSIER)
    assert (row.address, row.issued_at) == (MAIL, NOW)


def test_a_message_sent_again_brings_the_same_nonce_and_another_message_another(post: Post) -> None:
    first, again, reminder = post.issue(a_spec()), post.issue(a_spec()), post.issue(a_spec(), contact="reminder")
    nonces = [post.prove(code, a_spec()) for code in (first, again, reminder)]
    assert nonces[0] == nonces[1] != nonces[2]
    with post.database.reading() as session:
        kept = session.exec(select(AnswerCodeRow.contact).order_by(col(AnswerCodeRow.contact))).all()
    assert kept == [CONTACT, "reminder"]


def test_a_code_of_which_the_records_know_nothing_is_refused_though_its_signature_is_good(post: Post) -> None:
    forged = post.codes.links.issue(a_spec().task, DOSSIER, "a-nonce-of-nobody", "0" * 16)
    assert refusal(lambda: post.prove(forged, a_spec())) == OUTDATED


def test_a_code_that_says_another_task_or_case_than_the_records_is_refused(post: Post) -> None:
    code = post.issue(a_spec())
    genuine = post.codes.links.verify(code, VALID)
    for task, dossier in ((a_spec(2).task, DOSSIER), (a_spec().task, "closure-ACC-2.1")):
        swapped = post.codes.links.issue(task, dossier, genuine.nonce, genuine.content)
        assert refusal(partial(post.prove, swapped, None, dossier=dossier)) == OUTDATED


def test_an_expired_code_and_a_guessed_one_are_refused_in_the_same_words(post: Post) -> None:
    code = post.issue(a_spec())
    assert refusal(lambda: post.prove(code, a_spec(), valid=timedelta(seconds=-1))) == OUTDATED
    assert refusal(lambda: post.prove("a.guessed.code", a_spec())) == OUTDATED


def test_a_changed_contact_makes_the_codes_that_went_to_the_old_one_worthless_at_once(post: Post) -> None:
    code = post.issue(a_spec())
    for changed in (a_customer(PHONE), a_customer("new@example.com", PHONE), a_customer()):
        assert refusal(partial(post.prove, code, a_spec(), changed)) == OUTDATED
        assert refusal(partial(post.prove, code, None, changed)) == OUTDATED
    other = post.issue(a_spec(), contact="by sms", address=PHONE)
    assert post.prove(other, a_spec(), a_customer(PHONE))


def test_a_contact_that_is_no_longer_verified_proves_nothing(post: Post) -> None:
    code = post.issue(a_spec())
    assert refusal(lambda: post.prove(code, a_spec(), a_customer(PHONE, unverified=(MAIL,)))) == OUTDATED


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "is it somebody else"},
        {"facts": {"day": "2026-12-16"}},
        {"options": (*OPTIONS, TaskOption(name="later"))},
        {"options": (TaskOption(name="confirm", final=True), OPTIONS[1])},
    ],
    ids=str,
)
def test_a_code_does_not_answer_what_was_changed_since_it_was_sent(post: Post, changed: dict[str, Any]) -> None:
    code = post.issue(a_spec())
    post.ask(a_spec(**changed))
    assert refusal(lambda: post.prove(code, a_spec(**changed))) == OUTDATED
    assert post.prove(post.issue(a_spec(**changed), contact="asked again"), a_spec(**changed))


def test_what_the_customer_does_not_see_may_change(post: Post) -> None:
    code = post.issue(a_spec())
    post.ask(a_spec(barred=("li.wei",), ladder="customer_slow"))
    assert post.prove(code, a_spec(barred=("li.wei",), ladder="customer_slow"))


def test_a_genuine_code_of_another_question_or_case_is_told_so(post: Post) -> None:
    code = post.issue(a_spec())
    other_question = refusal(lambda: post.prove(code, a_spec(2)))
    assert other_question == (Code.FORBIDDEN, "This code answers another question.")
    for spec in (None, a_spec(2)):
        other_case = refusal(partial(post.prove, code, spec, dossier="closure-ACC-2.1"))
        assert other_case == (Code.FORBIDDEN, "This code belongs to another case.")


def test_a_code_answers_once_and_the_same_answer_may_come_again(post: Post) -> None:
    nonce = post.prove(post.issue(a_spec()), a_spec())
    post.use(nonce, "D-1")
    post.use(nonce, "D-1", NOW + timedelta(days=3))
    answered = refusal(lambda: post.use(nonce, "D-2", NOW + timedelta(days=3)))
    assert answered == (Code.ALREADY_DECIDED, "This was already answered on 2026-11-23.")


def test_the_day_of_the_answer_is_told_in_the_zone_of_who_asks(post: Post) -> None:
    nonce = post.prove(post.issue(a_spec()), a_spec())
    shanghai = timezone(timedelta(hours=8))
    post.use(nonce, "D-1", datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    late = refusal(lambda: post.use(nonce, "D-2", datetime(2026, 11, 25, 9, 0, tzinfo=shanghai)))
    assert late == (Code.ALREADY_DECIDED, "This was already answered on 2026-11-24.")
