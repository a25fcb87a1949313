"""异常: what a check can find, and what a check answers. A business exception is a value, only faults are raised."""

from enum import StrEnum

from contracts.base import Contract
from contracts.text import Words
from contracts.vocabulary import Risk


class FindingKind(StrEnum):
    """Every kind of finding. A new kind also needs a row in the policy, a remedy and a test."""

    ACCOUNT_INFO_ERROR = "account_info_error"  # 账户信息错误
    IDENTITY_UNPROVEN = "identity_unproven"  # 身份未证实
    CONTACT_INVALID = "contact_invalid"  # 联系方式无效
    SCREENING_HIT = "screening_hit"  # 名单命中
    HIGH_RISK = "high_risk"  # 高风险
    IMPLAUSIBLE_REASON = "implausible_reason"  # 原因存疑
    CUSTOMER_REFUSAL = "customer_refusal"  # 客户拒绝销户
    INSUFFICIENT_BALANCE = "insufficient_balance"  # 账户余额不足
    RECEIVABLE_OPEN = "receivable_open"  # 应收未清
    BOOKS_DISAGREE = "books_disagree"  # 账实不符
    ACCOUNT_FROZEN = "account_frozen"  # 账户冻结
    CONTRACT_INCOMPLETE = "contract_incomplete"  # 合同不完整
    OBLIGATION_OPEN = "obligation_open"  # 义务未了
    NOTICE_PERIOD = "notice_period"  # 通知期未满
    REGULATION_CHANGE = "regulation_change"  # 法律法规变更
    CHECKLIST_FAILED = "checklist_failed"  # 清单未通过
    SCHEDULE_CONFLICT = "schedule_conflict"  # 销户时间冲突
    PAYOUT_FAILED = "payout_failed"  # 付款失败
    INSTRUMENTS_MISSING = "instruments_missing"  # 凭证未收回
    HANDOVER_UNSIGNED = "handover_unsigned"  # 移交清册未签
    SYSTEM_FAULT = "system_fault"  # 系统故障
    INTERNAL_PROCESS = "internal_process"  # 内部流程问题
    CUSTOMER_INFO_CHANGE = "customer_info_change"  # 客户信息变更
    CUSTOMER_COMPLAINT = "customer_complaint"  # 客户投诉
    CUSTOMER_NEED_CHANGE = "customer_need_change"  # 客户需求变更
    EXTERNAL_EVENT = "external_event"  # 外部事件


class FindingState(StrEnum):
    """`accepted`: a person took responsibility for it, with a reason."""

    OPEN = "open"
    CLEARED = "cleared"
    ACCEPTED = "accepted"


class Finding(Contract):
    """One thing that a check found.

    `subject` tells two findings of one kind apart (an agreement, a document); `detail` is one sentence for staff;
    `facts` are what it rests on (score, amounts, list version), as text.
    """

    kind: FindingKind
    subject: str = ""
    detail: Words
    facts: dict[str, str] = {}

    @property
    def fingerprint(self) -> str:
        """The same for the same matter in every round, so that an accepted finding is not raised again."""
        return f"{self.kind}:{self.subject}" if self.subject else str(self.kind)


class Checked(Contract):
    """What a check answers: its findings (none: clear), the risk grade it saw, and why."""

    findings: tuple[Finding, ...] = ()
    risk: Risk = Risk.LOW
    reasons: tuple[str, ...] = ()
