"""Every personal value that tests make up, in one place: as the patterns that all of them follow, and a few words besides.

Test data is plainly made up, and all of one make (names are `Test Somebody`, telephones of the ranges kept for drama, addresses
of example.org), so patterns find what a list would forget. `found_in(text)` is asked of all that may name nobody.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

NAMES = r"\b[Tt]est [A-Z][a-z]+|Made[ -]up|\bZebedee\b|\bQuillfeather\b|\b[Mm]ade-up-token\b"
TELEPHONES = r"(?:\+44|\b0)[ -]?(?:1632[ -]?960|7700[ -]?900)[ -]?\d{3}\b"
ADDRESSES = r"[\w.+-]+@(?:[\w-]+\.)*(?:example\.(?:org|com)|sch\.uk)\b"
# Not inside a longer number, such as a place in PostgreSQL's log.
POSTCODES = r"(?<![\w/.-])[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?![\w/.-])"
NEEDS = r"telling-the-children|\bKingston\b|\bMerseyside\b"
DAYS = re.compile(r"(?<![\w.-])((?:19|20)\d\d)-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?![\w.-])")

PATTERNS = re.compile("|".join((NAMES, TELEPHONES, ADDRESSES, POSTCODES, NEEDS)))
PERSONAL_KEYS = frozenset(
    (
        "name",
        "first_name",
        "last_name",
        "date_of_birth",
        "email",
        "telephone",
        "postcode",
        "notes",
        "question",
        "organisation",
    )
)
"""What of a referral names somebody, or says where they live or what they said."""


def found_in(text: str) -> list[str]:
    """What stands in `text` and is about somebody; days count where they can be of birth, since no log is a year old."""
    born = [day[0] for day in DAYS.finditer(text) if int(day[1]) < date.today().year - 1]
    return [*(match[0] for match in PATTERNS.finditer(text)), *born]


def personal_values(document: Any) -> Iterator[str]:
    """The texts in a document of the API that are about somebody."""
    if isinstance(document, list):
        for each in document:
            yield from personal_values(each)
    elif isinstance(document, dict):
        for key, value in document.items():
            if key in PERSONAL_KEYS and isinstance(value, str):
                yield value
            else:
                yield from personal_values(value)
