"""Kinds of field that a referral's body is made of: what is taken, and the code of what is not.

Texts lose the space around them. Telephone numbers are judged by phonenumbers, e-mail addresses by email-validator,
without a look at any network; what is plainly an ordinary one is not taken to these libraries, which need a tenth of a
millisecond for it.
"""

import re
from datetime import date
from typing import Any, ClassVar

import email_validator
import phonenumbers
from marshmallow import fields, validate

from shared.contracts.quick import Turned
from shared.http.fields import Coded, invalid_field

_UK_NUMBER = re.compile(r"(?:\+44|0)[1-37-9][0-9]{9}")
_UK_MOBILE = re.compile(r"(?:\+44|0)7[1-57-9][0-9]{8}")
_PUNCTUATION = str.maketrans("", "", " -()")
_USUAL_ADDRESS = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+(?:com|net|org|uk)"
)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def length(least: int, most: int) -> list[validate.Length]:
    """Two validators, so that `too-short` and `too-long` are told apart."""
    return [validate.Length(min=least), validate.Length(max=most)]


class Text(Turned):
    """A text of 1 to `most` signs, without the space around it."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(validate=length(1, most), **options)

    def turn(self, text: str) -> str:
        return text.strip()


class Word(fields.String):
    """One word of a vocabulary."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(validate=validate.OneOf(words), **options)


class Patterned(Turned):
    """A code of a given shape; `code` and `detail` say what is wrong with any other."""

    def __init__(self, pattern: str, code: str, detail: str, **options: Any) -> None:
        super().__init__(validate=validate.Regexp(f"^(?:{pattern})$", error=Coded(code, detail)), **options)

    def turn(self, text: str) -> str:
        return text.strip()


class Telephone(Turned):
    """A telephone number, British unless it begins with +."""

    def turn(self, text: str) -> str:
        text = text.strip()
        if not is_telephone(text):
            raise invalid_field("not-a-telephone", "Write a whole telephone number, with +… when it is not British.")
        return text


class Email(Turned):
    """An e-mail address. Whether anybody reads it is not asked."""

    json_schema: ClassVar = {"type": "string", "format": "email"}

    def turn(self, text: str) -> str:
        text = text.strip()
        if not is_email(text):
            raise invalid_field("not-an-email", "Write an e-mail address like name@example.org.")
        return text


class Day(Turned):
    """A date, `2017-03-14`, and no other way to write one. Stays the text that it is."""

    json_schema: ClassVar = {"type": "string", "format": "date"}

    def turn(self, text: str) -> str:
        try:
            date.fromisoformat(text if _DAY.fullmatch(text) else "")
        except ValueError:
            raise invalid_field("not-a-date", "Write a date like 2017-03-14.") from None
        return text


class DayOrMonth(Turned):
    """A date, or a month, `2026-08`, where the day is not known. Stays the text that it is."""

    json_schema: ClassVar = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}

    def turn(self, text: str) -> str:
        whole = f"{text}-01" if _MONTH.fullmatch(text) else text
        try:
            date.fromisoformat(whole if _DAY.fullmatch(whole) else "")
        except ValueError:
            raise invalid_field(
                "not-a-date-or-month", "Write a date like 2026-08-20, or a month like 2026-08."
            ) from None
        return text


def is_telephone(text: str) -> bool:
    """Whether a number of this form could be rung."""
    if _UK_NUMBER.fullmatch(text.translate(_PUNCTUATION)):
        return True
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, "GB"))
    except phonenumbers.NumberParseException:
        return False


def is_mobile(text: str) -> bool:
    """Whether a number is of a telephone that takes texts: a British one by its beginning, another as its country says."""
    if _UK_MOBILE.fullmatch(text.translate(_PUNCTUATION)):
        return True
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(text, "GB"))
    except phonenumbers.NumberParseException:
        return False
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_email(text: str) -> bool:
    """Whether an address of this form could be written to."""
    if len(text) <= 64 and _USUAL_ADDRESS.fullmatch(text):
        return True
    try:
        email_validator.validate_email(text, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return False
    return True
