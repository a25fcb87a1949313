"""给客户的说明: what of the blockers is in the customer's own hands, in the customer's words; of the rest nothing."""

from collections.abc import Iterable, Iterator, Sequence

from activities.closure_facts import ClosureFacts
from contracts.blockers import Blocker, BlockersLetter, WayOut
from contracts.books import CustomerField
from contracts.vocabulary import DocumentKind, Language
from notices import render, to_customer, words

_NAMED: dict[str, str] = {name.value: name for kind in (DocumentKind, CustomerField) for name in kind}
"""Subjects that have a name which the customer knows: what is to be handed in, which detail is wrong."""


def asked_of_customer(found: Iterable[Blocker], language: Language) -> str:
    """A line for each thing that the customer can do, with what it is about; empty where there is none."""
    about: dict[WayOut, list[str]] = {}
    for each in found:
        if each.customer_can:
            about.setdefault(each.way, []).extend(_about(each, language))
    return "\n".join(f"- {_sentence(way, list(dict.fromkeys(names)), language)}" for way, names in about.items())


def letter(facts: ClosureFacts, found: Sequence[Blocker], firm: str, language: Language) -> BlockersLetter:
    """The letter of `firm` about these blockers, before a case or during one."""
    closed_on = facts.account.closed_on
    said = {
        "blockers": asked_of_customer((each for each in found if not each.ahead), language),
        "wanted": asked_of_customer((each for each in found if each.ahead), language),
        "closed_on": closed_on.isoformat() if closed_on else "",
    }
    values = {
        "firm": firm,
        "customer": facts.customer.name,
        "account": facts.account.id[-4:],
        "reference": facts.case.dossier if facts.case else facts.account.id,
        "facts": said,
    }
    text = render("blockers_letter", language, values).text
    return BlockersLetter(account=facts.account.id, language=language, text=text)


def _about(blocker: Blocker, language: Language) -> Iterator[str]:
    """What of it the customer knows: a paper, a detail, an amount, a day. No reference and no sentence of ours."""
    if blocker.subject in _NAMED:
        yield words(_NAMED[blocker.subject], language)
    elif amount := blocker.evidence.get("short") or blocker.evidence.get("owed"):
        yield amount
    elif blocker.way is WayOut.PICK_LATER_DAY and blocker.until:
        yield blocker.until.isoformat()


def _sentence(way: WayOut, about: Sequence[str], language: Language) -> str:
    if language is Language.ZH:
        return to_customer(way, language) + (f"（{'、'.join(about)}）" if about else "") + "。"
    return to_customer(way, language) + (f" ({', '.join(about)})" if about else "") + "."
