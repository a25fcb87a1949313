"""为何不能销户? What stands in the way of closing an account, what lies ahead, and the way out of each."""

from datetime import date
from enum import StrEnum

from contracts.base import Contract
from contracts.findings import FindingKind
from contracts.text import Words
from contracts.vocabulary import AccountStatus, Language, Risk, Role, Stage


class Obstacle(StrEnum):
    """What is no finding and yet stands in the way, or (from `document_wanted` on) lies ahead of a closing."""

    ACCOUNT_CLOSED = "account_closed"  # 账户已销户
    CLOSING_LOCK = "closing_lock"  # 另案锁定
    CASE_PAUSED = "case_paused"  # 案件暂停
    TASK_OPEN = "task_open"  # 待办未结
    NOBODY_RESPONSIBLE = "nobody_responsible"  # 无人负责
    DOCUMENT_WANTED = "document_wanted"  # 须交材料
    PAYOUT_WANTED = "payout_wanted"  # 须指定收款账户
    SCREENING = "screening"  # 名单筛查
    ATTESTATION = "attestation"  # 须经核实
    APPROVAL = "approval"  # 须经审批

    @property
    def ahead(self) -> bool:
        """Whether it is only what the closing will ask for; nothing is wrong."""
        return self in _AHEAD


_AHEAD = frozenset(
    {
        Obstacle.DOCUMENT_WANTED,
        Obstacle.PAYOUT_WANTED,
        Obstacle.SCREENING,
        Obstacle.ATTESTATION,
        Obstacle.APPROVAL,
    }
)


class WayOut(StrEnum):
    """出路: what the customer or the firm does about it. The sentences stand in notices/words.toml."""

    # ---- what the customer does
    BRING_PAPERS = "bring_papers"
    RENEW_PAPER = "renew_paper"
    CORRECT_RECORD = "correct_record"
    NAME_OWN_ACCOUNT = "name_own_account"
    PROVE_IDENTITY = "prove_identity"
    VERIFY_CONTACT = "verify_contact"
    EXPLAIN_REASON = "explain_reason"
    HEAR_OBJECTION = "hear_objection"
    PAY_IN = "pay_in"
    SETTLE_DEBT = "settle_debt"
    LIFT_OWN_FREEZE = "lift_own_freeze"
    COMPLETE_AGREEMENT = "complete_agreement"
    FULFIL_DUTY = "fulfil_duty"
    PICK_LATER_DAY = "pick_later_day"
    HAND_BACK = "hand_back"
    SIGN_LIST = "sign_list"
    ANSWER = "answer"
    # ---- what others do
    SETTLE_WITH_AUTHORITY = "settle_with_authority"
    END_OWN_REVIEW = "end_own_review"
    COMPARE_WITH_LIST = "compare_with_list"
    WEIGH_RISK = "weigh_risk"
    RECONCILE = "reconcile"
    FULFIL_OUR_DUTY = "fulfil_our_duty"
    REVIEW_AGAIN = "review_again"
    MEET_CHECKLIST = "meet_checklist"
    FILE_ORDER = "file_order"
    WITNESS_LIST = "witness_list"
    PAY_AGAIN = "pay_again"
    REPAIR = "repair"
    NAME_RESPONSIBLE = "name_responsible"
    APPOINT = "appoint"
    NOTHING_LEFT = "nothing_left"
    END_OTHER_CASE = "end_other_case"
    ANSWER_COMPLAINT = "answer_complaint"
    FIT_REQUEST = "fit_request"
    WAIT_FOR_END = "wait_for_end"
    RESUME = "resume"
    DECIDE = "decide"
    SCREEN = "screen"
    ATTEST = "attest"
    APPROVE = "approve"

    @property
    def customer_can(self) -> bool:
        """Whether it is in the customer's own hands."""
        return self in _CUSTOMERS


_CUSTOMERS = frozenset(list(WayOut)[: list(WayOut).index(WayOut.ANSWER) + 1])

_KIND, _OBSTACLE = FindingKind, Obstacle

WAYS: dict[tuple[FindingKind | Obstacle, str], WayOut] = {
    (_KIND.ACCOUNT_INFO_ERROR, ""): WayOut.CORRECT_RECORD,
    (_KIND.ACCOUNT_INFO_ERROR, "payout_name"): WayOut.NAME_OWN_ACCOUNT,
    (_KIND.IDENTITY_UNPROVEN, ""): WayOut.BRING_PAPERS,
    (_KIND.IDENTITY_UNPROVEN, "expiry"): WayOut.RENEW_PAPER,
    (_KIND.IDENTITY_UNPROVEN, "denied"): WayOut.PROVE_IDENTITY,
    (_KIND.CONTACT_INVALID, ""): WayOut.VERIFY_CONTACT,
    (_KIND.SCREENING_HIT, ""): WayOut.COMPARE_WITH_LIST,
    (_KIND.HIGH_RISK, ""): WayOut.WEIGH_RISK,
    (_KIND.IMPLAUSIBLE_REASON, ""): WayOut.EXPLAIN_REASON,
    (_KIND.CUSTOMER_REFUSAL, ""): WayOut.HEAR_OBJECTION,
    (_KIND.INSUFFICIENT_BALANCE, ""): WayOut.PAY_IN,
    (_KIND.RECEIVABLE_OPEN, ""): WayOut.SETTLE_DEBT,
    (_KIND.BOOKS_DISAGREE, ""): WayOut.RECONCILE,
    (_KIND.ACCOUNT_FROZEN, ""): WayOut.SETTLE_WITH_AUTHORITY,
    (_KIND.ACCOUNT_FROZEN, "bank"): WayOut.END_OWN_REVIEW,
    (_KIND.ACCOUNT_FROZEN, "customer"): WayOut.LIFT_OWN_FREEZE,
    (_KIND.CONTRACT_INCOMPLETE, ""): WayOut.COMPLETE_AGREEMENT,
    (_KIND.OBLIGATION_OPEN, ""): WayOut.FULFIL_DUTY,
    (_KIND.OBLIGATION_OPEN, "firm"): WayOut.FULFIL_OUR_DUTY,
    (_KIND.NOTICE_PERIOD, ""): WayOut.PICK_LATER_DAY,
    (_KIND.REGULATION_CHANGE, ""): WayOut.REVIEW_AGAIN,
    (_KIND.CHECKLIST_FAILED, ""): WayOut.MEET_CHECKLIST,
    (_KIND.CHECKLIST_FAILED, "no_debt_beyond_balance"): WayOut.PAY_IN,
    (_KIND.CHECKLIST_FAILED, "no_authority_freeze"): WayOut.SETTLE_WITH_AUTHORITY,
    (_KIND.CHECKLIST_FAILED, "documents_complete"): WayOut.BRING_PAPERS,
    (_KIND.CHECKLIST_FAILED, "regulator_order_present"): WayOut.FILE_ORDER,
    (_KIND.SCHEDULE_CONFLICT, ""): WayOut.PICK_LATER_DAY,
    (_KIND.PAYOUT_FAILED, ""): WayOut.PAY_AGAIN,
    (_KIND.INSTRUMENTS_MISSING, ""): WayOut.HAND_BACK,
    (_KIND.HANDOVER_UNSIGNED, ""): WayOut.SIGN_LIST,
    (_KIND.HANDOVER_UNSIGNED, "firm"): WayOut.WITNESS_LIST,
    (_KIND.SYSTEM_FAULT, ""): WayOut.REPAIR,
    (_KIND.INTERNAL_PROCESS, ""): WayOut.NAME_RESPONSIBLE,
    (_KIND.CUSTOMER_INFO_CHANGE, ""): WayOut.VERIFY_CONTACT,
    (_KIND.CUSTOMER_COMPLAINT, ""): WayOut.ANSWER_COMPLAINT,
    (_KIND.CUSTOMER_NEED_CHANGE, ""): WayOut.FIT_REQUEST,
    (_KIND.EXTERNAL_EVENT, ""): WayOut.WAIT_FOR_END,
    (_OBSTACLE.ACCOUNT_CLOSED, ""): WayOut.NOTHING_LEFT,
    (_OBSTACLE.CLOSING_LOCK, ""): WayOut.END_OTHER_CASE,
    (_OBSTACLE.CASE_PAUSED, ""): WayOut.RESUME,
    (_OBSTACLE.TASK_OPEN, ""): WayOut.DECIDE,
    (_OBSTACLE.TASK_OPEN, "customer"): WayOut.ANSWER,
    (_OBSTACLE.NOBODY_RESPONSIBLE, ""): WayOut.APPOINT,
    (_OBSTACLE.DOCUMENT_WANTED, ""): WayOut.BRING_PAPERS,
    (_OBSTACLE.PAYOUT_WANTED, ""): WayOut.NAME_OWN_ACCOUNT,
    (_OBSTACLE.SCREENING, ""): WayOut.SCREEN,
    (_OBSTACLE.ATTESTATION, ""): WayOut.ATTEST,
    (_OBSTACLE.APPROVAL, ""): WayOut.APPROVE,
}
"""The way out of each kind, and of those of its variants that have another one."""


def way_of(kind: FindingKind | Obstacle, variant: str = "") -> WayOut:
    """The way out. `variant`: who froze it, whose obligation it is, which test a line of the checklist has, else the
    subject of the finding."""
    return WAYS.get((kind, variant)) or WAYS[kind, ""]


class BlockerLine(Contract):
    """A blocker in short, as far as it may stand in a receipt and in what operators see: nothing of a person in it.
    `owner`: who sees to it."""

    kind: FindingKind | Obstacle
    subject: str = ""
    owner: Role
    way: WayOut
    way_out: str
    way_out_zh: str
    customer_can: bool = False


class Blocker(BlockerLine):
    """One thing that stands in the way, or lies ahead. `evidence`: what in the books or in the case says so, no
    personal data. `override`: who may accept it with a reason; nobody where it is empty. `task`: the open task in which
    it is decided."""

    detail: Words
    evidence: dict[str, str] = {}
    override: tuple[Role, ...] = ()
    since: date | None = None
    until: date | None = None
    task: str | None = None

    @property
    def line(self) -> BlockerLine:
        """The same in short."""
        return BlockerLine(**self.model_dump(include=set(BlockerLine.model_fields)))

    @property
    def ahead(self) -> bool:
        """Whether it is only what the closing will ask for; nothing is wrong."""
        return isinstance(self.kind, Obstacle) and self.kind.ahead


class BlockersView(Contract):
    """`blockers`: what stands in the way now; `ahead`: what the closing will ask for besides. `case`: the dossier of
    the running case, null before one; `policy`: by whose rules."""

    account: str
    customer: str
    status: AccountStatus
    closed_on: date | None = None
    case: str | None = None
    stage: Stage | None = None
    policy: str
    risk: Risk
    blockers: tuple[Blocker, ...] = ()
    ahead: tuple[Blocker, ...] = ()


class BlockersLetter(Contract):
    """What the customer can do, in the customer's words: the text of a letter that the branch hands out."""

    account: str
    language: Language
    text: str
