"""The cases in which all that the table of refusals holds can be said: prepared by the commands, in a real house."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from functools import partial
from typing import Any
from unittest import mock

import jwt
from itsdangerous import TimestampSigner
from stdnum.cn import ric

from contracts.messages import case_of
from gateways.tokens import CustomerLinks, LocalTokens, link_key
from tests.support.house import House
from tests.support.waiting import until

CODE = re.compile(r"\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")
HOLDER = "周晓明"
EVIDENCE = "evidence/refusals/id.txt"
WAITING, FIRMS, SETTLING, ENDED, PAUSED, OPEN, SPARE = (f"ACC-{7101 + n}" for n in range(7))


@dataclass(frozen=True)
class Ground:
    """Tasks and cases in all their states, and what proves who somebody is.

    `approval`: approved by song.jia with the decision id `key`, one more approver is missing; guo.qiang decided
    `finding` before, ye.qing is absent, jiang.nan recused, david.chen the customer, tian.ye related to them.
    `firms`: asked for by song.jia; its customer did not answer the notice `given_up`. `codes`: the customer's.
    """

    house: House
    approval: str
    finding: str
    key: str
    used_token: str
    firms_approval: str
    given_up: str
    instruments: str
    ended_task: str
    answered: str
    paused_approval: str
    question: str
    codes: dict[str, str]

    waiting = property(lambda self: case_of(self.approval))
    firms = property(lambda self: case_of(self.firms_approval))
    settling = property(lambda self: case_of(self.instruments))
    ended = property(lambda self: case_of(self.ended_task))
    paused = property(lambda self: case_of(self.answered))
    open_case = property(lambda self: case_of(self.question))
    no_task = property(lambda self: f"{self.waiting}.task-99-approval")
    never = "closure-ACC-NEVER"
    never_task = "closure-ACC-NEVER.task-1-confirm_contact"

    def mint(self, who: str, **bounds: Any) -> str:
        """A genuine token."""
        return self.house.tokens.mint(who, **bounds)

    def tokens(self) -> dict[str, str]:
        """What does not prove that luo.hao approves."""
        genuine = self.mint("luo.hao")
        claims = jwt.decode(genuine, options={"verify_signature": False})
        header, payload, _ = genuine.split(".")
        sign: Callable[..., str] = partial(jwt.encode, key=self.house.tokens._key, algorithm="EdDSA")
        return {
            "empty": "",
            "malformed": "eyJ.let.me",
            "alg none": jwt.encode(claims, "", algorithm="none"),
            "forged": LocalTokens(self.house.home / "forger").mint("luo.hao"),
            "altered": ".".join([header, payload, self.mint("wang.fang").split(".")[2]]),
            "expired": self.mint("luo.hao", ttl=timedelta(hours=-1)),
            "foreign issuer": sign(claims | {"iss": "elsewhere"}),
            "wrong audience": sign(claims | {"aud": "payroll"}),
            "unlimited": sign({name: value for name, value in claims.items() if name != "exp"}),
            "used": self.used_token,
            "other task": self.mint("luo.hao", task=self.finding),
            "other option": self.mint("luo.hao", option="reject"),
        }


def prepare(house: House) -> Ground:
    """Bring all cases where they have to be. The customer of the firm's closure is silent for half a minute."""
    _fill(house)
    open_request(
        house, FIRMS, initiator="firm", requested_by="song.jia", payout=None, reason={"code": "compliance_exit"}
    )
    given_up = house.task("closure_notice", FIRMS)
    waiting, key, used_token = _wait_for_the_second_approver(house)
    ended_task = _withdrawn(house)
    answered, paused_approval, used_code = _paused(house)
    open_request(house, OPEN)
    question = house.task("confirm_contact", OPEN)
    open_code = code_of(house, question)
    return Ground(
        house=house,
        approval=waiting,
        finding=next(task["task"] for task in _show(house, WAITING)["tasks"] if task["name"] == "implausible_reason"),
        key=key,
        used_token=used_token,
        instruments=_settling(house),
        ended_task=ended_task,
        answered=answered,
        paused_approval=paused_approval,
        question=question,
        codes={
            "open": open_code,
            "used": used_code,
            "guessed": open_code[:-4] + "AAAA",
            "expired": _expired(house, open_code),
        },
        given_up=given_up,
        firms_approval=until(lambda: _open_task(house, FIRMS, "approval"), "the end of the notice"),
    )


def code_of(house: House, task: str) -> str:
    """The code that the customer got by mail for a task."""
    return until(lambda: _code_in_the_mail(house, task), f"the code for {task}")


def closed(house: House, account: str, approver: str = "luo.hao") -> dict[str, Any]:
    """What `show` says once everybody has agreed to what is still open and the case has ended."""
    wishes = {"confirm_contact": ("confirm", "cao.ning"), "approval": ("approve", approver)}
    wishes |= {"instruments_missing": ("accept", "huang.lei"), "closing_statement": ("received", "cao.ning")}

    def end() -> dict[str, Any] | None:
        shown = _show(house, account)
        for task in shown["tasks"]:
            if task["state"] == "open":
                option, who = wishes[task["name"]]
                house.call("decide", task["task"], option, "--as", who, "--reason", "all is well")
        return shown if shown["ended_at"] else None

    return until(end, f"the end of {account}")


def request(account: str, **changes: Any) -> dict[str, Any]:
    """A request of the holder of one of these accounts."""
    values = {
        "request_id": f"REQ-{account}",
        "account": account,
        "customer": account.replace("ACC", "CUS"),
        "initiator": "customer",
        "channel": "branch",
        "reason": {"code": "business_adjustment", "text": "so"},
        "payout": {"name": HOLDER, "account": "6222020200112233445", "bank": "ICBC"},
        "documents": [{"kind": "identity_card", "reference": EVIDENCE, "sha256": "<hash>"}],
    }
    return values | changes


def open_request(house: House, account: str, **changes: Any) -> None:
    """Somebody asks for the closure; it is taken."""
    put = _done(house, "evidence", "put", house.write("id.txt", "the identity card"), EVIDENCE, "--json")
    asked = request(account, **changes)
    asked["documents"][0]["sha256"] = put["sha256"]
    _done(house, "closure", "request", house.write(f"{account}.json", asked))


# ---- the cases -------------------------------------------------------------------------------------------------------


def _wait_for_the_second_approver(house: House) -> tuple[str, str, str]:
    """The approval, and the decision id and token of its first approver."""
    open_request(house, WAITING, reason={"code": "merger"})
    _done(house, "answer", house.task("confirm_contact", WAITING), "confirm", "--as", "cao.ning")
    _done(house, "decide", house.task("implausible_reason", WAITING), "accept", "--as", "guo.qiang", "--reason", "so")
    approval, token = house.task("approval", WAITING), house.tokens.mint("song.jia")
    _done(house, "decide", approval, "approve", "--token", token, "--id", "FIRST-APPROVER")
    _done(house, "recuse", f"closure-{WAITING}", "--reason", "an old friend", "--as", "jiang.nan")
    today = datetime.now(UTC).date()
    away = ("--from", str(today), "--until", str(today + timedelta(days=1)))
    _done(house, "absence", "ye.qing", *away, "--as", "song.jia")
    return approval, "FIRST-APPROVER", token


def _withdrawn(house: House) -> str:
    open_request(house, ENDED)
    task = house.task("confirm_contact", ENDED)
    _done(house, "withdraw", f"closure-{ENDED}", "--reason", "changed my mind", "--as", "li.wei")
    until(lambda: _show(house, ENDED)["ended_at"], "the end of the withdrawn case")
    return task


def _paused(house: House) -> tuple[str, str, str]:
    """The question that was answered with a code, the approval that waits, and the code."""
    open_request(house, PAUSED)
    task = house.task("confirm_contact", PAUSED)
    code = code_of(house, task)
    _done(house, "answer", task, "confirm", "--token", code)
    approval = house.task("approval", PAUSED)
    _done(house, "pause", f"closure-{PAUSED}", "--as", "li.wei")
    return task, approval, code


def _settling(house: House) -> str:
    """Paid out; its card is not back."""
    open_request(house, SETTLING)
    _done(house, "answer", house.task("confirm_contact", SETTLING), "confirm", "--as", "cao.ning")
    _done(house, "decide", house.task("approval", SETTLING), "approve", "--as", "song.jia")
    return until(lambda: _open_task(house, SETTLING, "instruments_missing"), "the card that is missing")


# ---- what they are made of -------------------------------------------------------------------------------------------


def _fill(house: House) -> None:
    accounts = (WAITING, FIRMS, SETTLING, ENDED, PAUSED, OPEN, SPARE)
    books = {
        "customers": [_customer(account) for account in accounts],
        "accounts": [_account(account) for account in accounts],
        "agreements": [_agreement(account) for account in accounts],
    }
    _done(house, "books", "load", house.write("refusal-books.json", books))


def _customer(account: str) -> dict[str, Any]:
    number = account.removeprefix("ACC-")
    body = f"11010519900101{number[1:]}"
    own = {"channel": "email", "address": f"holder-{number}@example.com", "verified": True, "preferred": True}
    also = {"channel": "email", "address": "david.chen@staff.example.com", "verified": True}
    weighed = {"risk": "medium", "contacts": [own, also], "related_staff": ["tian.ye"]}
    plain = {"risk": "low", "contacts": [own]}
    return {
        "id": f"CUS-{number}",
        "kind": "person",
        "name": HOLDER,
        "identity_number": body + ric.calc_check_digit(f"{body}0"),
        "identity_expires_on": "2039-05-01",
        "language": "zh",
        "since": "2019-04-01",
        **(weighed if account == WAITING else plain),
    }


def _account(account: str) -> dict[str, Any]:
    return {
        "id": account,
        "customer": account.replace("ACC", "CUS"),
        "currency": "CNY",
        "balance": "100.00",
        "opened_on": "2019-04-01",
        "status": "active",
        "freeze": None,
        "last_used_on": "2026-11-01",
    }


def _agreement(account: str) -> dict[str, Any]:
    card = [{"id": f"INS-{account}", "kind": "card", "returned": False}]
    terms = {"signed_on": "2019-04-01", "signed": True, "sealed": True, "notice_days": 0, "obligations": []}
    return {"id": f"AGR-{account}", "account": account, "instruments": card if account == SETTLING else [], **terms}


def _done(house: House, *arguments: str) -> Any:
    """Exit code 0, and the document where one was asked for."""
    ran = house.call(*arguments)
    assert ran.code == 0, (arguments, ran.err)
    return ran.data if "--json" in arguments else None


def _show(house: House, account: str) -> dict[str, Any]:
    shown: dict[str, Any] = _done(house, "show", f"closure-{account}", "--json")
    return shown


def _open_task(house: House, account: str, name: str) -> str | None:
    tasks = [task for task in _show(house, account)["tasks"] if task["name"] == name and task["state"] == "open"]
    return str(tasks[0]["task"]) if tasks else None


def _code_in_the_mail(house: House, task: str) -> str | None:
    case = case_of(task)
    mails = [message_from_bytes(file.read_bytes(), policy=modern) for file in (house.home / "mail").glob("*.eml")]
    texts = [str(mail.get_content()) for mail in mails if mail["X-Quietus-Case"] == case]
    codes = [code for text in texts for code in CODE.findall(text)]
    return codes[0] if codes else None


def _expired(house: House, code: str) -> str:
    """The same code as it would be if it had been sent a year ago."""
    links = CustomerLinks(link_key(house.home / "keys"))
    said = links.verify(code, timedelta(days=1))
    long_ago = int(time.time() - timedelta(days=365).total_seconds())
    with mock.patch.object(TimestampSigner, "get_timestamp", return_value=long_ago):
        return links.issue(said.task, said.dossier, said.nonce, said.content)
