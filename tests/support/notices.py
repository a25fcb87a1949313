"""What the activities hand over to the notices: for each its facts, and what all of them are given."""

from collections.abc import Mapping

from contracts.findings import FindingKind
from contracts.vocabulary import Language, Outcome, Role
from notices import Answer, render

STAFF = (
    *("task", "task_reminder", "task_due", "task_escalation", "task_second_escalation", "phone_script", "letter"),
    *("extension", "information_wanted", "answered_information", "digest", "policy_proposed", "policy_ruled"),
    *("plan_step", "more_time", "bulletin_staff"),
)
OFFICE = {"digest", "policy_proposed", "policy_ruled", "plan_step", "more_time", "bulletin_staff"}
"""To staff, and about no case."""

QUESTIONS = (
    *("confirm_contact", "offer", "closure_notice", "date_proposals", "handover", "closing_statement"),
    *("information_asked", "reminder", "last_reminder"),
    *(
        "confirm_new_contact",
        "correct_details",
        "refusal_offer",
        "shortfall",
        "own_freeze",
        "incident_solved",
        "survey",
        *("adjustment_questions", "adjustment_notice", "adjustment_done"),
    ),
)
NO_ACCOUNT = {
    *("incident_received", "incident_taken", "incident_interim", "incident_solved", "incident_ended"),
    *("incident_joined", "bulletin"),
}
"""To customers, about no account: the reference says which matter it is."""

FACTS: dict[str, tuple[str, ...]] = {
    "acknowledgement": ("expected_by", "wished_on", "blockers"),
    "blockers_letter": ("blockers", "wanted"),
    "confirm_contact": (),
    "offer": ("offers",),
    "closure_notice": ("reason", "until"),
    "date_proposals": ("dates", "why"),
    "date_agreed": ("day",),
    "handover": ("items",),
    "closing_statement": ("statement", "day"),
    "ended_retained": (),
    "ended_withdrawn": (),
    "ended_rejected": ("words",),
    "ended_refused": ("words",),
    "reminder": ("about", "until"),
    "last_reminder": ("about", "until"),
    "information_asked": ("question",),
    "extended": ("reason", "expected_by"),
    "paused": (),
    "resumed": (),
    "contact_changing": ("field",),
    "confirm_new_contact": (),
    "correct_details": ("field",),
    "complaint_received": ("detail",),
    "suspended": ("detail",),
    "apology": ("why", "expected_by"),
    "refusal_offer": ("offers", "reason"),
    "shortfall": ("short",),
    "own_freeze": (),
    "survey": ("questions", "until"),
    "task": ("score",),
    "task_reminder": ("score",),
    "task_due": ("score",),
    "task_escalation": ("score",),
    "task_second_escalation": ("score",),
    "extension": ("asked_by", "working_days", "reason", "task"),
    "information_wanted": ("question", "asked_by"),
    "answered_information": ("question", "answer", "answered_by"),
    "digest": (),
    "policy_proposed": (),
    "policy_ruled": (),
    "outage": ("detail",),
    "disruption": ("detail",),
    "disruption_over": ("days",),
    "plan_step": ("zh", "en", "detail"),
    "more_time": ("detail", "reason"),
    "incident_received": ("expected_by",),
    "incident_taken": ("department", "expected_by"),
    "incident_interim": ("solution",),
    "incident_solved": ("solution", "also"),
    "incident_ended": ("words",),
    "phone_script": ("offers",),
    "bulletin": ("words",),
    "bulletin_staff": ("zh", "en"),
    "incident_joined": (),
    "adjustment_received": ("expected_by",),
    "adjustment_questions": ("cause",),
    "adjustment_notice": ("cause", "plan", "corrections", "before", "after", "periods", "day", "question", "answer"),
    "adjustment_done": ("corrections", "balance", "question", "answer"),
    "adjustment_undone": ("balance",),
    "adjustment_ended": ("words",),
    "objection_rejected": ("objection", "words"),
    "letter": ("statement",),
}
CODE = "WyJjbG9zdXJlIl0.aXyz12.c2lnbmF0dXJl"
ANSWER = Answer("closure-ACC-1.task-1-offer", CODE, [("decline", "不接受"), ("fee_waiver", "免收账户管理费")])
SECRETS = ("11010519491231002X", "+8613800138000", "6222 0202 0011 2233 445", "91310000MA1FL00000", "z.wei@example.com")

LATE: dict[str, object] = {
    "name": "approval",
    "case": "closure-ACC-1",
    "task": "closure-ACC-1.task-3-approval",
    "due": "2026-11-24 10:00",
}
LATE |= {
    "overdue": True,
    "provisional": False,
    "held": False,
    "why": "your role supervisor",
    "otherwise": "goes to manager",
}
EARLY = LATE | {"name": "screening_hit", "task": "closure-ACC-2.task-1-screening_hit", "overdue": False}


def values(template: str, **changed: object) -> dict[str, object]:
    """What the activities hand over; each fact is `<its name>`, so that it is found again in the text."""
    facts = {name: f"<{name}>" for name in FACTS[template]}
    common: dict[str, object] = {"firm": "示例银行", "facts": facts, "customer": "张伟", "answer": None}
    if template in STAFF:
        common |= {"name": "offer", "subject": "an alternative", "case": "closure-ACC-1", "due": "2026-12-01"}
        common |= {
            "consequence": "<consequence>",
            "task": "closure-ACC-1.task-1-offer",
            "options": ["approve", "reject"],
            "typed": {},
            "roles": [Role.FINANCE],
        }
        contacts = ["the operations desk"]
        common |= {"disruption": "R-1", "step": "assess", "kind": FindingKind.SYSTEM_FAULT, "contacts": contacts}
        common |= {"n": 2, "asked_by": "huang.lei", "working_days": 2, "suspended": 40, "within": "4 hours"}
        common |= {"person": "宋佳", "staff": "song.jia", "day": "2026-11-24", "lines": [LATE, EARLY], "overdue": 1}
        common |= {"upkeep": [], "version": "2027-01-01", "effective": "2027-01-01", "touched": 42, "approved": True}
        common |= {"proposed_by": "lin.tao", "decided_by": "david.chen", "reason": "<reason>"}
    else:
        common |= {"account": "1001", "reference": "closure-ACC-1.1", "closing": True}
        common |= {"matter": "m 1001", "matter_sms": "m", "matter_subject": "m", "about_what": "a 1001"}
    if template == "incident_ended":
        facts["outcome"] = Outcome.REFUSED
    if template == "adjustment_ended":
        facts["outcome"] = Outcome.UNFOUNDED
    return common | changed


def as_one(template: str, language: Language, given: Mapping[str, object]) -> str:
    """All of it."""
    rendered = render(template, language, given)
    return f"{rendered.subject}\n{rendered.text}\n{rendered.sms}"
