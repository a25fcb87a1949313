"""The words of the field, each with its Chinese term: what a case is, where it stands, who works on it."""

from enum import StrEnum


class CaseKind(StrEnum):
    """案件: a closure 销户, incident 客户事故 or adjustment 账目调整; a major incident 重大事故, on which reports of
    one cause hang; a survey 满意度调查 after the end of another case."""

    CLOSURE = "closure"
    INCIDENT = "incident"
    ADJUSTMENT = "adjustment"
    MAJOR = "major"
    SURVEY = "survey"


class Stage(StrEnum):
    """阶段: where a case stands. `reviews` is finance, contract and compliance running side by side. `received` and
    `filed` begin and end every case."""

    RECEIVED = "received"  # 受理
    IDENTITY = "identity"  # 身份验证
    REASON = "reason"  # 销户原因
    REVIEWS = "reviews"  # 财务、合同、合规
    FINANCE = "finance"  # 财务
    CONTRACT = "contract"  # 合同
    COMPLIANCE = "compliance"  # 合规
    APPROVAL = "approval"  # 审批
    SCHEDULE = "schedule"  # 约期
    SETTLEMENT = "settlement"  # 结算
    TERMINATION = "termination"  # 解约
    CLOSED = "closed"  # 销户完成
    FILED = "filed"  # 归档

    # an incident
    TRIAGE = "triage"  # 分类定级
    HANDLING = "handling"  # 处理: analysis, solution, carrying out
    CONFIRMATION = "confirmation"  # 客户确认
    CALL_BACK = "call_back"  # 回访

    # a major incident
    TEAM = "team"  # 组建应急小组
    INTERIM = "interim"  # 临时措施
    LASTING = "lasting"  # 根本解决
    REVIEW = "review"  # 事后复盘

    # an adjustment
    CAUSE = "cause"  # 原因确认
    CONVERSATION = "conversation"  # 询问客户
    COMPARISON = "comparison"  # 核对与更正方案
    NOTICE = "notice"  # 告知与异议期
    POSTING = "posting"  # 调账
    SATISFACTION = "satisfaction"  # 满意度
    LESSONS = "lessons"  # 经验教训

    # a survey
    QUESTIONNAIRE = "questionnaire"  # 问卷
    FOLLOW_UP = "follow_up"  # 低分跟进


class Outcome(StrEnum):
    """结果: how a case ends; `open` while it has not."""

    OPEN = "open"
    CLOSED = "closed"  # 已销户
    RETAINED = "retained"  # 客户留下
    WITHDRAWN = "withdrawn"  # 客户撤回
    REJECTED = "rejected"  # 审批不通过
    REFUSED = "refused"  # 客户拒绝
    SOLVED = "solved"  # 已解决
    UNCONFIRMED = "unconfirmed"  # 已处理，客户未确认
    LINKED = "linked"  # 并入另一事故
    ADJUSTED = "adjusted"  # 已调账
    REVERSED = "reversed"  # 已调账并冲回
    UNFOUNDED = "unfounded"  # 账目无误
    ANSWERED = "answered"  # 已答卷
    EXPIRED = "expired"  # 逾期未答


class Risk(StrEnum):
    """风险等级."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 low, 1 medium, 2 high."""
        return list(Risk).index(self)


class Role(StrEnum):
    """岗位. `customer` is one more desk: the customer is asked in the same way as staff."""

    CUSTOMER = "customer"
    CUSTOMER_SERVICE = "customer_service"
    FINANCE = "finance"
    LEGAL = "legal"
    COMPLIANCE = "compliance"
    RISK = "risk"
    OPERATIONS = "operations"
    TECHNOLOGY = "technology"
    RECORDS = "records"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    CALL_CENTRE = "call_centre"
    PUBLIC_RELATIONS = "public_relations"


WITNESSES = (Role.OPERATIONS, Role.RECORDS)
"""Who signs the hand-over list for the firm and witnesses it."""


class WaitedFor(StrEnum):
    """Whom a case waits for while a task is open; `held`: staff paused the case."""

    STAFF = "staff"
    CUSTOMER = "customer"
    AUTHORITY = "authority"  # a court, the tax office, the police
    HELD = "held"


class ShortfallWay(StrEnum):
    """补足方式: how a customer may make good what is short."""

    TOP_UP = "top_up"  # 存入
    INSTALMENT = "instalment"  # 分期
    FEE_WAIVER = "fee_waiver"  # 减免
    SET_OFF = "set_off"  # 从其他账户抵扣


class Medium(StrEnum):
    """The channel of a contact with the customer; phone and letter are tasks for staff."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    LETTER = "letter"


class Intake(StrEnum):
    """The channel on which a request or report came in."""

    BRANCH = "branch"
    HOTLINE = "hotline"
    WEB = "web"
    APP = "app"
    SOCIAL = "social"
    EMAIL = "email"
    LETTER = "letter"


class Initiator(StrEnum):
    """Who wants the account closed."""

    CUSTOMER = "customer"
    FIRM = "firm"
    REGULATOR = "regulator"


class ReasonCode(StrEnum):
    """销户原因."""

    BUSINESS_ADJUSTMENT = "business_adjustment"
    MERGER = "merger"
    DEREGISTRATION = "deregistration"
    RELOCATION = "relocation"
    DISSATISFIED = "dissatisfied"
    COST = "cost"
    DUPLICATE_ACCOUNT = "duplicate_account"
    DECEASED = "deceased"
    DORMANT = "dormant"
    AGREEMENT_ENDED = "agreement_ended"
    COMPLIANCE_EXIT = "compliance_exit"
    OTHER = "other"


class Language(StrEnum):
    """The languages every notice exists in."""

    ZH = "zh"
    EN = "en"


class CustomerKind(StrEnum):
    """Who the customer is."""

    PERSON = "person"
    COMPANY = "company"


class AccountStatus(StrEnum):
    """How an account stands in the books. `closing`: the closing lock is on."""

    ACTIVE = "active"
    DORMANT = "dormant"
    FROZEN = "frozen"
    CLOSING = "closing"
    CLOSED = "closed"


class FreezeBy(StrEnum):
    """The authority behind a freeze; one by court, tax or police is never lifted by the firm."""

    COURT = "court"
    TAX = "tax"
    POLICE = "police"
    BANK = "bank"
    CUSTOMER = "customer"


class DocumentKind(StrEnum):
    """What a document that comes with a request is."""

    IDENTITY_CARD = "identity_card"
    BUSINESS_LICENCE = "business_licence"
    AUTHORISATION = "authorisation"
    TAX_CLEARANCE = "tax_clearance"
    CLOSURE_APPLICATION = "closure_application"
    REGULATOR_ORDER = "regulator_order"
    DEATH_CERTIFICATE = "death_certificate"
    BANK_STATEMENT = "bank_statement"
    OTHER = "other"
