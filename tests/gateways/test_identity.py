"""Identity cards and business licences: check digits, birth dates, expiry."""

from datetime import date

import pytest

from gateways.identity import birth_date_of, expired, valid_identity_number, valid_licence_number

IDENTITY = "11010519491231002X"
LICENCE = "91110000600037341L"


@pytest.mark.parametrize("text", [IDENTITY, IDENTITY.lower(), f" {IDENTITY} ", "１１０１０５１９４９１２３１００２Ｘ"])
def test_an_identity_number_is_valid_in_any_width_and_case(text: str) -> None:
    assert valid_identity_number(text)
    assert birth_date_of(text) == date(1949, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # check digit
        "11010519491331002X",  # month 13
        "11010519491231002",  # the old fifteen and seventeen places
        "110105491231002",
        "99010519491231002X",  # no such district
        "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",  # digits, but not these
        "",
        LICENCE,
    ],
)
def test_a_wrong_identity_number_is_not_valid(text: str) -> None:
    assert not valid_identity_number(text)


def test_every_wrong_last_place_is_found() -> None:
    assert [last for last in "0123456789X" if valid_identity_number(IDENTITY[:-1] + last)] == ["X"]


@pytest.mark.parametrize("text", ["", "110105", "11010519490230002X", "abcdefghijklmnopqr"])
def test_a_number_without_a_birth_date_has_none(text: str) -> None:
    assert birth_date_of(text) is None


def test_a_licence_number_proves_itself_by_its_last_place() -> None:
    assert valid_licence_number(LICENCE)
    assert valid_licence_number("９１１１００００６０００３７３４１ｌ")
    assert not valid_licence_number("91110000600037341M")
    assert not valid_licence_number("91110000600037431L")
    assert not valid_licence_number("9111000060003734IL")  # the letter I is never used
    assert not valid_licence_number("")


def test_a_paper_is_good_to_the_end_of_its_last_day() -> None:
    assert not expired(date(2026, 11, 20), date(2026, 11, 20))
    assert expired(date(2026, 11, 20), date(2026, 11, 21))
    assert not expired(None, date(2026, 11, 21))
