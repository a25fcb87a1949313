"""A file of complaints: each row a report, or named with what is wrong with it."""

from datetime import datetime

import pytest

from contracts.incidents import IncidentReport
from contracts.refusals import Fault, Refused
from contracts.vocabulary import Intake
from gateways.complaints_file import read_complaints
from tests.support.firm import ROOT

REAL = ROOT / "examples" / "incidents-real.csv"
HEADER = "id,received,via,product,sub_product,issue,sub_issue,narrative,tags"
GOOD = "1,2026-11-20,Web,Card,,Fees,Late fee,They charged me.,"


def read(*rows: str | bytes, header: str = HEADER, customer: str | None = "CUS-1") -> list[IncidentReport | Fault]:
    lines = [row if isinstance(row, bytes) else row.encode() for row in (header, *rows)]
    return list(read_complaints(b"\r\n".join(lines), customer))


def test_a_row_is_a_report_in_the_customers_own_words() -> None:
    [report] = read('7,2026-11-20,Phone,Card,,Fees,Late fee,"They ""charged"" me,\ntwice.",')
    assert isinstance(report, IncidentReport)
    assert (report.report_id, report.customer, report.channel) == ("CFPB-7", "CUS-1", Intake.HOTLINE)
    assert report.description == 'They "charged" me,\ntwice.'
    assert report.reported_at == report.occurred_at == datetime.fromisoformat("2026-11-20T09:00:00+08:00")
    assert report.category is None


@pytest.mark.parametrize(("sub_issue", "says"), [("Late fee", "Fees: Late fee"), ("", "Fees")])
def test_without_a_narrative_it_says_what_was_chosen_in_the_form(sub_issue: str, says: str) -> None:
    [report] = read(f"7,2026-11-20,Web,Card,,Fees,{sub_issue},  ,")
    assert isinstance(report, IncidentReport)
    assert report.description == says


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2026-11-20,Web,,,Fees,,x,", "id: is empty"),
        ("a b,2026-11-20,Web,,,Fees,,x,", "id: should be"),
        ("2,2026-02-30,Web,,,Fees,,x,", "received: should be a day"),
        ("2,20261120,Web,,,Fees,,x,", "received: should be a day"),
        ("2,,Web,,,Fees,,x,", "received: should be a day"),
        ("2,2026-11-20,Pigeon,,,Fees,,x,", "via: should be one of"),
        ("2,2026-11-20,Web,,,,,,", "narrative: is empty, and so are issue"),
        (f"2,2026-11-20,Web,,,Fees,,{'x' * 8001},", "description: String should have at most 8000"),
        (f"2,2026-11-20,Web,,,Fees,,{'x' * 200_000},", "is not CSV: field larger"),
        ("2,2026-11-20,Web,,,Fees,,a\x07b,", "forbidden character U+0007"),
        ("2,2026-11-20,Web,,,Fees,,a\x00b,", "forbidden character U+0000"),
        ("2,2026-11-20,Web,,,Fees,,a\u202eb,", "forbidden character U+202E"),
        ("2,2026-11-20,Web,,,Fees,,x", "has 8 cells, the header 9"),
        ("2,2026-11-20,Web,,,Fees,,x,,", "has 10 cells, the header 9"),
        ('2,2026-11-20,Web,,,Fees,,"x"y,', "is not CSV"),
        (b"2,2026-11-20,Web,,,Fees,,caf\xe9,", "is not UTF-8"),
        ("1,2026-11-21,Web,,,Fees,,another,", "id: stands in row 2 already"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(row: str | bytes, reason: str) -> None:
    first, fault, last = read(GOOD, row, GOOD.replace("1,", "3,", 1))
    assert isinstance(first, IncidentReport)
    assert isinstance(fault, Fault)
    assert fault.path == "row 3"
    assert reason in fault.message
    assert isinstance(last, IncidentReport)
    assert last.report_id == "CFPB-3"


def test_a_row_may_name_its_customer_and_account() -> None:
    rows = (f"{GOOD},CUS-7,ACC-7", f"{GOOD.replace('1,', '2,', 1)},,")
    named, unnamed = read(*rows, header=f"{HEADER},customer,account", customer="CUS-1")
    assert isinstance(named, IncidentReport)
    assert isinstance(unnamed, IncidentReport)
    assert (named.customer, named.account, unnamed.customer, unnamed.account) == ("CUS-7", "ACC-7", "CUS-1", None)


def test_a_row_that_names_no_customer_is_bad_where_none_is_given() -> None:
    [fault] = read(f"{GOOD},", header=f"{HEADER},customer", customer=None)
    assert isinstance(fault, Fault)
    assert fault.message.startswith("customer: ")


@pytest.mark.parametrize(
    ("header", "customer", "missing"),
    [("", "CUS-1", "id"), (HEADER.replace("via", "by"), "CUS-1", "via"), (HEADER, None, "customer")],
)
def test_a_file_with_another_header_is_refused(header: str, customer: str | None, missing: str) -> None:
    with pytest.raises(Refused, match=f"the column {missing} is missing"):
        read(GOOD, header=header, customer=customer)


def test_every_real_complaint_is_a_report() -> None:
    read_all = list(read_complaints(REAL.read_bytes(), "CUS-1001"))
    assert len(read_all) == 1017
    assert not [each for each in read_all if isinstance(each, Fault)]
