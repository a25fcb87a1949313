"""为何不能销户? What is told of the accounts of the examples before a case is what the checks of the case then find."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from activities.blockers import Blockers
from activities.cases import Cases
from activities.reviews import Reviews
from activities.settlement import Settlement
from activities.termination import Termination
from activities.verification import Verification
from contracts.blockers import BlockersView, Obstacle
from contracts.findings import Checked, Finding, FindingKind
from contracts.refusals import Code, Refused
from contracts.requests import Document, Payout, Reason
from contracts.steps import Step
from contracts.tasks import TaskState
from contracts.vocabulary import ReasonCode, Role, Stage
from gateways.books import Ledger
from gateways.books_file import load_books
from gateways.evidence import FolderStore
from gateways.payments import FolderRail
from gateways.screening import ListScreening
from records.database import Database
from tests.activities.closure_world import NOW, POLICIES, POLICY, REQUEST, ROOT, TODAY
from tests.gateways.desk_world import a_task, keep, task_id
from tests.support.accounts import open_accounts


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blockers]:
    home = tmp_path_factory.mktemp("blockers")
    database = Database(f"sqlite:///{home / 'records.db'}")
    database.upgrade()
    load_books(database, (ROOT / "examples/books.json").read_text(encoding="utf-8"), False)
    ListScreening(database).load((ROOT / "examples/sanctions.csv").read_text(encoding="utf-8"), "examples")
    yield Blockers(database, Ledger(), POLICIES, FolderStore(home / "evidence"))
    database.dispose()


def opened(desk: Blockers, name: str) -> Step:
    """A case of the holder, with the papers and an account of the holder's own; the step to check it by."""
    with desk.database.reading() as session:
        holder = desk.books.customer(session, desk.books.account(session, name).customer)
    kind = POLICY.identity.documents[holder.kind][0]
    sha256 = desk.evidence.put(f"{name}/{kind}", b"the paper")
    wish = REQUEST.model_copy(update={
        "request_id": f"REQ-{name}", "account": name, "customer": holder.id, "reason": Reason(code=ReasonCode.OTHER),
        "payout": Payout(name=holder.name, account="6222020200112233445", bank="ICBC"),
        "documents": (Document(kind=kind, reference=f"{name}/{kind}", sha256=sha256),),
    })  # fmt: skip
    case_id = f"closure-{name}"
    begun = Cases(desk.database, desk.books, POLICIES, desk.evidence).open(case_id, wish, NOW)
    return Step(case=case_id, dossier=begun.dossier, policy=begun.policy, name="x", stage=Stage.RECEIVED, at=NOW)


def every_check(desk: Blockers) -> list[Callable[[Step], Checked]]:
    """Those that a case makes; what people answer aside. No name of the examples is on the sanction list."""
    world = (desk.database, desk.books, POLICIES)
    verification = Verification(*world, desk.evidence, ListScreening(desk.database))
    reviews, settlement = Reviews(*world), Settlement(*world, desk.evidence, FolderRail(Path("not-used")))
    return [
        verification.identify,
        verification.screen,
        verification.grade,
        reviews.reason,
        reviews.finance,
        reviews.contract,
        reviews.compliance,
        settlement.check_again,
        Termination(*world, desk.evidence).instruments,
    ]


def told(view: BlockersView) -> dict[str, str]:
    """The findings by fingerprint, each with its sentence."""
    return {
        Finding(kind=each.kind, subject=each.subject, detail="").fingerprint: each.detail
        for each in view.blockers
        if isinstance(each.kind, FindingKind)
    }


EXAMPLES = [*(f"ACC-{n}" for n in range(1001, 1013)), *(f"ACC-{n}" for n in (2001, 2002, 2003, 2004, 2006))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_before_a_case_of_an_example_it_is_told_exactly_what_the_case_then_finds(desk: Blockers, name: str) -> None:
    before = desk.of(name, TODAY)
    step = opened(desk, name)
    found = [
        finding
        for check in every_check(desk)
        for finding in check(step.model_copy(update={"name": check.__name__})).findings
    ]
    assert told(before) == {finding.fingerprint: finding.detail for finding in found}
    during = desk.of(name, TODAY)
    assert told(during) == told(before)
    assert (before.case, during.case, during.risk) == (None, f"closure-{name}.1", before.risk)


def test_the_tasks_of_a_case_are_read_as_they_stand(desk: Blockers) -> None:
    (name,) = open_accounts(desk.database, 1)
    case_id = opened(desk, name).case
    decided = a_task("old", case=case_id, state=TaskState.DECIDED, option="approve", task=f"{case_id}.task-2-old")
    keep(desk.database, a_task("look", case=case_id, roles=(Role.LEGAL,)), decided)
    (told,) = desk.of(name, TODAY).blockers
    assert (told.kind, told.task, told.owner) == (Obstacle.TASK_OPEN, task_id("look", case_id), Role.LEGAL)


def test_nothing_is_written(desk: Blockers) -> None:
    def everything() -> list[str]:
        with closing(sqlite3.connect(str(desk.database.url.database))) as connection:
            return list(connection.iterdump())

    before = everything()
    desk.of("ACC-1005", TODAY)
    assert everything() == before


def test_an_unknown_account_is_not_found(desk: Blockers) -> None:
    with pytest.raises(Refused) as refused:
        desk.of("ACC-404", TODAY)
    assert refused.value.code is Code.NOT_FOUND


def test_an_account_that_was_closed_long_ago_says_when(desk: Blockers) -> None:
    assert [each.kind for each in desk.of("ACC-2005", TODAY).blockers] == [Obstacle.ACCOUNT_CLOSED]
    assert desk.of("ACC-2005", TODAY).closed_on == date(2024, 12, 20)
