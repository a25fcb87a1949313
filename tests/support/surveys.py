"""How tests come to a survey: the shortest closure that is followed by one, and what customers say."""

from typing import Any

from contracts.vocabulary import CaseKind
from tests.support.course import confirmed
from tests.support.firm import Firm

CASE = "closure-ACC-1001"
SURVEY = "survey-closure-ACC-1001-1"
GOOD = {"result": "4", "speed": "5", "manner": "4"}
BAD = {"result": "1", "speed": "3", "manner": "2"}
ADVISER: dict[str, Any] = {"reason": {"code": "dissatisfied", "text": "服务太慢"}}
"""What a request says that is answered by an offer."""


async def retained(firm: Firm, account: str = "ACC-1001") -> None:
    """A closure whose customer took what was offered instead."""
    case = (await confirmed(firm, account, **ADVISER)).case
    await firm.answer(await firm.task("offer", case), "personal_adviser")
    assert (await firm.outcome(case)).outcome == "retained"


def exists(firm: Firm, survey: str = SURVEY) -> bool:
    """Whether there is such a survey."""
    return any(line.case == survey for line in firm.casebook.cases(kind=CaseKind.SURVEY))
