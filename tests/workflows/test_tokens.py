"""A decision counts for whom its token proves: forged, expired, used and foreign tokens prove nothing."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from sqlalchemy import update
from sqlmodel import col

from contracts.refusals import Code, Refused
from contracts.tasks import Decision, Hold, Withdrawal
from contracts.vocabulary import Outcome
from gateways.tokens import CustomerLinks, LocalTokens
from records.books_tables import CustomerContactRow
from tests.support.firm import Firm, eventually


async def approval(firm: Firm, account: str = "ACC-1001") -> str:
    """The approval of a closure, waited on."""
    await firm.open(account)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    return await firm.task("approval")


async def code_of(firm: Firm, decision: Decision) -> Code | None:
    """Why a decision was refused; None when it was not."""
    try:
        await firm.quietus.decide(decision)
    except Refused as refusal:
        return refusal.code
    return None


def unsigned(token: str) -> str:
    """The same claims with the algorithm `none`."""
    return jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", algorithm="none")


def altered(token: str, sub: str) -> str:
    """The claims of another person under the signature of this token."""
    header, _, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False}) | {"sub": sub}
    return ".".join([header, jwt.encode(claims, "x" * 32).split(".")[1], signature])


async def test_a_token_that_proves_nothing_decides_nothing(firm: Firm, tmp_path: Path):
    task = await approval(firm)
    genuine = firm.tokens.mint("song.jia")
    false = {
        "empty": "",
        "garbage": "let me in",
        "three parts of garbage": "eyJ.eyJ.eyJ",
        "signed with another key": LocalTokens(tmp_path / "other").mint("song.jia"),
        "signed by nobody": unsigned(genuine),
        "of somebody else, with another name written in": altered(firm.tokens.mint("wang.fang"), "song.jia"),
        "cut short": genuine[:-8],
        "expired": firm.tokens.mint("song.jia", ttl=timedelta(minutes=-10)),
        "a customer's code": firm.world.links.issue(task, "closure-ACC-1001.1", "a-nonce", "0" * 16),
    }
    codes = {name: await code_of(firm, firm.decision(task, "approve", token)) for name, token in false.items()}
    assert codes == dict.fromkeys(false, Code.UNAUTHENTICATED)
    assert (await firm.decide(task, "approve", "song.jia")).done


async def test_no_token_gets_into_the_trail_or_the_history_of_refusals(firm: Firm):
    task = await approval(firm)
    token = firm.tokens.mint("wang.fang")
    assert await code_of(firm, firm.decision(task, "approve", token)) is Code.FORBIDDEN
    trail = "".join(link.model_dump_json() for link in firm.show("closure-ACC-1001").trail)
    assert "refused: Forbidden" in trail
    assert token not in trail


async def test_a_token_of_one_task_decides_no_other(firm: Firm):
    task = await approval(firm)
    other = firm.decision(task, "approve", firm.tokens.mint("song.jia", task="closure-ACC-1002.task-1-approval"))
    assert await code_of(firm, other) is Code.FORBIDDEN
    assert await code_of(firm, firm.decision(task, "approve", firm.tokens.mint("song.jia", task=task))) is None


async def test_a_token_of_one_option_takes_no_other(firm: Firm):
    task = await approval(firm)
    bound = firm.tokens.mint("song.jia", task=task, option="approve")
    other = firm.decision(task, "reject", bound, reason="the papers differ")
    assert await code_of(firm, other) is Code.FORBIDDEN
    hold = Hold(decision_id="H-8", reason="wait", token=firm.tokens.mint("song.jia", option="approve"))
    with pytest.raises(Refused, match="This token is for the option 'approve'"):
        await firm.quietus.pause("closure-ACC-1001", hold)
    assert await code_of(firm, firm.decision(task, "approve", bound)) is None


async def test_a_token_that_decided_once_decides_nothing_else(firm: Firm):
    first = await approval(firm)
    token = firm.tokens.mint("song.jia")
    assert await code_of(firm, firm.decision(first, "approve", token)) is None
    second = await approval(firm, "ACC-1004")
    assert await code_of(firm, firm.decision(second, "approve", token)) is Code.UNAUTHENTICATED
    assert await code_of(firm, firm.decision(second, "approve", firm.tokens.mint("song.jia"))) is None


async def test_a_token_that_decided_neither_pauses_nor_withdraws(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    token = firm.tokens.mint("li.wei")
    task = await firm.task("confirm_contact")
    assert await code_of(firm, firm.decision(task, "confirm", token)) is None
    with pytest.raises(Refused) as paused:
        await firm.quietus.pause(case, Hold(decision_id="H-9", reason="wait", token=token))
    with pytest.raises(Refused) as withdrawn:
        await firm.quietus.withdraw(case, Withdrawal(decision_id="W-9", reason="so", token=token))
    assert (paused.value.code, withdrawn.value.code) == (Code.UNAUTHENTICATED, Code.UNAUTHENTICATED)


async def test_a_customers_code_answers_the_question_it_was_sent_for_and_no_other(firm: Firm):
    await firm.open("ACC-1004")
    first = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(first), "the code")
    await firm.open("ACC-1005")  # of the same customer
    second = "closure-ACC-1005.task-1-confirm_contact"
    await eventually(lambda: firm.code(second), "the second code")
    assert await code_of(firm, firm.decision(second, "confirm", code)) is Code.FORBIDDEN
    assert await code_of(firm, firm.decision(first, "confirm", code)) is None


async def test_a_forged_expired_or_altered_code_answers_nothing(firm: Firm):
    await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(task), "the code")
    said = firm.world.links.verify(code, timedelta(days=1))
    forged = CustomerLinks(b"some other key of thirty-two bytes").issue(task, said.dossier, said.nonce, said.content)
    unknown = firm.world.links.issue(task, said.dossier, "a-nonce", said.content)
    for false in (forged, unknown, code[:-1], code[:-1] + ("A" if code[-1] != "A" else "B"), code + "."):
        assert await code_of(firm, firm.decision(task, "confirm", false)) is Code.UNAUTHENTICATED
    assert await code_of(firm, firm.decision(task, "confirm", code)) is None


async def test_a_code_is_used_once(firm: Firm):
    await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(task), "the code")
    assert await code_of(firm, firm.decision(task, "confirm", code)) is None
    with pytest.raises(Refused, match=r"This was already answered on 20\d\d-\d\d-\d\d\.") as refusal:
        await firm.quietus.decide(firm.decision(task, "deny", code))
    assert refusal.value.code is Code.ALREADY_DECIDED
    withdrawal = Withdrawal(decision_id="W-8", reason="I changed my mind", token=code)
    with pytest.raises(Refused, match="This was already answered on"):
        await firm.quietus.withdraw("closure-ACC-1001", withdrawal)


async def test_an_unused_code_withdraws_the_case_it_was_sent_in(firm: Firm):
    await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(task), "the code")
    withdrawal = Withdrawal(decision_id="W-7", reason="I changed my mind", token=code)
    assert (await firm.quietus.withdraw("closure-ACC-1001", withdrawal)).by == "customer"
    assert (await firm.outcome("closure-ACC-1001")).outcome == Outcome.WITHDRAWN


async def test_a_code_that_went_to_a_contact_that_was_changed_since_answers_nothing(firm: Firm):
    await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(task), "the code")
    customer = firm.account("ACC-1001").customer
    theirs = col(CustomerContactRow.customer) == customer
    firm.mend(lambda session: session.exec(update(CustomerContactRow).where(theirs).values(verified=False)))
    assert await code_of(firm, firm.decision(task, "confirm", code)) is Code.UNAUTHENTICATED
    firm.mend(lambda session: session.exec(update(CustomerContactRow).where(theirs).values(verified=True)))
    assert await code_of(firm, firm.decision(task, "confirm", code)) is None


async def test_a_token_of_a_pause_approves_nothing_even_under_the_same_id(firm: Firm):
    task = await approval(firm)
    token = firm.tokens.mint("song.jia")
    await firm.quietus.pause("closure-ACC-1001", Hold(decision_id="X-1", reason="a question", token=token))
    assert await code_of(firm, firm.decision(task, "approve", token, decision_id="X-1")) is Code.UNAUTHENTICATED
    again = Hold(decision_id="X-1", reason="a question", token=token)
    with pytest.raises(Refused) as refusal:
        await firm.quietus.resume("closure-ACC-1001", again)
    assert refusal.value.code is Code.UNAUTHENTICATED


async def test_a_code_that_answered_a_question_does_not_withdraw_the_case_under_the_same_id(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    task = await firm.task("confirm_contact")
    code = await eventually(lambda: firm.code(task), "the code")
    await firm.quietus.decide(firm.decision(task, "confirm", code, decision_id="K-1"))
    with pytest.raises(Refused) as refusal:
        await firm.quietus.withdraw(case, Withdrawal(decision_id="K-1", reason="r", token=code))
    assert refusal.value.code is Code.ALREADY_DECIDED
    assert firm.show(case).outcome == "open"
