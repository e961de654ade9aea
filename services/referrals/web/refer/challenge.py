"""Who comes back to a form says the postcode that stands in it: a link, or an open browser, shows nothing by itself. Pure."""

from services.referrals.web.refer.document import Document
from shared.places.names import place_name
from shared.places.spelling import compact
from shared.web.pointers import at

POSTCODES = ("/home/postcode", "/borough/postcode")


def expected(document: Document) -> str | None:
    """What has to be said: a postcode, or the name of a borough; None while there is nothing yet that must be kept."""
    for pointer in POSTCODES:
        if at(document, pointer):
            return str(at(document, pointer))
    code = at(document, "/borough/code")
    return place_name(code) if code else None


def is_right(document: Document, said: str) -> bool:
    wanted = expected(document)
    return wanted is None or compact(said) == compact(wanted)
