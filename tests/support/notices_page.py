"""docs/notices.md: what customers read, each notice in both languages; `python -m tests.support.notices_page`."""

from pathlib import Path

from contracts.vocabulary import CaseKind, Language, Outcome, ReasonCode
from notices import Answer, matters, render, words
from tests.support.notices import FACTS, NO_ACCOUNT, QUESTIONS, STAFF

PAGE = Path(__file__).parents[2] / "docs" / "notices.md"
HEAD = """# What customers read

Every notice to customers as it is sent by e-mail, in Chinese and English, with made-up values; where the customer has
no e-mail address a short form goes by SMS, and a letter where there is neither. Written by
`python -m tests.support.notices_page` from `notices/`; a test holds it to them.
"""
OPTIONS = {
    "incident_solved": ("solved", "not_solved"),
    "survey": ("rated", "decline"),
    "closing_statement": ("received", "question"),
    "information_asked": ("answered",),
    "handover": ("signed", "disputed"),
    "correct_details": ("corrected",),
}
SAID = {
    Language.ZH: {
        "blockers": "- 请存入 12.30 元以结清欠费。",
        "wanted": "- 请存入 12.30 元以结清欠费。",
        "solution": "重复扣收的 10.00 元已退回您的账户。",
        "also": "incident-INC-0002.1",
        "question": "请问该笔交易是否由您本人办理？",
        "items": "- 2025 年会计凭证 12 册",
        "offers": "fee_waiver: 免收一年账户管理费。",
        "short": "12.30 CNY",
        "detail": "我行系统升级，部分业务暂停办理。",
        "words": "需补充材料。",
        "questions": "result: 您对处理结果是否满意？",
        "statement": "余额: 0.00 CNY",
        "why": "您希望的日期已约满",
        "days": "1001: 2026-12-01",
    },
    Language.EN: {
        "blockers": "- Please pay in 12.30 to settle what is owed.",
        "wanted": "- Please pay in 12.30 to settle what is owed.",
        "solution": "The 10.00 that were charged twice are back on your account.",
        "also": "incident-INC-0002.1",
        "question": "Was it you who made this transaction?",
        "items": "- vouchers of 2025, 12 volumes",
        "offers": "fee_waiver: no account fee for a year.",
        "short": "12.30 CNY",
        "detail": "Our systems are being mended; some services wait.",
        "words": "Papers are missing.",
        "questions": "result: Are you content with the result?",
        "statement": "balance: 0.00 CNY",
        "why": "the day that you asked for is fully booked",
        "days": "1001: 2026-12-01",
    },
}
PLAIN = {
    "reason": ReasonCode.BUSINESS_ADJUSTMENT,
    "about": "confirm_contact",
    "department": "finance",
    "field": "email",
    "outcome": Outcome.SOLVED,
    "dates": "2026-12-01\n2026-12-02",
}


def page() -> str:
    """The whole page."""
    names = [name for name in FACTS if name not in STAFF]
    return "\n".join([HEAD, *(_notice(name, language) for name in sorted(names) for language in Language)])


def _notice(name: str, language: Language) -> str:
    """One notice under a heading of its own."""
    incident = name in NO_ACCOUNT
    kind = CaseKind.INCIDENT if incident else CaseKind.CLOSURE
    reference = "incident-INC-0001.1" if incident else "closure-ACC-1001.1"
    facts = {fact: SAID[language].get(fact, PLAIN.get(fact, "2026-12-01")) for fact in FACTS[name]}
    facts |= {"outcome": Outcome.SOLVED} if name == "incident_ended" else {}
    options = [(option, words(option, language)) for option in OPTIONS.get(name, ("confirm", "deny"))]
    answer = Answer(f"{reference[:-2]}.task-1-{name}", "<code>", options) if name in QUESTIONS else None
    given = {"firm": "示例银行", "customer": "张伟", "account": "1001", "reference": reference, "closing": not incident}
    values = given | {"facts": facts, "answer": answer} | matters(kind, language, "1001")
    rendered = render(name, language, values)
    return f"## `{name}`, {language}\n```text\n{rendered.subject}\n\n{rendered.text}```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
