"""What is wrong with a form, in the words of these pages, else in those that all pages share."""

import re
from collections.abc import Iterable

from shared.http.problems import FieldError
from shared.web.catalogue import Catalogue

_NUMBER = re.compile(r"/\d+(?=/|$)")


def wrong_here(errors: Iterable[FieldError], catalogue: Catalogue) -> dict[str, str]:
    """The first sentence of each field, by its pointer."""
    here = catalogue.section("follow-errors")
    told: dict[str, str] = {}
    for error in errors:
        said = here.get(f"{_NUMBER.sub('/*', error.pointer)} {error.code}")
        told.setdefault(error.pointer, said or catalogue.error(error.pointer, error.code, error.detail))
    return told
