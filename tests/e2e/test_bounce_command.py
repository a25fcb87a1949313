"""A mail that came back, from the mail server's report to the message on the customer's next channel."""

import json
from email import message_from_bytes
from pathlib import Path
from typing import Any

from tests.support.house import ROOT, House
from tests.support.waiting import until

CASE = "closure-ACC-1010"  # of a customer with mail first, then SMS


def test_a_mail_that_came_back_goes_out_by_sms(dev: House) -> None:
    request = json.loads((ROOT / "examples/closure-acc-1001.json").read_text(encoding="utf-8"))
    payout = {"name": "James O'Connor", "account": "6222020200112233445", "bank": "ICBC"}
    mine = {"request_id": "REQ-BOUNCE", "account": "ACC-1010", "customer": "CUS-1007", "documents": []}
    assert dev.call("closure", "request", dev.write("bounce.json", request | mine | {"payout": payout})).code == 0
    sent = until(lambda: next(iter(mails(dev)), None), "the mail")
    until(lambda: acknowledged(dev) == [("email", "sent")], "the mail to be on record")

    report = dev.write("report.eml", report_on(str(sent["Message-ID"])))
    told = dev.run("bounce", report, "--json")
    assert (told.code, told.data["case"], told.data["bounce"]["reason"]) == (0, CASE, "5.1.1")
    on_the_next_channel = [("email", "bounced"), ("sms", "sent")]
    until(lambda: acknowledged(dev) == on_the_next_channel, "the text message")
    again = dev.call("bounce", report)  # the mail server says it again
    assert (again.code, again.out) == (0, f"Nothing to do: {CASE} was told before that this message came back.\n")
    assert acknowledged(dev) == on_the_next_channel


def mails(dev: House) -> list[Any]:
    """What the customer got by mail."""
    read = [message_from_bytes(file.read_bytes()) for file in sorted(Path(dev.home / "mail").glob("*.eml"))]
    return [mail for mail in read if mail["X-Quietus-Case"] == CASE and "james" in str(mail["Delivered-To"])]


def acknowledged(dev: House) -> list[tuple[str, str]]:
    """Which ways the acknowledgement went."""
    lines = shown(dev)["contacts"]
    return [(line["medium"], line["state"]) for line in lines if line["template"] == "acknowledgement"]


def shown(dev: House) -> Any:
    """All of the case."""
    return dev.call("show", CASE, "--json").data


def report_on(message_id: str) -> str:
    """What a mail server writes."""
    return (
        'From: MAILER-DAEMON@mx.example.com\nContent-Type: multipart/report; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        "Final-Recipient: rfc822; somebody@example.com\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    )
