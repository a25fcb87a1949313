"""Reports of mail servers as they really look, and the case that had sent what came back."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.tasks import Bounce
from contracts.vocabulary import CaseKind, Initiator, Language, Medium
from gateways.bounces import LARGEST_REPORT_BYTES, bounce_of, case_of_bounce
from records.database import Database
from records.tables import CaseRow, ContactRow
from tests.support.house import House, Ran

OURS = "<0a1b2c3d4e5f60718293a4b5c6d7e8f901234567@firm.example>"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SERVER = "Reporting-MTA: dns; mx.example.com\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0800"
FAILED = "Final-Recipient: rfc822; zhang.wei@example.com\nAction: failed\nStatus: 5.1.1"
LATE = "Final-Recipient: rfc822; zhang.wei@example.com\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: tomorrow"
SENT = f"From: firm@firm.example\nTo: zhang.wei@example.com\nMessage-ID: {OURS}\nSubject: =?utf-8?b?6ZSA5oi3?="


def report(
    *recipients: str,
    original: str = SENT + "\n\nDear Sir",
    kind: str = "message/rfc822",
    status: str = "message/delivery-status",
) -> bytes:
    """A report as a mail server writes it: words, what became of each recipient, the message."""
    parts = [
        "Content-Type: text/plain; charset=utf-8\n\nI'm sorry to have to inform you, Status: 5.0.0.",
        f"Content-Type: {status}\n\n" + "\n\n".join([SERVER, *recipients]) + "\n",
        f"Content-Type: {kind}\n\n{original}\n",
    ]
    head = "From: MAILER-DAEMON@mx.example.com\nTo: firm@firm.example\nMessage-ID: <of.the.report@mx.example.com>\n"
    head += 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="=b"\n\n'
    text = head + "".join(f"--=b\n{part}\n" for part in parts) + "--=b--\n"
    return text.replace("\n", "\r\n").encode()


def refusal(act: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        act()
    assert "zhang" not in caught.value.sentence
    return caught.value.code, caught.value.sentence


def bounce_or_refusal(raw: bytes) -> Bounce | Code | None:
    """Anything else that is raised is a bug."""
    try:
        return bounce_of(raw)
    except Refused as refused:
        return refused.code


NO_REPORT = (Code.BAD_INPUT, "This is no report of a mail server about a message that was sent.")


# ---- what came back --------------------------------------------------------------------------------------------------


def test_a_message_that_came_back_is_told_by_its_own_id_and_the_servers_reason() -> None:
    assert bounce_of(report(FAILED)) == Bounce(message_id=OURS, reason="5.1.1")


@pytest.mark.parametrize(
    ("kind", "original"),
    [
        ("text/rfc822-headers", SENT),
        ("text/rfc822-headers; charset=utf-8", SENT + "\nX-Cut: in the mid"),
        ("message/rfc822", SENT),
        ("message/rfc822", SENT.replace("Message-ID:", "message-id:\n ")),
        ("message/global-headers", SENT),
        ("message/global", SENT + "\n\n您好"),
    ],
)
def test_the_original_may_be_there_whole_or_by_its_headers(kind: str, original: str) -> None:
    bounce = bounce_of(report(FAILED, kind=kind, original=original))
    assert bounce == Bounce(message_id=OURS, reason="5.1.1")


def test_headers_of_the_original_in_base64_are_read() -> None:
    encoded = b64encode(f"{SENT}\n".encode()).decode()
    raw = report(FAILED, kind="text/rfc822-headers\nContent-Transfer-Encoding: base64", original=encoded)
    assert bounce_of(raw) == Bounce(message_id=OURS, reason="5.1.1")


def test_the_report_of_an_internationalised_address_is_read() -> None:
    failed = FAILED.replace("rfc822; zhang.wei@example.com", "utf-8; 张伟@example.com")
    raw = report(failed, status="message/global-delivery-status", kind="message/global")
    assert bounce_of(raw) == Bounce(message_id=OURS, reason="5.1.1")


def test_lines_may_end_as_unix_writes_them() -> None:
    assert bounce_of(report(FAILED).replace(b"\r\n", b"\n")) == Bounce(message_id=OURS, reason="5.1.1")


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("Action: FAILED\nStatus: 5.7.26 (refused by policy)", "5.7.26"),
        ("action:failed\nstatus:5.2.2", "5.2.2"),
        ("Action: failed\nStatus: 4.4.7", "4.4.7"),  # the server has tried for long enough
        ("Action: failed", ""),
        ("Action: failed\nStatus: unknown user zhang.wei@example.com", ""),
        ("Status: 5.1.10", "5.1.10"),  # not every server says what it did
        ("Action: failed\nDiagnostic-Code: smtp; 550 no\n Status: 5.9.9\nStatus: 5.1.1", "5.1.1"),
    ],
)
def test_the_reason_is_the_code_of_who_was_not_reached_and_no_words(recipient: str, reason: str) -> None:
    assert bounce_of(report(f"Final-Recipient: rfc822; z@example.com\n{recipient}")) == Bounce(
        message_id=OURS, reason=reason
    )


@pytest.mark.parametrize(
    "recipient",
    [LATE, "Action: relayed\nStatus: 2.0.0", "Action: delivered\nStatus: 2.0.0", "Action: expanded", "Status: 4.2.2"],
)
def test_a_message_that_is_late_or_went_on_or_arrived_did_not_come_back(recipient: str) -> None:
    assert bounce_of(report(recipient)) is None


def test_one_of_several_recipients_who_was_not_reached_is_enough() -> None:
    assert bounce_of(report(LATE, FAILED)) == Bounce(message_id=OURS, reason="5.1.1")


# ---- what is no report -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\xff", b"hello", b"Subject: I am on holiday\r\n\r\nuntil Monday",
        report(FAILED).replace(b"multipart/report", b"multipart/mixed"),
        report(FAILED).replace(b"message/delivery-status", b"message/disposition-notification"),
        report(FAILED, status="text/plain"),
        report(), report("nothing is said here"),
        report(FAILED).replace(b'boundary="=b"', b"boundary=other"),
        report(FAILED).replace(b'; boundary="=b"', b""),
        b"Content-Type: multipart/report; charset*=utf-8''x\r\n\r\n\xff",
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_one_sentence(raw: bytes) -> None:
    assert refusal(lambda: bounce_of(raw)) == NO_REPORT


@pytest.mark.parametrize("original", ["", "Subject: no id", "Message-ID: none", f"Message-ID: <{'x' * 400}@y>"])
def test_a_report_that_names_no_message_is_refused(original: str) -> None:
    code, sentence = refusal(lambda: bounce_of(report(FAILED, original=original)))
    assert (code, sentence) == (Code.BAD_INPUT, "The report does not say which message came back.")


def test_a_report_within_a_mail_of_somebody_is_no_report() -> None:
    raw = b"From: a@example.com\r\nContent-Type: message/rfc822\r\n\r\n" + report(FAILED)
    assert refusal(lambda: bounce_of(raw)) == NO_REPORT


def test_a_report_over_one_megabyte_is_refused_before_it_is_read() -> None:
    assert refusal(lambda: bounce_of(b"x" * (LARGEST_REPORT_BYTES + 1)))[0] is Code.TOO_LARGE


def test_parts_within_parts_without_end_are_refused() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000))
    assert refusal(lambda: bounce_of(nested)) == NO_REPORT
    nested = b"Content-Type: message/rfc822\n\n" * 3_000
    assert refusal(lambda: bounce_of(nested)) == NO_REPORT


@pytest.mark.parametrize("depth", [100, 300, 900])
def test_a_status_that_holds_messages_within_messages_is_read_or_refused(depth: int) -> None:
    within = "Content-Type: message/rfc822\n\n" * depth + "Action: failed"
    raw = report(within, status="message/global-delivery-status\n\nContent-Type: message/rfc822")
    assert bounce_or_refusal(raw) in (Bounce(message_id=OURS), Code.BAD_INPUT)


WHOLE = report(FAILED)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)), st.binary(max_size=12))
def test_a_report_that_was_damaged_on_the_way_is_read_or_refused(first: int, last: int, noise: bytes) -> None:
    damaged = WHOLE[:first] + noise + WHOLE[max(first, last) :]
    assert isinstance(bounce_or_refusal(damaged), Bounce | None) or bounce_or_refusal(damaged) is Code.BAD_INPUT


# ---- whose it is -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(database: Database) -> Database:
    """Records in which a case has sent a message."""
    with database.transaction() as session:
        session.add(_case())
        session.flush()
        session.add(_contact())
    return database


def _case() -> CaseRow:
    return CaseRow(
        dossier="closure-ACC-1.1", case_id="closure-ACC-1", n=1, kind=CaseKind.CLOSURE, request_id="R", request="{}",
        request_hash="", account="ACC-1", customer="CUS-1", language=Language.ZH, initiator=Initiator.CUSTOMER,
        policy="p", stage="finance", outcome="open", opened_at=NOW, expected_by=NOW,
    )  # fmt: skip


def _contact() -> ContactRow:
    return ContactRow(
        key="closure-ACC-1.1/notice-3", dossier="closure-ACC-1.1", template="offer", medium=Medium.EMAIL,
        address="zhang.wei@example.com", message_id=OURS, state=DeliveryState.SENT, at=NOW,
    )  # fmt: skip


def test_what_came_back_is_told_to_the_case_that_sent_it(sent: Database) -> None:
    with sent.reading() as session:
        assert case_of_bounce(session, Bounce(message_id=OURS)).case_id == "closure-ACC-1"


def test_what_somebody_else_sent_is_not_ours(sent: Database) -> None:
    with sent.reading() as session:
        unknown = refusal(lambda: case_of_bounce(session, Bounce(message_id="<other@firm.example>")))
    assert unknown == (Code.NOT_FOUND, "No message of a case has the id of the one that came back.")


def test_what_an_ended_case_sent_is_told_to_nobody(sent: Database) -> None:
    with sent.transaction() as session:
        case = session.get_one(CaseRow, "closure-ACC-1.1")
        case.ended_at, case.outcome = NOW, "closed"
    with sent.reading() as session:
        code, sentence = refusal(lambda: case_of_bounce(session, Bounce(message_id=OURS)))
    assert code is Code.ALREADY_ENDED
    assert sentence.startswith("Case closure-ACC-1 ended on 2026-11-23 as closed;")


# ---- as the mail server's command ------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> House:
    """A firm with its own records and no Temporal."""
    database = Database(f"sqlite:///{tmp_path / 'quietus.db'}")
    database.upgrade()
    with database.transaction() as session:
        session.add_all([_case(), _contact()])
    database.dispose()
    return House(tmp_path, {"QUIETUS_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"})


def bounced(office: House, raw: bytes, *options: str) -> Ran:
    """What the command says of a report."""
    file = office.home / "report.eml"
    file.write_bytes(raw)
    return office.call("bounce", str(file), *options)


def test_a_report_of_a_late_message_is_taken_and_nothing_is_done(office: House) -> None:
    late = bounced(office, report(LATE))
    assert (late.code, late.err) == (0, "")
    assert late.out.startswith("Nothing to do")
    assert bounced(office, report(LATE), "--json").data == {"case": None, "bounce": None, "told_before": False}


def test_a_message_of_somebody_else_that_came_back_is_not_found(office: House) -> None:
    other = bounced(office, report(FAILED, original="Message-ID: <other@firm.example>"), "--json")
    assert (other.code, other.error["code"]) == (1, Code.NOT_FOUND)


def test_what_is_no_report_is_unusable_input(office: House) -> None:
    ran = bounced(office, b"Subject: hello\r\n\r\n")
    assert (ran.code, ran.out, ran.err) == (2, "", NO_REPORT[1] + "\n")


def test_a_report_that_the_case_cannot_be_told_is_not_taken(office: House) -> None:
    assert bounced(office, report(FAILED), "--json").error["code"] == Code.UNREACHABLE
