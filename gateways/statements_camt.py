"""对账单 in camt.053 of ISO 20022: its statements, from the documents of versions 02 to 12, which say this alike."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from contracts.money import Money
from contracts.statements import NO_REFERENCE, Statement, StatementLine
from gateways.camt_reader import read_document
from gateways.faults import Faults

BOOKED = "BOOK"
"""The only state of an entry that counts; the others are not booked yet, or only information."""

OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)
"""Codes of the balances before and after all booked entries."""


def read_camt(content: bytes, faults: Faults) -> tuple[Statement, ...]:
    """Every statement of a camt.053 document. What is wrong with it is added to `faults`, each with its path."""
    document = read_document(content, faults)
    if faults:
        return ()
    stated = document.bk_to_cstmr_stmt.stmt
    if not stated:
        faults.add("", "holds no statement")
    statements: list[Statement] = []
    for number, each in enumerate(stated, start=1):
        path = f"Stmt[{number}]"
        with faults.noted(path):
            statements.append(_statement(each, path, faults))
    return tuple(statements)


def _statement(source: Any, path: str, faults: Faults) -> Statement:
    """ValueError, in words, where the whole does not fit together."""
    currency, before = _currency(source), len(faults)
    lines, left_out = _all_lines(source.ntry, currency, path, faults)
    since, until = _days(source, lines)
    if since > until:
        raise ValueError(f"FrToDt: ends on {until}, before it begins on {since}")
    statement = Statement(
        id=source.id.strip(),
        account=_account(source.acct.id),
        currency=currency,
        since=since,
        until=until,
        opening=_balance(source, OPENING, currency),
        closing=_balance(source, CLOSING, currency),
        lines=tuple(lines),
        left_out=left_out,
    )
    if len(faults) == before:
        _judge(statement)
    return statement


def _judge(statement: Statement) -> None:
    """ValueError, in words, where the lines do not lead from the opening balance to the closing one."""
    opening, closing = statement.opening, statement.closing
    moved = Money(minor=sum(line.amount.minor for line in statement.lines), currency=statement.currency)
    if opening and closing and opening + moved != closing:
        raise ValueError(f"Bal: {opening} and the entries, {moved}, do not make the closing balance, {closing}")


def _all_lines(entries: Sequence[Any], currency: str, path: str, faults: Faults) -> tuple[list[StatementLine], int]:
    """The lines, and how many entries are left out."""
    lines: list[StatementLine] = []
    left_out = 0
    for number, entry in enumerate(entries, start=1):
        with faults.noted(f"{path}/Ntry[{number}]"):
            found = list(_lines(entry, currency, len(lines) + 1))
            lines += found
            left_out += not found
    return lines, left_out


def _lines(entry: Any, currency: str, first: int) -> Iterator[StatementLine]:
    """The lines of an entry, numbered from `first`: several of a batch, none where nothing is booked. A reversal is a
    movement like others: the indicator of credit or debit tells already which way it goes."""
    amount = _money(entry.amt, entry.cdt_dbt_ind, currency)
    if _code(entry.sts) != BOOKED or not amount.minor:
        return
    for n, (detail, share) in enumerate(_shares(entry, amount), start=first):
        yield StatementLine(
            n=n,
            reference=_reference(entry, detail),
            booked_on=_booked_on(entry),
            value_on=_day(entry.val_dt),
            amount=share,
            text=_text(entry, detail),
        )


def _shares(entry: Any, amount: Money) -> Sequence[tuple[Any, Money]]:
    """What the details of an entry move: each its part, where they name parts that make up the whole."""
    details = [detail for group in entry.ntry_dtls for detail in group.tx_dtls]
    if len(details) == 1:
        return [(details[0], amount)]
    parts = [_part(detail, entry, amount.currency) for detail in details]
    known = [part for part in parts if part and part.minor]
    if details and len(known) == len(details) and sum(part.minor for part in known) == amount.minor:
        return list(zip(details, known, strict=True))
    return [(None, amount)]


def _part(detail: Any, entry: Any, currency: str) -> Money | None:
    """Version 02 has no amount of a detail but the one of its transaction."""
    whole = detail.amt_dtls and detail.amt_dtls.tx_amt
    stated = getattr(detail, "amt", None) or (whole and whole.amt)
    if not stated or stated.ccy != currency:
        return None
    return _money(stated, getattr(detail, "cdt_dbt_ind", None) or entry.cdt_dbt_ind, currency)


def _money(stated: Any, direction: Any, currency: str) -> Money:
    """Positive for a credit. ValueError: another currency, or decimals that it does not have."""
    if stated.ccy != currency:
        raise ValueError(f"Amt: is in {stated.ccy[:8]!a}, the account in {currency}")
    whole, _, fraction = format(stated.value, "f").partition(".")
    fraction = fraction.rstrip("0")  # banks write 1200.00 JPY
    amount = Money.parse(f"{whole}.{fraction}" if fraction else whole, currency)
    return -amount if direction.value == "DBIT" else amount


def _reference(entry: Any, detail: Any) -> str:
    refs = detail and detail.refs
    named = (refs.end_to_end_id, refs.acct_svcr_ref) if refs else ()
    stripped = [(each or "").strip() for each in (*named, entry.acct_svcr_ref, entry.ntry_ref)]
    return next((each for each in stripped if each and each != NO_REFERENCE), "")


def _text(entry: Any, detail: Any) -> str:
    remittance = detail and detail.rmt_inf and " ".join(detail.rmt_inf.ustrd)
    words = remittance or (detail and detail.addtl_tx_inf) or entry.addtl_ntry_inf or ""
    return " ".join(words.split())


def _booked_on(entry: Any) -> date:
    day = _day(entry.bookg_dt) or _day(entry.val_dt)
    if not day:
        raise ValueError("BookgDt: is missing")
    return day


def _day(stated: Any) -> date | None:
    """As the bank names it, whatever the zone of the moment."""
    moment = stated and (stated.dt or stated.dt_tm)
    return _date(moment) if moment else None


def _date(moment: Any) -> date:
    return date(moment.year, moment.month, moment.day)


def _code(stated: Any) -> str:
    """A code, which stands in a choice of its own from some version on, as an enumeration before."""
    code = getattr(stated, "cd", stated)
    return str(getattr(code, "value", code))


def _account(stated: Any) -> str:
    number = stated.iban or (stated.othr and stated.othr.id)
    if not number:
        raise ValueError("Acct/Id: is empty")
    return str(number)


def _currency(source: Any) -> str:
    named = [source.acct.ccy, *(each.amt.ccy for each in (*source.bal, *source.ntry))]
    currency = next((each for each in named if each), None)
    if not currency:
        raise ValueError("Acct/Ccy: is missing")
    return Money.parse("0", str(currency)).currency


def _balance(source: Any, codes: Sequence[str], currency: str) -> Money | None:
    stated = {_code(each.tp.cd_or_prtry): each for each in reversed(source.bal) if each.amt.ccy == currency}
    found = next((stated[code] for code in codes if code in stated), None)
    return _money(found.amt, found.cdt_dbt_ind, currency) if found else None


def _days(source: Any, lines: Sequence[StatementLine]) -> tuple[date, date]:
    """The days that it says it is of, else those of its lines, else those of its balances or of itself."""
    if source.fr_to_dt:
        return _date(source.fr_to_dt.fr_dt_tm), _date(source.fr_to_dt.to_dt_tm)
    balances = [day for each in source.bal if (day := _day(each.dt))]
    days = [line.booked_on for line in lines] or balances or [_date(each) for each in (source.cre_dt_tm,) if each]
    if not days:
        raise ValueError("FrToDt: is missing")
    return min(days), max(days)
