"""Bank statements as they come: camt.053 and CSV read alike, every fault with its place, nothing fetched, no crash."""

import random
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.refusals import Code, Refused
from contracts.statements import Statement
from gateways.camt_reader import DEEPEST, VERSIONS
from gateways.faults import MOST_FAULTS
from gateways.statements import STATEMENT_LIMIT, read_statements
from tests.support.firm import ROOT

XML = (ROOT / "examples" / "statements" / "2026-11.camt.053.xml").read_text("utf-8")
CSV = (ROOT / "examples" / "statements" / "2026-11.csv").read_text("utf-8")
OLD = (ROOT / "tests" / "data" / "camt.053.001.02.xml").read_text("utf-8")


def read(text: str, account: str = "", currency: str = "") -> tuple[Statement, ...]:
    return read_statements(text.encode(), "november", account, currency)


def one(text: str) -> Statement:
    [statement] = read(text)
    return statement


def faults(text: str | bytes, account: str = "", currency: str = "") -> list[str]:
    """What the refusal names, each with its place."""
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Refused) as refused:
        read_statements(content, "november", account, currency)
    assert refused.value.code is Code.BAD_INPUT
    assert str(refused.value).startswith("The bank statement november cannot be used: ")
    return [str(fault) for fault in refused.value.faults]


def moves(statement: Statement) -> list[tuple[int, str, str, str]]:
    return [(line.n, line.reference, line.amount.text, line.text) for line in statement.lines]


# ---- camt.053 ------------------------------------------------------------------------------------


def test_the_example_says_the_same_as_xml_and_as_csv():
    xml, plain = one(XML), one(CSV)
    assert xml.lines == plain.lines
    assert (xml.account, xml.currency) == (plain.account, plain.currency)
    assert (xml.opening, xml.closing) == (plain.opening, plain.closing)


def test_a_document_is_read_line_by_line():
    statement = one(XML)
    assert (statement.id, statement.account, str(statement.opening)) == (
        "STMT-2026-11",
        "100120200316002001",
        "88000.00 CNY",
    )
    assert (statement.since, statement.until) == (date(2026, 11, 1), date(2026, 11, 20))
    assert moves(statement)[1:4] == [
        (2, "RENT-2026-11", "-2680.00", "办公室租金 2026年11月"),
        (3, "PAY-2026-10-01", "-8200.00", "工资 2026年10月 一"),
        (4, "PAY-2026-10-02", "-7400.00", "工资 2026年10月 二"),
    ]


def test_a_reversal_moves_the_balance_as_its_indicator_says():
    charged, returned = one(XML).lines[5:7]
    assert (charged.amount.text, returned.amount.text) == ("-35.00", "35.00")
    assert (returned.booked_on, returned.value_on) == (date(2026, 11, 12), date(2026, 11, 9))


def test_what_is_not_booked_yet_is_left_out_and_counted():
    assert one(XML).left_out == 1
    assert one(XML.replace("<Cd>PDNG</Cd>", "<Prtry>noted</Prtry>")).left_out == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_the_message_is_read(version: str):
    """Up to version 06 the state of an entry is a code of its own, later a choice; version 02 has no amount in a
    detail but the one of its transaction."""
    text = XML.replace("camt.053.001.08", f"camt.053.001.{version}")
    if version < "07":
        text = re.sub(r"<Sts><Cd>(\w+)</Cd></Sts>", r"<Sts>\1</Sts>", text)
    if version == "02":
        detail = r'(</Refs>\s*)(<Amt Ccy="CNY">[\d.]+</Amt>)\s*<CdtDbtInd>\w+</CdtDbtInd>'
        text = re.sub(detail, r"\1<AmtDtls><TxAmt>\2</TxAmt></AmtDtls>", text)
    assert one(text) == one(XML)


def test_an_older_document_with_two_statements_is_read():
    euros, yen = read(OLD)
    assert moves(euros) == [
        (1, "E2E-1", "450.00", "Invoice 1"),
        (2, "SVC-2", "250.00", "Invoice 2, paid in dollars"),
        (3, "N-2", "-140.50", "Two direct debits"),  # its parts have no amounts: one line
    ]
    assert (euros.account, str(euros.opening), str(euros.closing)) == (
        "DE02120300000000202051",
        "-150.00 EUR",
        "409.50 EUR",
    )
    assert (euros.since, euros.until) == (date(2026, 10, 5), date(2026, 10, 12))
    assert (yen.account, yen.lines, str(yen.closing)) == ("0098-7654321", (), "1200 JPY")
    assert (yen.since, yen.until) == (date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize("part", ["7400.01", '7400.00</Amt><!-- --><Amt Ccy="CNY">'])
def test_parts_that_do_not_make_up_the_entry_stay_one_line(part: str):
    text = XML.replace("7400.00", part, 1)
    if "<!--" in part:
        assert faults(text)[0] == "Stmt[1]/Ntry[3]/NtryDtls[1]/TxDtls[2]/Amt: is not known here, or stands twice"
    else:
        assert [line.amount.text for line in one(text).lines if line.booked_on.day == 5] == ["-21600.00"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("12500.00", "12500,00", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "１２５００.00", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "1E999999999", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "12_500.00", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "-12500.00", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "NaN", "Stmt[1]/Ntry[1]/Amt: should be an amount such as 1234.56"),
        ("12500.00", "", "Stmt[1]/Ntry[1]/Amt: its content is missing"),
        ("12500.00", "12500.001", "Stmt[1]/Ntry[1]: CNY has 2 decimals, not 3"),
        ('Ccy="CNY">12500', 'Ccy="USD">12500', "Stmt[1]/Ntry[1]: Amt: is in 'USD', the account in CNY"),
        ('Ccy="CNY">12500', ">12500", "Stmt[1]/Ntry[1]/Amt: Ccy is missing"),
        ("<Dt>2026-11-02</Dt>", "<Dt>2026-02-30</Dt>", "Stmt[1]/Ntry[1]/BookgDt/Dt: should be a day such as"),
        ("<Dt>2026-11-02</Dt>", "<Dt>2026-1-02</Dt>", "Stmt[1]/Ntry[1]/BookgDt/Dt: should be a day such as"),
        ("T09:41:07", "T25:41:07", "Stmt[1]/Ntry[2]/BookgDt/DtTm: is not one of the values that belong here"),
        ("<CdtDbtInd>CRDT", "<CdtDbtInd>PLUS", "Stmt[1]/Bal[1]/CdtDbtInd: is not one of the values"),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "<CdtDbtInd/>", "Stmt[1]/Bal[1]/CdtDbtInd: is empty"),
        ("<FrDtTm>2026-11-01T00:00:00+08:00", "<FrDtTm> ", "Stmt[1]/FrToDt/FrDtTm: is empty"),
        ("<Id>STMT-2026-11</Id>", "", "Stmt[1]: Id is missing"),
        ("<Ustrd>货款", "<Free>x</Free><Ustrd>货款", "Stmt[1]/Ntry[1]/NtryDtls[1]/TxDtls[1]/RmtInf/Free: is not known"),
        ("<Ccy>CNY</Ccy>", "<Ccy>ABC</Ccy>", "Stmt[1]: 'ABC' is not an ISO 4217 currency code"),
        ("100120200316002001", "", "Stmt[1]: Acct/Id: is empty"),
        ("RENT-2026-11", "RENT&#x202e;", "Stmt[1]/Ntry[2]: reference: holds the forbidden character U+202E"),
        ("82700.50", "82700.51", "Stmt[1]: Bal: 88000.00 CNY and the entries, -5299.50 CNY, do not make"),
        ("<ToDtTm>2026-11-20", "<ToDtTm>2026-10-20", "Stmt[1]: FrToDt: ends on 2026-10-20, before it begins"),
        ("</Document>", "", "is not XML: no element found at line"),
        ("</Id>", "</ID>", "is not XML: mismatched tag at line"),
        ('encoding="UTF-8"', 'encoding="big5"', "multi-byte encodings are not supported"),
    ],
)
def test_a_fault_in_a_document_is_named_with_its_path(old: str, new: str, fault: str):
    assert old in XML
    [found] = faults(XML.replace(old, new, 1))
    assert found.startswith(fault)


def test_every_fault_of_a_document_is_named():
    text = XML.replace("12500.00", "x", 1).replace("6480.50", "６", 1)
    assert [each.split(":")[0] for each in faults(text)] == ["Stmt[1]/Ntry[1]/Amt", "Stmt[1]/Ntry[6]/Amt"]
    text = XML.replace("2680.00", "2680.001", 1).replace('Ccy="CNY">6480.50', 'Ccy="USD">6480.50', 1)
    assert [each.split(":")[0] for each in faults(text)] == ["Stmt[1]/Ntry[2]", "Stmt[1]/Ntry[6]"]


@pytest.mark.parametrize(
    ("root", "fault"),
    [
        ("tech:xsd:camt.052.001.08", "is a camt.052.001.08; camt.053.001.02 to 12 are read"),
        ("tech:xsd:pain.001.001.09", "is a pain.001.001.09; camt.053.001.02 to 12 are read"),
        ("tech:xsd:camt.053.001.01", "is a camt.053.001.01; camt.053.001.02 to 12 are read"),
        ("tech:xsd:camt.053.001.99", "is a camt.053.001.99; camt.053.001.02 to 12 are read"),
        ("tech:xsd:camt.053.001.0８", "is no document of ISO 20022: it begins with"),
        ("tech:xsd:../../evil", "is no document of ISO 20022: it begins with"),
    ],
)
def test_another_message_is_refused_with_its_name(root: str, fault: str):
    [found] = faults(XML.replace("tech:xsd:camt.053.001.08", root))
    assert found.startswith(fault)


def test_another_kind_of_xml_is_refused():
    assert faults("<html><body/></html>") == ["is no document of ISO 20022: it begins with 'html'"]
    assert faults(XML.partition("<Stmt>")[0] + "</BkToCstmrStmt></Document>") == ["holds no statement"]


BILLION_LAUGHS = '<!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "declaration",
    [
        BILLION_LAUGHS,
        '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/camt.dtd">',
        "<!DOCTYPE Document>",
    ],
)
def test_a_document_that_defines_things_is_refused_unread(declaration: str):
    text = XML.replace("<Document", f"{declaration}<Document").replace("RENT-2026-11", "&a;")
    assert faults(text) == ["holds a document type declaration (DTD), which a bank statement never needs"]


def test_an_element_cannot_ask_for_another_type():
    asking = '<Id xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Document" xsi:nil="true">'
    assert one(XML.replace("<Id>STMT", f"{asking}STMT")) == one(XML)


def test_elements_without_end_are_refused():
    text = XML.replace("<RmtInf>", "<RmtInf>" + "<a>" * DEEPEST + "</a>" * DEEPEST, 1)
    assert f"holds more than {DEEPEST} elements inside each other" in faults(text)


def test_a_document_in_utf_16_is_read():
    text = XML.replace("UTF-8", "UTF-16")
    assert read_statements(text.encode("utf-16"), "november") == read(XML)


def test_a_file_that_is_too_large_is_refused_unread():
    with pytest.raises(Refused, match="The bank statement november is larger than 10 MB") as refused:
        read_statements(b"<" * (STATEMENT_LIMIT + 1), "november")
    assert refused.value.code is Code.TOO_LARGE


# ---- CSV -----------------------------------------------------------------------------------------


def test_a_file_with_few_columns_is_of_the_account_that_is_given():
    [statement] = read("Date;Amount;Text\n2026-11-03;-12.50;=1+1\n2026-11-02;+3;\n", "6222", "CNY")
    assert (statement.account, statement.currency, statement.id) == ("6222", "CNY", "november")
    assert (statement.since, statement.until) == (date(2026, 11, 2), date(2026, 11, 3))
    assert moves(statement) == [(1, "", "-12.50", "=1+1"), (2, "", "3.00", "")]
    assert (statement.opening, statement.closing) == (None, None)


def test_debit_lowers_and_credit_raises_the_balance():
    [statement] = read("日期,借方,贷方,余额\n2026-11-02,10.00,,90.00\n2026-11-03,0.00,5.00,95.00\n", "6222", "CNY")
    assert [line.amount.text for line in statement.lines] == ["-10.00", "5.00"]
    assert (str(statement.opening), str(statement.closing)) == ("100.00 CNY", "95.00 CNY")


def test_a_file_that_begins_with_the_newest_line_is_read_as_well():
    rows = CSV.splitlines()
    newest_first = one("\n".join([rows[0], *rows[:0:-1]]))
    assert (newest_first.opening, newest_first.closing) == (one(CSV).opening, one(CSV).closing)
    assert newest_first.lines[0].text == "货款 合同2026-1022"


def test_a_file_of_several_accounts_is_several_statements():
    text = "account,currency,date,amount\nA,CNY,2026-11-02,1\nB,USD,2026-11-02,2\n\nA,CNY,2026-11-03,0\n"
    first, second = read(text, currency="EUR")
    assert [(each.account, each.currency, len(each.lines), each.left_out) for each in (first, second)] == [
        ("A", "CNY", 1, 1),
        ("B", "USD", 1, 0),
    ]


def test_a_mark_of_byte_order_and_quoted_line_breaks_do_no_harm():
    text = '\ufeff日期,金额,摘要\r\n2026-11-02,1.00,"two\r\nlines, ""quoted"""\r\n2026-11-03,x,\r\n'
    assert faults(text, "6222", "CNY")[0].startswith("line 4: amount: should be an amount")
    [line] = read(text.replace("2026-11-03,x,\r\n", ""), "6222", "CNY")[0].lines
    assert line.text.split() == ["two", "lines,", '"quoted"']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("date,amount\n2026-11-02,１２.00", ["line 2: amount: should be an amount as a decimal string"]),
        ("date,amount\n2026-11-02,1 234.00", ["line 2: amount: should be an amount as a decimal string"]),
        ('date,amount\n2026-11-02,"1,234.00"', ["line 2: amount: should be an amount as a decimal string"]),
        ("date;amount\n2026-11-02;1,50", ["line 2: amount: should be an amount as a decimal string"]),
        ("date,amount\n2026-11-02,=1+1", ["line 2: amount: should be an amount as a decimal string"]),
        ("date,amount\n2026-11-02,1.005", ["line 2: amount: CNY has 2 decimals, not 3"]),
        ("date,amount\n2026-02-30,1\n２026-11-02,1", ["line 2: date: should be", "line 3: date: should be"]),
        ("date,amount\n20261102,1", ["line 2: date: should be a day such as 2026-11-20"]),
        ("date,value_date,amount\n2026-11-02,soon,1", ["line 2: value_date: should be a day"]),
        ("date,debit,credit\n2026-11-02,1,1", ["line 2: debit, credit: one of them should have an amount"]),
        ("date,debit,credit\n2026-11-02,,", ["line 2: debit, credit: one of them should have an amount"]),
        ("date,debit,credit\n2026-11-02,-1,", ["line 2: debit, credit: should not be negative"]),
        ("date,amount,balance\n2026-11-02,1,10\n2026-11-03,1,12", ["line 3: balance: should be 11.00 CNY after"]),
        ("date,amount\n2026-11-02,1,2", ["line 2: has 3 cells, the header 2"]),
        ("date,amount,text\n2026-11-02,1,\u202eevil", ["line 2: text: holds the forbidden character U+202E"]),
        ("date,currency,amount\n2026-11-02,ABC,1", ["line 2: amount: 'ABC' is not an ISO 4217 currency code"]),
        ("date,amount,日期\n", ["line 1: the column date stands twice"]),
        ("date,amount,debit\n", ["line 1: has the column amount, so that it cannot have debit or credit"]),
        ("day;sum\n", ["line 1: the column date is missing", "line 1: the column debit", "line 1: the column credit"]),
        ("date,amount\n", ["holds no line"]),
        ("", ["line 1: the column date is missing", "line 1: the column debit", "line 1: the column credit"]),
        ('date,amount\n2026-11-02,"1', ["line 2: is not CSV: unexpected end of data"]),
    ],
)
def test_a_fault_in_a_file_is_named_with_its_line(text: str, expected: list[str]):
    found = faults(text, "6222", "CNY")
    assert len(found) == len(expected)
    assert all(fault.startswith(words) for fault, words in zip(found, expected, strict=True)), found


def test_a_file_that_says_no_account_needs_one():
    assert faults("date,amount\n") == [
        "line 1: the column account is missing",
        "line 1: the column currency is missing",
    ]
    assert faults("account,date,amount\n,2026-11-02,1\n", currency="CNY") == ["line 2: account: is empty"]


def test_a_file_in_another_encoding_is_refused_with_its_line():
    assert faults("日期,金额\n2026-11-02,1\n2026-11-02,1,摘要".encode("gb18030")) == ["line 1: is not UTF-8"]


@pytest.mark.parametrize("text", ["date,amount\n" + "x,1\n" * 200, XML.replace("</Stmt>", "<Ntry/>" * 200 + "</Stmt>")])
def test_a_file_made_of_faults_is_read_no_further_than_anybody_reads(text: str):
    found = faults(text, "6222", "CNY")
    assert (len(found), found[-1]) == (MOST_FAULTS + 1, "there may be more: 100 faults are named at most")


def test_an_error_repeats_nothing_that_could_hide_what_is_read():
    hidden = "\u202e\u2066"
    for text in (XML.replace("tech:xsd", hidden), XML.replace('Ccy="CNY">12500', f'Ccy="{hidden}">12500', 1)):
        assert hidden not in str(faults(text))


# ---- whatever comes ------------------------------------------------------------------------------


def mutated(text: str, chance: random.Random) -> bytes:
    """The same with some bytes changed, cut out, doubled or moved."""
    content = bytearray(text.encode())
    for _ in range(chance.randint(1, 4)):
        at, width = chance.randrange(len(content)), chance.choice((1, 1, 1, 4, 40, 400))
        piece = bytes(content[at : at + width])
        noise = bytes(chance.choices(b'<>&;"/=-0123456789.,\n\x00\xff\xe5ab', k=chance.randint(0, 4)))
        content[at : at + width] = chance.choice((b"", noise, piece * 2, piece[::-1], noise + piece))
    return bytes(content)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([XML, CSV, OLD]), st.randoms(use_true_random=False))
def test_whatever_comes_is_read_or_refused(text: str, chance: random.Random):
    content = mutated(text, chance)
    try:
        statements = read_statements(content, "november", "6222", "CNY")
    except Refused:
        assert faults(content, "6222", "CNY")
    else:
        assert all(isinstance(each, Statement) for each in statements)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes):
    with pytest.raises(Refused):
        read_statements(content, "november", "6222", "CNY")
