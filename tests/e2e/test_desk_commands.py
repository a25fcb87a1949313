"""The work of staff as they type it: delegating, absence, recusal, evidence, and many tasks at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.refusals import Code
from gateways.books_journal import today
from tests.e2e.test_commands import a_request, until_ended
from tests.e2e.test_commands_refusals import expect
from tests.support.house import House, house

ACCOUNTS = {"ACC-1001": ("CUS-1001", "张伟"), "ACC-1002": ("CUS-1002", "刘洋"), "ACC-1004": ("CUS-1003", "陈静")}
NAME = "identity_unproven"
OF_ALL = ("--all", "--role", "customer_service", "--subject", "without identity_card")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, where three cases wait for customer service: the identity card is missing."""
    with house(tmp_path_factory.mktemp("desk")) as ready:
        for account, (customer, holder) in ACCOUNTS.items():
            request = ready.write(f"{account}.json", a_request(account, customer, holder))
            assert ready.call("closure", "request", request).code == 0
            ready.task(NAME, account)
        yield ready


@pytest.fixture
def first(desk: House) -> str:
    return desk.task(NAME, "ACC-1001")


def inbox(desk: House, *arguments: str) -> dict[str, dict[str, Any]]:
    """The inbox by account."""
    return {line["case"].removeprefix("closure-"): line for line in desk.call("inbox", *arguments, "--json").data}


def results(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["result"], line["code"]) for line in report["results"]]


def test_a_task_is_delegated_and_shown_in_the_inbox_of_the_deputy(desk: House, first: str) -> None:
    given = desk.run("delegate", first, "--as", "li.wei").out
    assert given == f"Task {first} is claimed by chen.jie in place of li.wei.\n"
    line = inbox(desk, "--staff", "chen.jie")["ACC-1001"]
    assert (line["why"], line["delegated_by"]) == ("delegated to you by li.wei", "li.wei")
    assert "nothing is approved by silence" in line["otherwise"]
    assert "delegated to you by li.wei" in desk.run("inbox", "--staff", "chen.jie").out
    in_chinese = desk.call("inbox", "--staff", "chen.jie", QUIETUS_STAFF_LANGUAGE="zh").out
    assert all(words in in_chinese for words in ("li.wei 委托您办理", line["otherwise_zh"]))
    assert desk.call("release", first, "--as", "chen.jie").out == f"Task {first} is not claimed.\n"


def test_evidence_is_put_to_a_task_and_shown(desk: House, first: str) -> None:
    put = desk.call(
        "attach", first, "examples/evidence/req-0001/id.txt", "--as", "li.wei", "--words", "a copy", "--json"
    )
    assert put.data["reference"] == "tasks/closure-ACC-1001.1/1-id.txt"
    assert put.data["reference"] in desk.run("show", "closure-ACC-1001").out
    large = desk.write("large.bin", "x" * 10_000_001)
    expect(desk.call("attach", first, large, "--as", "li.wei", "--json"), Code.TOO_LARGE, "10,000,001 bytes")


def test_who_is_away_has_a_deputy_with_the_same_inbox(desk: House, first: str) -> None:
    day = today().isoformat()
    assert desk.call("claim", first, "--as", "peng.fei").code == 0
    away = desk.call("absence", "peng.fei", "--from", day, "--until", day, "--as", "song.jia", "--json")
    assert (away.data["deputy"], away.data["waiting"]) == ("cao.ning", [first])
    assert inbox(desk, "--staff", "cao.ning")["ACC-1001"]["why"] == (
        f"as deputy of peng.fei, who is absent until {day}"
    )
    expect(desk.call("claim", first, "--as", "peng.fei", "--json"), Code.FORBIDDEN, "absent")
    assert desk.call("claim", first, "--as", "cao.ning").code == 0
    assert desk.call("release", first, "--as", "cao.ning").code == 0
    rehearsed = desk.call("decide", *OF_ALL, "end", "--reason", "x", "--as", "cao.ning", "--dry-run").out
    assert rehearsed.count("end by cao.ning in place of peng.fei; 1 of 1, would be decided") == len(ACCOUNTS)
    alone = desk.call("absence", "cao.ning", "--from", day, "--until", day, "--as", "song.jia", "--json").data
    told = desk.call("absence", "peng.fei", "--from", day, "--until", day, "--as", "song.jia").out
    assert f"Nobody stands in from {day} until {day}: cao.ning is absent too." in told
    for person in (alone["staff"], "peng.fei"):
        ended = desk.call("absence", person, "--from", day, "--end", "--as", "song.jia")
        assert ended.out == f"The absence of {person} from {day} is taken back.\n"
    expect(desk.call("absence", "peng.fei", "--from", day, "--end", "--as", "song.jia", "--json"), Code.NOT_FOUND)


@pytest.mark.parametrize(
    ("days", "code"),
    [(("2026-11-31", "2026-12-01"), Code.BAD_INPUT), (("2020-01-01", "2020-01-02"), Code.BAD_INPUT)],
)
def test_days_that_do_not_exist_or_are_past_are_no_absence(desk: House, days: tuple[str, str], code: Code) -> None:
    since, until = days
    expect(desk.call("absence", "li.wei", "--from", since, "--until", until, "--as", "li.wei", "--json"), code)


def test_all_that_somebody_has_goes_to_another(desk: House) -> None:
    for account in ("ACC-1002", "ACC-1004"):
        assert desk.call("claim", desk.task(NAME, account), "--as", "li.wei").code == 0
    everything = ("reassign", "--all", "--from", "li.wei", "--to", "chen.jie", "--as", "song.jia")
    rehearsed = desk.call(*everything, "--dry-run", "--json")
    assert (rehearsed.code, results(rehearsed.data)) == (0, [("would be done", "")] * 2)
    assert "Of 2 tasks: 2 done." in desk.run(*everything).out
    assert {line["claimed_by"] for line in inbox(desk).values()} == {None, "chen.jie"}
    other_way = ("reassign", "--all", "--from", "chen.jie", "--to", "deng.xia", "--as", "song.jia", "--json")
    refused = desk.call(*other_way)
    assert (refused.code, refused.data["refused"], results(refused.data)) == (1, 2, [("refused", Code.FORBIDDEN)] * 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("decide", "--all", "end", "--as", "li.wei"), "--role and --subject"),
        (("decide", *OF_ALL, "x", "end", "--as", "li.wei"), "without a task"),
        (("decide", *OF_ALL, "end", "--token", "x"), "proves one decision"),
        (("decide", *OF_ALL, "end", "--as", "li.wei", "--tokens", "-"), "not both"),
        (("decide", *OF_ALL, "end", "--data", "[]", "--as", "li.wei"), "JSON object"),
        (("decide", "x", "end", "--dry-run", "--as", "li.wei"), "go with --all"),
        (("decide", "x", "--as", "li.wei"), "Missing argument 'OPTION'"),
        (("reassign", "x", "--all", "--to", "li.wei", "--as", "li.wei"), "--from"),
        (("reassign", "x", "--dry-run", "--to", "li.wei", "--as", "li.wei"), "go with --all"),
        (("reassign", "--to", "li.wei", "--as", "li.wei"), "Missing argument 'TASK'"),
        (("decide", "--as", "li.wei"), "Missing argument 'TASK'"),
        (("decide", *OF_ALL, "--as", "li.wei"), "and the OPTION"),
        (("absence", "li.wei", "--from", "2027-01-04", "--as", "li.wei"), "--until"),
        (("absence", "li.wei", "--from", "2027-01-04", "--until", "2027-01-05", "--end", "--as", "li.wei"), "not both"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(desk: House, arguments: tuple[str, ...], words: str) -> None:
    expect(desk.call(*arguments, "--json"), Code.BAD_INPUT, words)


def test_many_are_decided_at_once_and_who_keeps_out_of_one_is_refused_there(desk: House) -> None:
    expect(desk.call("recuse", "closure-ACC-1001", "--as", "li.wei", "--json"), Code.REASON_MISSING)
    assert desk.call("recuse", "closure-ACC-1001", "--as", "li.wei", "--reason", "a friend").code == 0
    assert desk.call("decide", *OF_ALL, "approve", "--as", "nobody").code == 1
    everything = ("decide", *OF_ALL, "end", "--reason", "papers never came", "--json")

    rehearsed = desk.call(*everything, "--as", "li.wei", "--dry-run")
    assert (rehearsed.code, rehearsed.data["done"]) == (1, 0)
    assert sorted(results(rehearsed.data)) == [
        ("refused", Code.FORBIDDEN),
        ("would be done", ""),
        ("would be done", ""),
    ]
    assert len(inbox(desk)) == 3
    in_chinese = desk.call(*everything[:-1], "--as", "li.wei", "--dry-run", QUIETUS_STAFF_LANGUAGE="zh")
    (refusal,) = (line["message_zh"] for line in rehearsed.data["results"] if line["message_zh"])
    assert refusal in in_chinese.out
    assert "Of 3 tasks: 2 would be done, 1 refused." in in_chinese.out

    done = desk.call(*everything, "--as", "li.wei")
    assert (done.code, done.data["done"], done.data["refused"]) == (1, 2, 1)
    assert [line["code"] for line in done.data["results"] if line["task"].startswith("closure-ACC-1001")] == [
        "Forbidden"
    ]
    assert {until_ended(desk, f"closure-{account}")["outcome"] for account in ("ACC-1002", "ACC-1004")} == {"rejected"}
    by_tokens(desk, everything)


def by_tokens(desk: House, everything: tuple[str, ...]) -> None:
    """A token of the identity provider decides one task, so that there must be enough."""
    none = desk.write("none.txt", "\n")
    expect(desk.call(*everything, "--tokens", none), Code.BAD_INPUT, "0 different tokens for 1 task;")
    tokens = desk.write("tokens.txt", f"{desk.tokens.mint('chen.jie')}\n{desk.tokens.mint('chen.jie')}\n")
    assert desk.call(*everything, "--tokens", tokens).data["done"] == 1
    assert until_ended(desk, "closure-ACC-1001")["outcome"] == "rejected"
    assert desk.call(*everything, "--as", "li.wei").data == {"results": [], "done": 0, "refused": 0}
