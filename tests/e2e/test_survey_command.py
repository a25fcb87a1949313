"""A survey as it is typed: seen in the lists, answered with the code out of the mail, and vouched for."""

import email
import json
import re
from collections.abc import Iterator
from email import policy

import pytest

from contracts.refusals import Code
from tests.e2e.test_commands import a_request
from tests.e2e.test_commands_refusals import expect
from tests.support.house import ROOT, House, house
from tests.support.surveys import ADVISER, CASE, GOOD, SURVEY
from tests.support.waiting import until

TASK = f"{SURVEY}.task-1-survey"
PAPERS = json.loads((ROOT / "examples/closure-acc-1001.json").read_text(encoding="utf-8"))["documents"]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which a customer kept the account."""
    with house(tmp_path_factory.mktemp("survey")) as ready:
        assert ready.call("evidence", "put", "examples/evidence/req-0001/id.txt", PAPERS[0]["reference"]).code == 0
        request = a_request("ACC-1001", "CUS-1001", "张伟", documents=PAPERS, **ADVISER)
        assert ready.call("closure", "request", ready.write("request.json", request)).code == 0
        for name, option in (("confirm_contact", "confirm"), ("offer", "personal_adviser")):
            assert ready.call("answer", ready.task(name, "ACC-1001"), option, "--as", "customer").code == 0
        yield ready


def code(firm: House) -> str | None:
    """The code that stands on a line of its own in the questionnaire, once it has arrived."""
    for file in (firm.home / "mail").glob("*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        if "请评价我们的服务" in str(mail["Subject"]):
            found = re.search(r"^[!-~]{60,}", str(mail.get_content()), re.MULTILINE)
            return found.group() if found else None
    return None


def test_a_customer_answers_a_survey_with_the_code_and_everybody_sees_what_came_of_it(firm: House) -> None:
    token = until(lambda: code(firm), "the code")
    (line,) = firm.call("cases", "--kind", "survey", "--json").data
    assert (line["case"], line["stage"], line["waiting_for"]) == (SURVEY, "questionnaire", ["customer"])
    assert any(each["task"] == TASK for each in firm.call("inbox", "--role", "customer", "--json").data)
    answer = ("answer", TASK, "rated", "--token", token)
    expect(firm.call(*answer, "--data", '{"result": "6"}', "--json"), Code.BAD_INPUT, "data.result: 1, 2, 3")
    assert firm.call(*answer, "--data", json.dumps(GOOD), "--reason", "多谢").code == 0
    until(lambda: firm.call("show", SURVEY, "--json").data["ended_at"], "the end of the survey")
    shown = firm.run("show", SURVEY)
    assert "answered. 4.33 of 5" in shown.out
    (done,) = [each for each in firm.call("show", CASE, "--json").data["follow_ups"] if each["kind"] == "survey"]
    assert done["words"] == f"{SURVEY}: answered 4.33 of 5"
    verified = until(lambda: _both_ended(firm), "the end of both")
    assert verified["breaks"] == []


def _both_ended(firm: House) -> dict[str, object] | None:
    """What `verify` says once Temporal lists both workflows as ended."""
    verified: dict[str, object] = firm.call("verify", "--json").data
    return verified if verified["heads_compared"] == 2 else None
