"""What operators see in the Temporal UI: the names of the search attributes. Values never carry personal data."""

from temporalio.common import SearchAttributeKey

from contracts.base import Contract
from contracts.vocabulary import Outcome, Role, Stage

CASE_KIND = SearchAttributeKey.for_keyword("CaseKind")
CASE_STAGE = SearchAttributeKey.for_keyword("CaseStage")
OUTCOME = SearchAttributeKey.for_keyword("Outcome")
RISK = SearchAttributeKey.for_keyword("Risk")
WAITING_FOR = SearchAttributeKey.for_keyword_list("WaitingFor")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
OVERDUE = SearchAttributeKey.for_bool("Overdue")
POLICY_VERSION = SearchAttributeKey.for_keyword("PolicyVersion")

SEARCH_ATTRIBUTES = (CASE_KIND, CASE_STAGE, OUTCOME, RISK, WAITING_FOR, DUE_AT, OVERDUE, POLICY_VERSION)


class Overview(Contract):
    """What the query `overview` answers: where a case stands. `failing`: the steps that are tried again without end
    since they fail, each `<activity>: <type of its error>`. No personal data."""

    stage: Stage
    outcome: Outcome
    held: bool
    waiting_for: list[Role]
    tasks: list[str]
    failing: list[str] = []
