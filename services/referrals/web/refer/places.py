"""Names of schools and surgeries to choose from, as the script of the pages asks for them while somebody types."""

import orjson
from werkzeug.wrappers import Response

from services.referrals.known import Known
from services.referrals.web.refer.place_field import PRACTICE, SCHOOL, search, shown
from shared.http import problems

_KINDS = {"schools": SCHOOL, "surgeries": PRACTICE}
# The lists are public, and change once a day at most.
_HEADERS = {"Cache-Control": "public, max-age=3600"}


def suggestions(kind: str, text: str, known: Known) -> Response:
    """`{"items": [{"value": …, "label": …}]}`; raises a 404 problem for another kind."""
    if kind not in _KINDS:
        raise problems.not_found()
    found = [{"value": shown(entry), "label": ""} for entry in search(_KINDS[kind], text, known)]
    return Response(orjson.dumps({"items": found}), 200, _HEADERS, content_type="application/json")
