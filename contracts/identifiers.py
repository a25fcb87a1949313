"""Numbers and addresses of people and firms, each with its own proof: check digit, numbering plan, syntax."""

import re
import unicodedata
from datetime import date
from typing import Annotated

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

_IDENTITY = re.compile(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]")
_LICENCE = re.compile(r"[0-9A-Z]{18}")


def identity_number(text: str) -> str:
    """公民身份号码 in its plain form; ValueError unless birth date and check digit are right (GB 11643).

    The place is not judged: stdnum holds it against the year of birth, but the number was given years later, so that
    it refuses real people (330106 born 1979).
    """
    number = _plain(text)
    if not _IDENTITY.fullmatch(number):
        raise ValueError("should be an identity number of 18 digits, the last may be X")
    try:
        birth_date(number)
    except ValidationError as error:
        raise ValueError("is not an identity number: there is no such birth date") from error
    if ric.calc_check_digit(number) != number[-1]:
        raise ValueError("is not an identity number: its check digit is wrong")
    return number


def licence_number(text: str) -> str:
    """统一社会信用代码 in its plain form; ValueError unless the check digit is right (GB 32100)."""
    number = _plain(text)
    if not _LICENCE.fullmatch(number):
        raise ValueError("should be a unified social credit code of 18 characters")
    try:
        return str(uscc.validate(number))
    except ValidationError as error:
        raise ValueError("is not a unified social credit code: a part or its check digit is wrong") from error


def phone_number(text: str) -> str:
    """An E.164 number such as +8613800138000; ValueError when nobody can have it."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        number = None
    plain = number and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number is None or plain != text or not phonenumbers.is_valid_number(number):
        raise ValueError("should be a telephone number such as +8613800138000")
    return text


def email_address(text: str) -> str:
    """An address that mail can be sent to; ValueError when it is malformed. Test and example domains are taken."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"should be an e-mail address: {error}") from error


def birth_date(number: str) -> date:
    """The birth date in an identity number."""
    born = ric.get_birth_date(number)
    return date(born.year, born.month, born.day)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


IdentityNumber = Annotated[str, AfterValidator(identity_number)]
LicenceNumber = Annotated[str, AfterValidator(licence_number)]
EmailAddress = Annotated[str, AfterValidator(email_address)]
PhoneNumber = Annotated[str, AfterValidator(phone_number)]
