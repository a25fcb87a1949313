"""`blockers` and the blockers of `show`, as staff type them. From the records: no server runs here."""

from datetime import UTC, datetime

import pytest

from activities.cases import Cases
from contracts.refusals import Code
from contracts.requests import ClosureRequest
from gateways.books import Ledger
from gateways.evidence import FolderStore
from policy import Policies
from records.database import Database
from records.tables import CaseRow
from tests.e2e.test_commands_refusals import expect
from tests.support.house import ROOT, House

PROMISED = "kind subject detail evidence owner way way_out way_out_zh customer_can override since until task"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The books of the examples, and no Temporal anywhere."""
    home = tmp_path_factory.mktemp("office")
    ready = House(home, {"QUIETUS_HOME": str(home), "TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert ready.call("books", "load", "examples/books.json").code == 0
    return ready


def open_case(office: House, name: str) -> str:
    """The case of an example request, as its first activity opens it."""
    database = Database(f"sqlite:///{office.home / 'quietus.db'}")
    request = ClosureRequest.model_validate_json((ROOT / "examples" / name).read_text(encoding="utf-8"))
    cases = Cases(database, Ledger(), Policies(ROOT / "policy"), FolderStore(office.home / "evidence"))
    opened = cases.open(f"closure-{request.account}", request, datetime.now(UTC))
    database.dispose()
    return opened.case


def test_every_blocker_of_an_account_is_told_with_its_way_out(office: House) -> None:
    told = office.call("blockers", "ACC-1005", "--json")
    assert told.code == 0
    assert [each["kind"] for each in told.data["blockers"]] == ["checklist_failed", "insufficient_balance"]
    assert set(PROMISED.split()) <= told.data["blockers"][0].keys()
    assert told.data["case"] is None
    page = office.call("blockers", "ACC-1005")
    assert page.code == 0
    for words in ("2 things stand in the way.", "160.00 CNY are short", "RCV-2: 180.00 CNY", "pays in what is short"):
        assert words in page.out


def test_staff_who_work_in_chinese_read_the_way_out_in_chinese(office: House) -> None:
    assert "请客户存入不足金额" in office.call("blockers", "ACC-1005", QUIETUS_STAFF_LANGUAGE="zh").out


def test_an_account_that_nothing_hinders_says_what_the_closing_will_ask_for(office: House) -> None:
    told = office.call("blockers", "ACC-1002").out
    assert "Nothing stands in the way." in told
    assert "the request brings the identity_card" in told


def test_of_a_closed_account_it_is_said_when_it_was_closed(office: House) -> None:
    closed = office.call("blockers", "ACC-2005")
    assert (closed.code, "It was closed on 2024-12-20." in closed.out) == (0, True)


def test_an_unknown_account_is_not_found(office: House) -> None:
    expect(office.call("blockers", "ACC-404", "--json"), Code.NOT_FOUND, "ACC-404")


def test_a_running_case_shows_what_stands_in_its_way(office: House) -> None:
    case = open_case(office, "closure-acc-1001.json")
    assert office.call("books", "freeze", "ACC-1001", "--by", "court", "--reference", "(2026)沪01执9号").code == 0
    shown = office.call("show", case, "--json").data
    kinds = [each["kind"] for each in shown["blockers"]]
    assert kinds == ["identity_unproven", "checklist_failed", "account_frozen"]  # nobody has put the document there
    assert shown["blockers"] == office.call("blockers", "ACC-1001", "--json").data["blockers"]
    assert "In the way" in office.call("show", case).out
    put = office.call("evidence", "put", "examples/evidence/req-0001/id.txt", "evidence/req-0001/id.txt")
    assert put.code == 0
    assert office.call("books", "release", "ACC-1001").code == 0
    assert office.call("show", case, "--json").data["blockers"] == []


def test_a_case_that_has_ended_has_no_blockers(office: House) -> None:
    case = open_case(office, "closure-acc-1003-dormant.json")
    database = Database(f"sqlite:///{office.home / 'quietus.db'}")
    with database.transaction() as session:
        session.get_one(CaseRow, f"{case}.1").ended_at = datetime.now(UTC)
    database.dispose()
    assert office.call("show", case, "--json").data["blockers"] == []
    assert office.call("blockers", "ACC-1003", "--json").data["case"] is None


# ---- the letter ----------------------------------------------------------------------------------------------------


def test_a_letter_to_be_handed_out_says_what_the_customer_can_do_and_has_to_bring(office: House) -> None:
    told = office.call("blockers", "ACC-1005", "--letter")
    assert told.code == 0
    for said in ("尊敬的陈静", "请存入不足的金额", "160.00 CNY", "身份证", "请指定一个以您本人"):
        assert said in told.out
    for ours in ("checklist_failed", "财务", "合规", "风险", "finance"):
        assert ours not in told.out


def test_a_letter_in_another_language_and_for_other_programs(office: House) -> None:
    told = office.call("blockers", "ACC-1005", "--letter", "--language", "en", "--json").data
    assert (told["account"], told["language"]) == ("ACC-1005", "en")
    assert told["text"].startswith("Dear 陈静,")
    assert "(160.00 CNY)" in told["text"]


def test_a_letter_about_an_unknown_account_is_refused_and_a_language_is_for_a_letter(office: House) -> None:
    expect(office.call("blockers", "ACC-404", "--letter", "--json"), Code.NOT_FOUND, "ACC-404")
    expect(office.call("blockers", "ACC-1005", "--language", "en", "--json"), Code.BAD_INPUT, "--letter")


def test_a_firm_without_approvers_says_so_before_anybody_asks(office: House) -> None:
    for name in ("luo.hao", "david.chen", "tian.ye", "song.jia"):
        away = office.call("absence", name, "--from", "2026-01-01", "--until", "9999-12-31", "--as", name)
        assert away.code == 0, away.err
    told = office.call("blockers", "ACC-1002", "--json").data["blockers"]
    assert [(each["kind"], each["subject"]) for each in told] == [("nobody_responsible", "approval_low")]
    assert "由主管在人员名录中" in office.call("blockers", "ACC-1002", QUIETUS_STAFF_LANGUAGE="zh").out
